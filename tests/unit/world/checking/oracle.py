"""Independent bookkeeping: what ought to be true, told by the world itself and by none of Trueup's counters.

Per item it keeps what was sold and restocked; per cell the hand adjustments, and how many of these are inside Shopify's
value by an approved run. It speaks up (`GuaranteeBrokenError`) in the very step in which something goes wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from shared.domain.comparison import GRACE, SUGGESTED, CellClass, Row
from shared.domain.stock import Stock
from tests.unit.world.actors.shopify import EventId, Reading
from tests.unit.world.checking.books import Book


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
    """What the merchant was shown of one cell in one of its lives, and in which steps the two sides were read."""

    doc_step: int
    item: int
    life: int
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


@dataclass(frozen=True, slots=True)
class Body:
    """A row of a push: for which cell, in which of its lives, with which hand adjustments; `d` is that of an undo."""

    cell: int
    life: int
    job: int
    made: int
    by_person: bool
    seen: Seen | None
    d: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """The books as they were when a backup was taken, in which step."""

    step: int
    books: list[Book]


class Oracle:
    """Keeps its own books. In a `timely` world every message and every read it asks for comes within the grace
    period: there no sale may be undone by anybody, approved or not."""

    def __init__(self, shopify: list[int], stock: list[Stock], *, timely: bool) -> None:
        """Begin: cell n counts for item n; where there is a base, Shopify = base."""
        self.timely = timely
        self.books = [Book.of(one) for one in stock]
        self.expected = list(shopify)
        self.orders: list[list[Order]] = [[] for _ in shopify]
        self.by_event: dict[EventId, Order] = {}
        self.bodies: dict[tuple[int, int], Body] = {}
        self.took_effect: set[tuple[int, int]] = set()
        self.lives = 0
        self.oldest_life = 0

    # What happens outside

    def new_item(self, value: int) -> None:
        """Shopify has one more item."""
        self.expected.append(value)
        self.orders.append([])

    def ordered(self, step: int, item: int, delta: int, time: datetime) -> None:
        """Units were sold or restocked."""
        order = Order(step, time, delta)
        self.orders[item].append(order)
        self.by_event[step, item] = order
        self.expected[item] += delta

    def arrived(self, step: int, event: EventId) -> None:
        """The message of a change is handled; those of our own sets are no orders."""
        order = self.by_event.get(event)
        if order is not None and order.arrived is None:
            order.arrived = step

    def saw(self, step: int, cell: int, item: int, stock: Stock) -> Seen:
        """The stock document is read for a preview row."""
        book = self.books[cell]
        local = None if book.uncounted else stock.local
        return Seen(step, item, book.life, book.manual, stock.base, local, book.apart)

    def shown(self, cell: int, seen: Seen, row: Row) -> None:
        """The class of a row: what never agreed is left to a person."""
        offered = row.cell_class is CellClass.SHOPIFY_MOVED or SUGGESTED[row.cell_class] is not None
        if seen.apart and offered:
            raise GuaranteeBrokenError(f"cell {cell}: {row.cell_class}, although its sides have never agreed")

    def read(self, cells: Iterable[int], stock: Sequence[Stock], asked: Collection[int]) -> None:
        """A preview has read these cells: they have a base now, or a read that will give one."""
        for cell in cells:
            if stock[cell].base is None and cell not in asked:
                raise GuaranteeBrokenError(f"cell {cell}: was read, and has no base")

    def adjusted(self, cell: int, delta: int, base: int | None, *, counted: bool) -> None:
        """A hand adjustment; a first one counts from zero. Of a person who has `counted`, it ends all doubt."""
        book = self.books[cell]
        book.manual += delta
        book.in_doubt = book.in_doubt and not counted
        if book.uncounted:
            book.uncounted = False
            book.first = delta
            if base is None:
                book.held = delta
            else:
                book.inside = book.manual - (delta - base)
        elif book.held is not None:
            book.held += delta

    # Other lives of a cell

    def _begin(self, cell: int) -> Book:
        self.lives += 1
        book = self.books[cell]
        book.begin(self.lives)
        return book

    def remapped(self, cell: int, before: Stock, after: Stock) -> None:
        """The cell counts for another item: nothing is known of that one, and a doubt about the old one is over."""
        if after.base is not None:
            raise GuaranteeBrokenError(f"cell {cell}: has the base of the item that it counted for before")
        if after.count != before.count:
            raise GuaranteeBrokenError(f"cell {cell}: its count goes from {before.count} to {after.count}")
        book = self._begin(cell)
        book.in_doubt = False
        book.forget(after.count)

    def removed(self, cell: int) -> None:
        """The BOM is gone, its count with it."""
        book = self._begin(cell)
        book.tracks = False
        book.forget(None)

    def revived(self, cell: int, stock: Stock, *, same_item: bool) -> None:
        """The BOM comes again, with nothing but the doubt about its item."""
        if (stock.base, stock.count) != (None, None):
            raise GuaranteeBrokenError(f"cell {cell}: a new life begins with {stock.base}, {stock.count}")
        book = self._begin(cell)
        book.in_doubt = book.in_doubt and same_item
        book.tracks = stock.tracks
        book.forget(None)

    def kept(self, step: int) -> Kept:
        """A backup is taken of the records."""
        return Kept(step, deepcopy(self.books))

    def restored(self, kept: Kept) -> None:
        """The records are those of the backup again, Shopify's side is not. What messages told since is forgotten."""
        self.books = deepcopy(kept.books)
        for orders in self.orders:
            for order in orders:
                if order.arrived is not None and order.arrived > kept.step:
                    order.arrived = None

    def outdated(self) -> None:
        """What is outstanding in restored records may have been pushed since: nobody knows."""
        self.oldest_life = self.lives + 1
        for cell in range(len(self.books)):
            book = self._begin(cell)
            book.apart = book.apart or (book.tracks and book.manual != book.inside)

    # What a run does

    def body_made(self, key: int, item: int, body: Body) -> None:
        """A body holds the hand adjustments made until now."""
        self._of_this_life(body.cell, body.seen)
        self.bodies[key, item] = body

    def of_this_life(self, key: int, item: int) -> bool:
        """Whether the cell still is in the life in which the body was made."""
        body = self.bodies[key, item]
        return body.life == self.books[body.cell].life

    def _of_this_life(self, cell: int, seen: Seen | None) -> None:
        if seen is not None and seen.life != self.books[cell].life:
            raise GuaranteeBrokenError(f"cell {cell}: a row of an earlier life is acted on")

    def first_sent(self, key: int, item: int, stock: Stock, undoes: int | None) -> None:
        """At the first send: no sale is undone whose message was still on its way, or has come since.

        What was made for another item, before the cell was mapped to this one, still goes to the item it was made for.
        """
        body = self.bodies[key, item]
        if body.life < self.oldest_life:
            raise GuaranteeBrokenError(f"cell {body.cell}: sends a push that may have been sent before a restore")
        if not self.of_this_life(key, item):
            return
        if undoes is not None:
            self.may_undo(body.cell, undoes)
        elif body.seen is not None:
            self.may_override(body.cell, body.seen, stock)

    def may_override(self, cell: int, seen: Seen, stock: Stock) -> None:
        """No sale is undone whose message was still on its way, or has come since."""
        self._of_this_life(cell, seen)
        if seen.base is None:
            if stock.base not in {None, seen.shopify}:
                raise GuaranteeBrokenError(f"cell {cell}: its first base is another value than was shown")
        elif seen.overridden == 0:
            return
        elif self.timely:
            raise GuaranteeBrokenError(f"cell {cell}: overrides {seen.overridden}, although all messages come in time")
        elif stock.base != seen.base:
            raise GuaranteeBrokenError(f"cell {cell}: overrides a difference that the local records no longer show")
        for order in self.orders[seen.item]:
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

    def was_set(self, at: EventId, key: int, before: int, after: int, now: datetime) -> None:
        """A push takes effect: the guarantee itself, then who has which units.

        In another life than the one it was made in, nobody who keeps records knows of it: it is like an order.
        """
        step, item = at
        if (key, item) in self.took_effect:
            raise GuaranteeBrokenError(f"item {item}: push {key} took effect twice")
        self.took_effect.add((key, item))
        body = self.bodies[key, item]
        if not self.of_this_life(key, item):
            if after != before:
                self.ordered(step, item, after - before, now)
            return
        if body.d is not None:
            self._set_by_undo((key, item), body, before, after)
        elif body.seen is not None:
            self._set_by_run((key, item), body, body.seen, before, after)

    def _set_by_run(self, row: tuple[int, int], body: Body, seen: Seen, before: int, after: int) -> None:
        cell, book = body.cell, self.books[body.cell]
        since = sum(order.delta for order in self.orders[row[1]] if order.step > seen.shop_step)
        approved = seen.shopify + seen.correction + (body.made - seen.manual) + since
        if after != approved:
            raise GuaranteeBrokenError(f"cell {cell}: Shopify was set to {after}, approved and since then: {approved}")
        if not body.by_person and seen.apart and seen.correction != 0:
            raise GuaranteeBrokenError(f"cell {cell}: pushed by a schedule, although its sides have never agreed")
        if seen.base is not None and after - before != seen.overridden + body.made - book.inside:
            raise GuaranteeBrokenError(f"cell {cell}: moved by {after - before}, which is not what was outstanding")
        self._took_effect(row, body, after - before)
        book.inside = body.made
        book.set_before_base = book.set_before_base or book.held is not None

    def _set_by_undo(self, row: tuple[int, int], body: Body, before: int, after: int) -> None:
        book = self.books[body.cell]
        if after - before != body.d:
            raise GuaranteeBrokenError(f"cell {body.cell}: undo moved {after - before} instead of {body.d}")
        self._took_effect(row, body, after - before)
        if book.tracks:
            book.inside += after - before

    def _took_effect(self, row: tuple[int, int], body: Body, moved: int) -> None:
        book = self.books[body.cell]
        if book.in_doubt:
            raise GuaranteeBrokenError(f"cell {body.cell}: pushed, although the outcome of an earlier push is unknown")
        key, item = row
        book.executed[key] = (None if book.held is not None else book.inside, book.latest)
        book.latest = body.job
        self.expected[item] += moved

    def may_undo(self, cell: int, done: int) -> None:
        """Only what was settled last can be undone, and once."""
        latest = self.books[cell].latest
        if latest != done:
            raise GuaranteeBrokenError(f"cell {cell}: job {done} is undone after job {latest}")

    def undone_local(self, cell: int, done: int, job: int, adjusts: int) -> None:
        """A toLocal is undone by a hand adjustment, or by taking back the first count."""
        self.may_undo(cell, done)
        self.books[cell].latest = job
        self.books[cell].manual += adjusts

    def agreed(self, cell: int, job: int, seen: Seen, stock: Stock) -> None:
        """A row without a difference is settled: both sides agree on S0, hand adjustments up to M0 inside."""
        book = self.books[cell]
        book.latest = job
        self.may_override(cell, seen, stock)
        if seen.base is not None and seen.manual - book.inside + seen.overridden != 0:
            raise GuaranteeBrokenError(f"cell {cell}: settled, although {seen.manual - book.inside} is outstanding")
        book.inside = seen.manual

    def cancelled_out(self, cell: int, job: int, seen: Seen, stock: Stock) -> None:
        """Hand adjustments took the correction back: nothing is sent, and nothing is outstanding."""
        book = self.books[cell]
        book.latest = job
        self.may_override(cell, seen, stock)
        if seen.correction + book.manual - seen.manual != 0:
            raise GuaranteeBrokenError(f"cell {cell}: nothing was pushed, although something is outstanding")
        book.inside = book.manual

    def accepted(self, cell: int, job: int, seen: Seen, *, by_person: bool) -> None:
        """toLocal: what was shown is given up; an adjustment made since is not."""
        book = self.books[cell]
        self._of_this_life(cell, seen)
        if book.in_doubt and not by_person:
            raise GuaranteeBrokenError(f"cell {cell}: repaired, although the outcome of a push is unknown")
        if book.apart and not by_person:
            raise GuaranteeBrokenError(f"cell {cell}: repaired, although its sides have never agreed")
        if book.tracks and seen.local is None and not book.uncounted:
            raise GuaranteeBrokenError(f"cell {cell}: a first count made since is overwritten unseen")
        book.in_doubt = book.uncounted = False
        book.latest = job
        book.inside = seen.manual

    def given_up(self, key: int, item: int) -> None:
        """The outcome of a push stays unknown: nothing is assumed, so locally its units are still outstanding."""
        book = self.books[self.bodies[key, item].cell]
        book.in_doubt = True
        book.set_before_base = False
        if key in book.executed:
            inside, book.latest = book.executed[key]
            book.inside = book.at_base if inside is None else inside

    # What is observed

    def undone(self, cell: int, stock: Stock, *, first: bool, first_count: bool) -> None:
        """A run was undone. Of a first count only what was counted since stays, counted from zero."""
        book = self.books[cell]
        if first_count:
            since = book.manual - book.inside
            if stock.count != (since or None) or stock.base is None:
                raise GuaranteeBrokenError(f"cell {cell}: the undone first count leaves {stock.count}, not {since}")
            book.inside = book.manual - (since - stock.base)
            book.uncounted = since == 0
        if first and book.tracks and (stock.count is None or stock.count != stock.base):
            book.apart = True

    def moved(
        self, cell: int, before: Stock, after: Stock, true_time: datetime, *, from_before: int | None = None
    ) -> None:
        """Remember Shopify's own time of the value the base holds, and see that nothing counts but a hand or a run.

        `from_before`: the job whose push, made in an earlier life with the same item, tells what Shopify holds.
        """
        book = self.books[cell]
        if (before.base, before.base_time) != (after.base, after.base_time):
            book.base_time = true_time
        first, book.first = book.first, None
        if book.uncounted and after.count is not None:
            raise GuaranteeBrokenError(f"cell {cell}: has a count of {after.count}, although nobody has counted")
        if first is not None and after.count != first:
            raise GuaranteeBrokenError(f"cell {cell}: its first count is {after.count}, not {first}")
        book.latest = from_before or book.latest
        if after.settle_no != before.settle_no and from_before is None:
            book.held = None
            book.apart = False
        elif book.held is not None and after.base is not None:
            self._based(cell, book, book.held, after.base, after.count)
        elif from_before is not None and after.count is not None and after.base is not None:
            # It leaves the count of this life alone.
            book.inside = book.manual - (after.count - after.base)
        if after.count is not None and after.count == after.base:
            book.apart = False

    def _based(self, cell: int, book: Book, held: int, base: int, count: int | None) -> None:
        """A counted cell has its first base: from now on it is known what is outstanding, unless a run settles it."""
        book.held = None
        if count != held:
            raise GuaranteeBrokenError(f"cell {cell}: its first base moves the count from {held} to {count}")
        book.at_base = book.manual - (held - base)
        if not book.set_before_base:
            book.inside = book.at_base

    def dropped(self, cell: int, time: datetime) -> None:
        """An event was dropped as old: it must not be newer than the value held."""
        held = self.books[cell].base_time
        if held is not None and time > held:
            raise GuaranteeBrokenError(f"cell {cell}: an event newer than the value held was dropped as old")

    def items_at_rest(self, shopify: Sequence[int]) -> None:
        """Shopify holds what orders, approved corrections and adjustments have made."""
        for item, value in enumerate(shopify):
            if value != self.expected[item]:
                raise GuaranteeBrokenError(f"item {item}: Shopify holds {value}, the books say {self.expected[item]}")

    def at_rest(self, cell: int, shopify: int, stock: Stock) -> None:
        """Everything is delivered, worked off and verified."""
        book = self.books[cell]
        if stock.base != shopify:
            raise GuaranteeBrokenError(f"cell {cell}: the base is {stock.base}, Shopify holds {shopify}")
        if stock.unknown_outcome != book.in_doubt:
            raise GuaranteeBrokenError(f"cell {cell}: in doubt: {stock.unknown_outcome}, the books: {book.in_doubt}")
        if book.uncounted:
            if stock.local is not None:
                raise GuaranteeBrokenError(f"cell {cell}: stands at {stock.local}, although nobody has counted")
            return
        outstanding = book.manual - book.inside
        if stock.count is not None and stock.count != shopify + outstanding:
            raise GuaranteeBrokenError(
                f"cell {cell}: the count is {stock.count}, the books say {shopify} + {outstanding}"
            )
