"""Independent bookkeeping: what ought to be true, told by the world itself and by none of Trueup's counters.

Per cell it keeps what was sold and restocked, the hand adjustments, and how many of these are inside Shopify's
value by an approved run. It speaks up (`GuaranteeBrokenError`) in the very step in which something goes wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.comparison import GRACE, SUGGESTED, CellClass, Row
from shared.domain.stock import Stock
from tests.unit.world.shopify import EventId, Reading


class GuaranteeBrokenError(AssertionError):
    """The guarantee does not hold."""


@dataclass(slots=True)
class Order:
    """Units sold (negative) or restocked at Shopify. `arrived`: the step in which its message was first handled."""

    step: int
    time: datetime
    delta: int
    arrived: int | None = None


@dataclass(slots=True)
class Seen:
    """What the merchant was shown of one cell, and in which steps the two sides were read."""

    doc_step: int
    manual: int
    base: int | None
    local: int | None
    apart: bool = False
    shop_step: int = 0
    shopify: int = 0
    date: datetime | None = None

    def read(self, step: int, reading: Reading) -> None:
        """Shopify's side of it."""
        self.shop_step, self.shopify, self.date = step, reading.value, reading.date

    @property
    def correction(self) -> int:
        """c = L0 − S0. Raises GuaranteeBrokenError where nobody had counted."""
        if self.local is None:
            raise GuaranteeBrokenError("a correction from a local value that nobody has counted or read")
        return self.local - self.shopify

    @property
    def overridden(self) -> int:
        """The part of the correction that undoes a move of Shopify's; all of it where no base was agreed on."""
        return self.correction if self.base is None else self.base - self.shopify


class Oracle:
    """Keeps its own books. In a `timely` world every message and every read it asks for comes within the grace
    period: there no sale may be undone by anybody, approved or not."""

    def __init__(self, shopify: list[int], stock: list[Stock], *, timely: bool) -> None:
        """Begin: where there is a base, Shopify = index, and the count differs only by hand adjustments.

        `held`: the counts of cells that have no base yet, which nothing but a hand may move. `uncounted`: cells that
        nobody has counted. `apart`: cells whose two sides have never been brought together.
        """
        self.timely = timely
        self.expected = list(shopify)
        self.manual = [0 if s.count is None or s.index is None else s.count - s.index for s in stock]
        self.held = {n: s.count for n, s in enumerate(stock) if s.index is None and s.count is not None}
        self.uncounted = {n for n, s in enumerate(stock) if s.never_agreed and s.count is None}
        self.apart = {n for n, s in enumerate(stock) if s.never_agreed}
        self.first: dict[int, int] = {}
        self.at_base: dict[int, int] = {}
        self.set_before_base: set[int] = set()
        self.unattended: set[int] = set()
        self.tracks = [s.tracks for s in stock]
        self.inside = [0] * len(shopify)
        self.orders: list[list[Order]] = [[] for _ in shopify]
        self.by_event: dict[EventId, Order] = {}
        self.index_time = [s.index_time for s in stock]
        self.bodies: dict[tuple[int, int], tuple[int, int]] = {}
        self.in_doubt: set[int] = set()
        self.latest = [0] * len(shopify)
        self.executed: dict[tuple[int, int], tuple[int | None, int]] = {}

    # What happens outside

    def ordered(self, step: int, cell: int, delta: int, time: datetime) -> None:
        """Units were sold or restocked."""
        order = Order(step, time, delta)
        self.orders[cell].append(order)
        self.by_event[step, cell] = order
        self.expected[cell] += delta

    def arrived(self, step: int, event: EventId) -> None:
        """The message of a change is handled; those of our own sets are no orders."""
        order = self.by_event.get(event)
        if order is not None and order.arrived is None:
            order.arrived = step

    def saw(self, step: int, cell: int, stock: Stock) -> Seen:
        """The stock document is read for a preview row."""
        local = None if cell in self.uncounted else stock.local
        return Seen(step, self.manual[cell], stock.index, local, cell in self.apart)

    def shown(self, cell: int, seen: Seen, row: Row) -> None:
        """The class of a row: what never agreed is left to a person."""
        offered = row.cell_class is CellClass.SHOPIFY_MOVED or SUGGESTED[row.cell_class] is not None
        if seen.apart and offered:
            raise GuaranteeBrokenError(f"cell {cell}: {row.cell_class}, although its sides have never agreed")

    def read(self, cells: Iterable[int], stock: Sequence[Stock], asked: Collection[int]) -> None:
        """A preview has read these cells: they have a base now, or a read that will give one."""
        for cell in cells:
            if stock[cell].index is None and cell not in asked:
                raise GuaranteeBrokenError(f"cell {cell}: was read, and has no base")

    def adjusted(self, cell: int, delta: int, index: int | None) -> None:
        """A hand adjustment; a first one counts from zero."""
        self.manual[cell] += delta
        if cell in self.uncounted:
            self.uncounted.discard(cell)
            self.first[cell] = delta
            if index is None:
                self.held[cell] = delta
            else:
                self.inside[cell] = self.manual[cell] - (delta - index)
        elif cell in self.held:
            self.held[cell] += delta

    # What a run does

    def body_made(self, key: int, cell: int, job: int, *, by_person: bool) -> None:
        """A body holds the hand adjustments made until now."""
        if not by_person:
            self.unattended.add(key)
        self.bodies[key, cell] = (self.manual[cell], job)

    def may_override(self, cell: int, seen: Seen, stock: Stock) -> None:
        """At the first send: no sale is undone whose message was still on its way, or has come since."""
        if seen.base is None:
            if stock.index not in {None, seen.shopify}:
                raise GuaranteeBrokenError(f"cell {cell}: its first base is another value than was shown")
        elif seen.overridden == 0:
            return
        elif self.timely:
            raise GuaranteeBrokenError(f"cell {cell}: overrides {seen.overridden}, although all messages come in time")
        elif stock.index != seen.base:
            raise GuaranteeBrokenError(f"cell {cell}: overrides a difference that the local records no longer show")
        for order in self.orders[cell]:
            self._may_undo_order(cell, order, seen)

    def _may_undo_order(self, cell: int, order: Order, seen: Seen) -> None:
        known = order.arrived is not None and order.arrived <= seen.doc_step
        if order.step > seen.shop_step and known:
            raise GuaranteeBrokenError(f"cell {cell}: counts an order twice that only the local side showed")
        if order.step < seen.shop_step and not known:
            if seen.date is not None and seen.date - order.time < GRACE:
                raise GuaranteeBrokenError(f"cell {cell}: undoes an order made moments before the preview")
            if order.arrived is not None:
                raise GuaranteeBrokenError(f"cell {cell}: undoes an order whose message came after the preview")

    def set_by_run(self, key: int, cell: int, before: int, after: int, seen: Seen) -> None:
        """A push of an approved correction takes effect: the guarantee itself, then who has which units."""
        made = self.bodies[key, cell][0]
        since = sum(order.delta for order in self.orders[cell] if order.step > seen.shop_step)
        approved = seen.shopify + seen.correction + (made - seen.manual) + since
        if after != approved:
            raise GuaranteeBrokenError(f"cell {cell}: Shopify was set to {after}, approved and since then: {approved}")
        if key in self.unattended and seen.apart and seen.correction != 0:
            raise GuaranteeBrokenError(f"cell {cell}: pushed by a schedule, although its sides have never agreed")
        if seen.base is not None and after - before != seen.overridden + made - self.inside[cell]:
            raise GuaranteeBrokenError(f"cell {cell}: moved by {after - before}, which is not what was outstanding")
        self._took_effect(key, cell, after - before)
        self.inside[cell] = made
        if cell in self.held:
            self.set_before_base.add(cell)

    def set_by_undo(self, key: int, cell: int, before: int, after: int, d: int) -> None:
        """An undoing push takes effect: the units go back to being outstanding."""
        if after - before != d:
            raise GuaranteeBrokenError(f"cell {cell}: undo moved {after - before} instead of {d}")
        self._took_effect(key, cell, d)
        if self.tracks[cell]:
            self.inside[cell] += d

    def may_undo(self, cell: int, done: int) -> None:
        """Only what was settled last can be undone, and once."""
        if self.latest[cell] != done:
            raise GuaranteeBrokenError(f"cell {cell}: job {done} is undone after job {self.latest[cell]}")

    def _took_effect(self, key: int, cell: int, moved: int) -> None:
        if cell in self.in_doubt:
            raise GuaranteeBrokenError(f"cell {cell}: pushed, although the outcome of an earlier push is unknown")
        if (key, cell) in self.executed:
            raise GuaranteeBrokenError(f"cell {cell}: push {key} took effect twice")
        self.executed[key, cell] = (None if cell in self.held else self.inside[cell], self.latest[cell])
        self.latest[cell] = self.bodies[key, cell][1]
        self.expected[cell] += moved

    def agreed(self, cell: int, job: int, seen: Seen, stock: Stock) -> None:
        """A row without a difference is settled: both sides agree on S0, hand adjustments up to M0 inside."""
        self.latest[cell] = job
        self.may_override(cell, seen, stock)
        if seen.base is not None and seen.manual - self.inside[cell] + seen.overridden != 0:
            raise GuaranteeBrokenError(
                f"cell {cell}: settled, although {seen.manual - self.inside[cell]} is outstanding"
            )
        self.inside[cell] = seen.manual

    def cancelled_out(self, cell: int, job: int, seen: Seen, stock: Stock) -> None:
        """Hand adjustments took the correction back: nothing is sent, and nothing is outstanding."""
        self.latest[cell] = job
        self.may_override(cell, seen, stock)
        if seen.correction + self.manual[cell] - seen.manual != 0:
            raise GuaranteeBrokenError(f"cell {cell}: nothing was pushed, although something is outstanding")
        self.inside[cell] = self.manual[cell]

    def accepted(self, cell: int, job: int, seen: Seen, *, by_person: bool) -> None:
        """toLocal: what was shown is given up; an adjustment made since is not."""
        if cell in self.in_doubt and not by_person:
            raise GuaranteeBrokenError(f"cell {cell}: repaired, although the outcome of a push is unknown")
        if cell in self.apart and not by_person:
            raise GuaranteeBrokenError(f"cell {cell}: repaired, although its sides have never agreed")
        if self.tracks[cell] and seen.local is None and cell not in self.uncounted:
            raise GuaranteeBrokenError(f"cell {cell}: a first count made since is overwritten unseen")
        self.in_doubt.discard(cell)
        self.uncounted.discard(cell)
        self.latest[cell] = job
        self.inside[cell] = seen.manual

    def given_up(self, key: int, cell: int) -> None:
        """The outcome of a push stays unknown: nothing is assumed, so locally its units are still outstanding."""
        self.in_doubt.add(cell)
        self.set_before_base.discard(cell)
        if (key, cell) in self.executed:
            inside, self.latest[cell] = self.executed[key, cell]
            self.inside[cell] = self.at_base.get(cell, 0) if inside is None else inside

    # What is observed

    def undone(self, cell: int, stock: Stock, *, first: bool, first_count: bool) -> None:
        """A run was undone. Of a first count only what was counted since stays, counted from zero."""
        if first_count:
            since = self.manual[cell] - self.inside[cell]
            if stock.count != (since or None) or stock.index is None:
                raise GuaranteeBrokenError(f"cell {cell}: the undone first count leaves {stock.count}, not {since}")
            self.inside[cell] = self.manual[cell] - (since - stock.index)
            if since == 0:
                self.uncounted.add(cell)
        if first and self.tracks[cell] and (stock.count is None or stock.count != stock.index):
            self.apart.add(cell)

    def moved(self, cell: int, before: Stock, after: Stock, true_time: datetime) -> None:
        """Remember Shopify's own time of the value the index holds, and see that nothing counts but a hand or a run."""
        if (before.index, before.index_time) != (after.index, after.index_time):
            self.index_time[cell] = true_time
        first = self.first.pop(cell, None)
        if cell in self.uncounted and after.count is not None:
            raise GuaranteeBrokenError(f"cell {cell}: has a count of {after.count}, although nobody has counted")
        if first is not None and after.count != first:
            raise GuaranteeBrokenError(f"cell {cell}: its first count is {after.count}, not {first}")
        if after.settle_no != before.settle_no:
            self.held.pop(cell, None)
            self.apart.discard(cell)
        elif cell in self.held and after.index is not None:
            self._based(cell, after.index, after.count)
        if after.count is not None and after.count == after.index:
            self.apart.discard(cell)

    def _based(self, cell: int, base: int, count: int | None) -> None:
        """A counted cell has its first base: from now on it is known what is outstanding, unless a run settles it."""
        held = self.held.pop(cell)
        if count != held:
            raise GuaranteeBrokenError(f"cell {cell}: its first base moves the count from {held} to {count}")
        self.at_base[cell] = self.manual[cell] - (held - base)
        if cell not in self.set_before_base:
            self.inside[cell] = self.at_base[cell]

    def dropped(self, cell: int, time: datetime) -> None:
        """An event was dropped as old: it must not be newer than the value held."""
        held = self.index_time[cell]
        if held is not None and time > held:
            raise GuaranteeBrokenError(f"cell {cell}: an event newer than the value held was dropped as old")

    def at_rest(self, cell: int, shopify: int, stock: Stock) -> None:
        """Everything is delivered, worked off and verified."""
        if shopify != self.expected[cell]:
            raise GuaranteeBrokenError(f"cell {cell}: Shopify holds {shopify}, the books say {self.expected[cell]}")
        if stock.index != shopify:
            raise GuaranteeBrokenError(f"cell {cell}: the index is {stock.index}, Shopify holds {shopify}")
        if cell in self.uncounted:
            if stock.local is not None:
                raise GuaranteeBrokenError(f"cell {cell}: stands at {stock.local}, although nobody has counted")
            return
        outstanding = self.manual[cell] - self.inside[cell]
        if stock.count is not None and stock.count != shopify + outstanding:
            raise GuaranteeBrokenError(
                f"cell {cell}: the count is {stock.count}, the books say {shopify} + {outstanding}"
            )
