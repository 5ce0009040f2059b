"""The documents: what survives every crash. Each method is one transaction, or part of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.cell import OPEN_CELL_STATES, CellState
from shared.domain.comparison import Direction, Reason, Row
from shared.domain.job import JobState, Totals, end_state
from shared.domain.plan import Target
from shared.domain.push import PushState
from shared.domain.stock import Change, Entry, LedgerField, Stock
from shared.domain.undo import UndoRow
from shared.domain.words.codes import Code
from tests.unit.world.actors.shopify import START
from tests.unit.world.checking.oracle import GuaranteeBrokenError, Seen


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that was taken of a cell, with the item that it counted for."""

    item: int
    row: Row
    seen: Seen


@dataclass(slots=True)
class Preview:
    """What the merchant was shown, and when."""

    rows: dict[int, Taken]
    taken_at: datetime


@dataclass(slots=True)
class CellDoc:
    """One cell of one job, and its item as the job was planned. `push` names its one current push; `row` is None until
    it is known."""

    cell: int
    item: int
    state: CellState = CellState.PENDING
    row: Row | None = None
    seen: Seen | None = None
    undo: UndoRow | None = None
    push: int | None = None
    refused: int = 0
    result: Code | Reason | None = None
    changed_by: tuple[int | None, int | None] | None = None
    first: bool = False
    settle_no: int = 0
    tracks_rev: int = 0

    @property
    def open(self) -> bool:
        """Whether there is work left."""
        return self.state in OPEN_CELL_STATES

    def take(self, taken: Taken) -> None:
        """Its row."""
        self.row, self.seen = taken.row, taken.seen


@dataclass(slots=True)
class Job:
    """One run. `undoes` names the job it undoes; `automatic` marks a repair of drift, and towards Shopify one of a
    schedule."""

    id: int
    direction: Direction
    cells: tuple[int, ...]
    preview: int | None = None
    undoes: int | None = None
    automatic: bool = False
    state: JobState = JobState.REQUESTED
    docs: dict[int, CellDoc] = field(default_factory=dict)

    @property
    def updated(self) -> tuple[int, ...]:
        """Its cells that can be undone."""
        return tuple(cell for cell, doc in self.docs.items() if doc.state is CellState.UPDATED)

    @property
    def pending(self) -> list[CellDoc]:
        """Its cells that no worker has begun."""
        return [doc for doc in self.docs.values() if doc.state is CellState.PENDING]

    def end_test(self) -> None:
        """The end of the job, derived from its cells."""
        if self.state is not JobState.RUNNING:
            return
        totals = Totals.of(Counter(doc.state for doc in self.docs.values()))
        self.state = end_state(totals, len(self.cells), cancel_requested=totals.cancelled > 0) or self.state


@dataclass(slots=True)
class Push:
    """A body, written before it is sent and never changed: by cell what is to be set, and of which item."""

    key: int
    job: int
    rows: dict[int, Target]
    items: dict[int, int]
    state: PushState = PushState.OPEN
    first_sent: datetime | None = None


@dataclass(slots=True)
class Documents:
    """All collections. `items`: what each cell counts for; None: its BOM was removed, and `left` holds what its ledger
    keeps of it, with the item. `wanted` holds requests for reads, `reading` those taken by a verifier that still lives.
    """

    stock: list[Stock]
    items: list[int | None] = field(default_factory=list)
    left: dict[int, tuple[Stock, int]] = field(default_factory=dict)
    first: list[Stock] = field(default_factory=list)
    ledger: list[list[Entry]] = field(default_factory=list)
    previews: dict[int, Preview] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    pushes: dict[int, Push] = field(default_factory=dict)
    wanted: dict[int, datetime] = field(default_factory=dict)
    reading: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    events_seen: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Each cell counts for its own item. Keep the beginning, so that the ledger can be replayed."""
        self.items = list(range(len(self.stock)))
        self.first = list(self.stock)
        self.ledger = [[] for _ in self.stock]

    def want(self, cell: int, since: datetime) -> None:
        """Ask for a verifying read, because of something that happened at Shopify's time `since`."""
        if self.items[cell] is None:
            return
        self.wanted[cell] = min(since, self.wanted.get(cell, since))

    def cell_of(self, item: int) -> int | None:
        """The cell that counts for the item; None: nobody's does."""
        return self.items.index(item) if item in self.items else None

    def in_use(self, cell: int) -> bool:
        """Whether a job is still working on the cell."""
        return any(doc.open for job in self.jobs.values() for doc in job.docs.values() if doc.cell == cell)

    def remap(self, cell: int, item: int, change: Change) -> None:
        """The cell counts for another item; a read that was asked for was meant for the old one."""
        self.items[cell] = item
        self.wanted.pop(cell, None)
        self.write(cell, change, START)

    def remove(self, cell: int, change: Change) -> None:
        """The BOM is removed; what the cell leaves is kept with its last ledger entry."""
        item = self.items[cell]
        if item is None:
            raise GuaranteeBrokenError(f"cell {cell}: its BOM is removed twice")
        self.wanted.pop(cell, None)
        self.write(cell, change, START)
        kept = change.stock if change.entries else Stock(ledger_seq=change.stock.ledger_seq)
        self.left[cell] = (kept, item)
        self.items[cell] = None

    def revive(self, cell: int, item: int, begun: Stock) -> None:
        """The BOM is made again; its ledger goes on where it stopped."""
        left, _ = self.left.pop(cell)
        if begun.ledger_seq != left.ledger_seq:
            raise GuaranteeBrokenError(f"cell {cell}: a new life writes over the ledger of the one before")
        self.stock[cell] = begun
        self.items[cell] = item

    def write(self, cell: int, change: Change, since: datetime) -> None:
        """Write a change of stock with its ledger entries and its request for a read."""
        old = self.stock[cell]
        if change.stock.rev != old.rev + 1:
            raise GuaranteeBrokenError(f"cell {cell}: a write must raise rev by one")
        for number, entry in enumerate(change.entries, start=old.ledger_seq + 1):
            if entry.seq != number or entry.before != getattr(old, entry.field):
                raise GuaranteeBrokenError(f"cell {cell}: ledger entry {entry} does not follow")
        self.ledger[cell] += change.entries
        self.stock[cell] = change.stock
        if change.verify:
            self.want(cell, since)

    def replayed(self, cell: int) -> dict[LedgerField, int | None]:
        """The present as the ledger tells it."""
        present: dict[LedgerField, int | None] = {"count": self.first[cell].count, "base": self.first[cell].base}
        for entry in self.ledger[cell]:
            present[entry.field] = entry.after
        return present

    def unfinished_before(self, job: Job) -> Iterable[Job]:
        """Unfinished jobs that share a cell and are earlier, or have started."""
        for other in self.jobs.values():
            if other.id == job.id or other.state not in (JobState.REQUESTED, JobState.RUNNING):
                continue
            if (other.id < job.id or other.state is JobState.RUNNING) and set(other.cells) & set(job.cells):
                yield other
