"""The stage: Shopify, the documents, the oracle and the actors, and the transactions that several actors share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain import plan, stock
from shared.domain.cell import CellState
from shared.domain.comparison import GRACE
from shared.domain.words.codes import Code
from tests.unit.world.actors.documents import CellDoc, Documents, Job
from tests.unit.world.actors.shopify import START, Call, EventId, Shopify
from tests.unit.world.checking.oracle import Body, Kept, Oracle

Steps = Generator[Call | None, None, None]
"""An actor: it rests at each `yield`, and at a call it yields until that call has a reply."""
Sending = Generator[Call | None, None, bool]
"""Part of an actor that sends a push, and answers whether its owner may go on."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a world begins. `differences`: count − Shopify per cell, None where the BOM does not track. `timely`: all
    messages and reads come within the grace period. `mistakes` are rules broken on purpose.

    Of the cells, `uncounted` are those of a BOM that tracks which nobody has counted; `unread` those that have no base,
    as at a new location; `apart` those whose base and count were never brought together."""

    differences: Sequence[int | None] = (0,)
    timely: bool = False
    may_lose: bool = False
    mistakes: frozenset[str] = frozenset()
    stocked: int = 10
    uncounted: frozenset[int] = frozenset()
    unread: frozenset[int] = frozenset()
    apart: frozenset[int] = frozenset()


@dataclass(slots=True)
class Actor:
    """A worker, a verifier or a preview under way."""

    name: str
    steps: Steps
    call: Call | None = None
    verifies: int | None = None

    @property
    def blocked(self) -> bool:
        """Whether it waits for a reply."""
        return self.call is not None and self.call.reply is None


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of all documents, and of the books that tell what they ought to hold."""

    docs: Documents
    kept: Kept


@dataclass(slots=True)
class Scene:
    """One world. `step` numbers what happens; ids are the number of the step that made a thing."""

    setting: Setting
    shopify: Shopify = field(init=False)
    docs: Documents = field(init=False)
    oracle: Oracle = field(init=False)
    actors: dict[int, Actor] = field(default_factory=dict)
    backups: dict[int, Backup] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    happened: Counter[str] = field(default_factory=Counter)
    step: int = 0
    log: list[str] | None = None

    def __post_init__(self) -> None:
        """Begin from an agreed base, where there is one."""
        cells = [self._begin(cell, d) for cell, d in enumerate(self.setting.differences)]
        value = self.setting.stocked
        self.lost = set(self.setting.unread)
        self.docs = Documents(cells)
        self.shopify = Shopify([value] * len(cells), self._on_set, compares=not self.errs("no compare"))
        self.oracle = Oracle(self.shopify.values, cells, timely=self.setting.timely)

    def _begin(self, cell: int, difference: int | None) -> stock.Stock:
        setting = self.setting
        count = None if difference is None or cell in setting.uncounted else setting.stocked + difference
        read = cell not in setting.unread
        agreed = read and cell not in setting.apart and cell not in setting.uncounted
        return stock.Stock(
            base=setting.stocked if read else None,
            base_time=START if read else None,
            count=count,
            never_agreed=difference is not None and not agreed,
        )

    def errs(self, mistake: str) -> bool:
        """Whether this mistake is planted here."""
        return mistake in self.setting.mistakes

    def say(self, text: str) -> None:
        """Tell the reader of a history."""
        if self.log is not None:
            self.log.append(text)

    def _on_set(self, key: int, item: int, before: int, after: int) -> None:
        self.say(f"Shopify sets item {item} from {before} to {after} (push {key})")
        self.oracle.was_set((self.step, item), key, before, after, self.shopify.now)

    def body_made(self, key: int, job: Job, doc: CellDoc) -> None:
        """A body was made for a cell: the oracle notes what it rests on."""
        book = self.oracle.books[doc.cell]
        d = None if doc.undo is None else doc.undo.d
        body = Body(doc.cell, book.life, job.id, book.manual, by_person=not job.automatic, seen=doc.seen, d=d)
        self.oracle.body_made(key, doc.item, body)

    def gone(self, doc: CellDoc) -> plan.Ended | None:
        """Why a cell cannot go on: its BOM was removed, or mapped to another item."""
        item = self.docs.items[doc.cell]
        if item is None:
            return plan.error(Code.BOM_NOT_FOUND)
        if item != doc.item and not self.errs("no look at the item"):
            return plan.error(Code.BOM_REMAPPED)
        return None

    # Time

    def too_late(self, seconds: int) -> bool:
        """Whether time must not pass yet: a call must have arrived or be lost by then, and in a timely world
        messages and reads come within the grace period."""
        then = self.shopify.now + timedelta(seconds=seconds)
        if any(then - call.left > timedelta(seconds=120) for call in self.shopify.calls.values()):
            return True
        if not self.setting.timely:
            return False
        events = any(then - event.time >= GRACE for event in self.shopify.transit.values())
        reads = any(then - since >= GRACE for since in self.docs.wanted.values())
        return events or reads or any(then - since >= GRACE for _, since in self.docs.reading.values())

    # Transactions

    def handle_event(self, event_id: EventId, *, again: bool) -> None:
        """The indexer: deduplicate and apply. `again`: the deduplication fails to know it."""
        event = self.shopify.transit.pop(event_id, None) or self.shopify.sent_before[event_id]
        self.shopify.sent_before[event_id] = event
        if event_id in self.docs.events_seen and not again:
            return
        self.docs.events_seen.add(event_id)
        cell = self.docs.cell_of(event.item)
        if cell is None:
            return
        before = self.docs.stock[cell]
        change = stock.observe_event(before, event.value, event.time)
        self.oracle.arrived(self.step, event_id)
        if change.observed is stock.Observed.OLD:
            self.oracle.dropped(cell, event.time)
        self.write(cell, change, event.time)
        self.say(f"event of cell {cell} ({event.value}) is {change.observed}: {self.numbers(cell)}")

    def adjust(self, cell: int, delta: int, *, counted: bool) -> None:
        """A hand adjustment; of a person who has counted, it ends all doubt."""
        self.oracle.adjusted(cell, delta, self.docs.stock[cell].base, counted=counted)
        adjust = stock.counted if counted else stock.adjust
        self.write(cell, adjust(self.docs.stock[cell], delta), self.shopify.now)

    def write(self, cell: int, change: stock.Change, true_time: datetime, *, from_before: int | None = None) -> None:
        """Write a change whose value, if it brings one, was Shopify's at `true_time`."""
        self.oracle.moved(cell, self.docs.stock[cell], change.stock, true_time, from_before=from_before)
        self.docs.write(cell, change, true_time)

    def end(self, job: Job, doc: CellDoc, ended: plan.Ended, true_time: datetime) -> None:
        """End a cell together with its change of stock."""
        before = self.docs.stock[doc.cell]
        if ended.change is not None:
            this_life = doc.push is None or self.oracle.of_this_life(doc.push, doc.item)
            self.write(doc.cell, ended.change, true_time, from_before=None if this_life else job.id)
        if ended.verify:
            self.docs.want(doc.cell, true_time)
        now = self.docs.stock[doc.cell]
        doc.state, doc.result = ended.state, ended.code or ended.reason
        doc.settle_no, doc.tracks_rev = now.settle_no, now.tracks_rev
        if ended.state is CellState.UPDATED:
            doc.changed_by, doc.first = (before.local, now.local), before.never_agreed
            if doc.undo is not None:
                self.oracle.undone(doc.cell, now, first=doc.undo.first, first_count=doc.undo.first_count)
        job.end_test()
        self.say(f"job {job.id} ends cell {doc.cell}: {doc.state} {doc.result or ''} {self.numbers(doc.cell)}")

    def numbers(self, cell: int) -> str:
        """The stock of a cell in few words."""
        now, item = self.docs.stock[cell], self.docs.items[cell]
        holds = "removed" if item is None else f"Shopify's item {item} {self.shopify.values[item]}"
        return f"base {now.base}, count {now.count} ({holds})"
