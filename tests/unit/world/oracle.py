"""Independent bookkeeping: what ought to be true, told by the world itself and by none of Trueup's counters.

Per cell it keeps what was sold and restocked, the hand adjustments, and how many of these are inside Shopify's
value by an approved run. It speaks up (`GuaranteeBrokenError`) in the very step in which something goes wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.comparison import GRACE
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
    base: int
    local: int
    shop_step: int = 0
    shopify: int = 0
    date: datetime | None = None

    def read(self, step: int, reading: Reading) -> None:
        """Shopify's side of it."""
        self.shop_step, self.shopify, self.date = step, reading.value, reading.date

    @property
    def correction(self) -> int:
        """c = L0 − S0."""
        return self.local - self.shopify

    @property
    def overridden(self) -> int:
        """The part of the correction that undoes a move of Shopify's."""
        return self.base - self.shopify


class Oracle:
    """Keeps its own books. In a `timely` world every message and every read it asks for comes within the grace
    period: there no sale may be undone by anybody, approved or not."""

    def __init__(self, shopify: list[int], stock: list[Stock], *, timely: bool) -> None:
        """Begin from an agreed base: Shopify = index, and the count differs only by hand adjustments."""
        self.timely = timely
        self.expected = list(shopify)
        self.manual = [0 if s.count is None else s.count - (s.index or 0) for s in stock]
        self.tracks = [s.tracks for s in stock]
        self.inside = [0] * len(shopify)
        self.orders: list[list[Order]] = [[] for _ in shopify]
        self.by_event: dict[EventId, Order] = {}
        self.index_time = [s.index_time for s in stock]
        self.bodies: dict[tuple[int, int], tuple[int, int]] = {}
        self.in_doubt: set[int] = set()
        self.latest = [0] * len(shopify)
        self.executed: dict[tuple[int, int], tuple[int, int]] = {}

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
        return Seen(step, self.manual[cell], stock.index or 0, stock.local or 0)

    # What a run does

    def body_made(self, key: int, cell: int, job: int) -> None:
        """A body holds the hand adjustments made until now."""
        self.bodies[key, cell] = (self.manual[cell], job)

    def may_override(self, cell: int, seen: Seen, stock: Stock) -> None:
        """At the first send: no sale is undone whose message was still on its way, or has come since."""
        if seen.overridden == 0:
            return
        if self.timely:
            raise GuaranteeBrokenError(f"cell {cell}: overrides {seen.overridden}, although all messages come in time")
        if stock.index != seen.base:
            raise GuaranteeBrokenError(f"cell {cell}: overrides a difference that the local records no longer show")
        for order in self.orders[cell]:
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
        if after - before != seen.overridden + made - self.inside[cell]:
            raise GuaranteeBrokenError(f"cell {cell}: moved by {after - before}, which is not what was outstanding")
        self._took_effect(key, cell, after - before)
        self.inside[cell] = made

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
        self.executed[key, cell] = (self.inside[cell], self.latest[cell])
        self.latest[cell] = self.bodies[key, cell][1]
        self.expected[cell] += moved

    def agreed(self, cell: int, job: int, seen: Seen, stock: Stock) -> None:
        """A row without a difference is settled: both sides agree on S0, hand adjustments up to M0 inside."""
        self.latest[cell] = job
        self.may_override(cell, seen, stock)
        if seen.manual - self.inside[cell] + seen.overridden != 0:
            raise GuaranteeBrokenError(
                f"cell {cell}: settled, although {seen.manual - self.inside[cell]} is outstanding"
            )
        self.inside[cell] = seen.manual

    def cancelled_out(self, cell: int, job: int, seen: Seen, stock: Stock) -> None:
        """Hand adjustments took the correction back: nothing is sent, and nothing is outstanding."""
        self.latest[cell] = job
        self.may_override(cell, seen, stock)
        if seen.overridden + self.manual[cell] - self.inside[cell] != 0:
            raise GuaranteeBrokenError(f"cell {cell}: nothing was pushed, although something is outstanding")
        self.inside[cell] = self.manual[cell]

    def accepted(self, cell: int, job: int, seen: Seen, *, by_person: bool) -> None:
        """toLocal: what was shown is given up; an adjustment made since is not."""
        if cell in self.in_doubt and not by_person:
            raise GuaranteeBrokenError(f"cell {cell}: repaired, although the outcome of a push is unknown")
        self.in_doubt.discard(cell)
        self.latest[cell] = job
        self.inside[cell] = seen.manual

    def given_up(self, key: int, cell: int) -> None:
        """The outcome of a push stays unknown: nothing is assumed, so locally its units are still outstanding."""
        self.in_doubt.add(cell)
        if (key, cell) in self.executed:
            self.inside[cell], self.latest[cell] = self.executed[key, cell]

    # What is observed

    def index_moved(self, cell: int, before: Stock, after: Stock, true_time: datetime) -> None:
        """Remember Shopify's own time of the value the index holds."""
        if (before.index, before.index_time) != (after.index, after.index_time):
            self.index_time[cell] = true_time

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
        outstanding = self.manual[cell] - self.inside[cell]
        if stock.count is not None and stock.count != shopify + outstanding:
            raise GuaranteeBrokenError(
                f"cell {cell}: the count is {stock.count}, the books say {shopify} + {outstanding}"
            )
