"""The three-way comparison: base, local value and Shopify value of one cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.stock import Stock

GRACE = timedelta(minutes=2)
"""How long Shopify's value must have been quiet before a push may override it: webhooks need time to arrive."""


class Direction(StrEnum):
    """Which side receives: Shopify (local is right) or the local records (Shopify is right)."""

    TO_SHOPIFY = "toShopify"
    TO_LOCAL = "toLocal"


class CellClass(StrEnum):
    """What moved since both sides last agreed."""

    IN_SYNC = "in_sync"
    SHOPIFY_MOVED = "shopify_moved"
    LOCAL_MOVED = "local_moved"
    BOTH_MOVED = "both_moved"
    NO_BASE = "no_base"
    NOT_COMPARED = "not_compared"
    """What is known of a cell that cannot be compared; a preview shows such a cell's reason instead of a class."""


class Reason(StrEnum):
    """Why a cell is not compared, or skipped. Never an error and never read as zero."""

    UNTRACKED = "untracked"
    NOT_STOCKED = "not_stocked"
    LOCATION_INACTIVE = "location_inactive"
    FULFILLMENT_SERVICE = "fulfillment_service"
    EXTERNALLY_MANAGED = "externally_managed"
    NEVER_COUNTED = "never_counted"
    NEVER_AGREED = "never_agreed"
    IN_SYNC = "in_sync"
    ALREADY_EQUAL = "already_equal"
    SETTLED_SINCE_PREVIEW = "settled_since_preview"
    CLASS_CHANGED = "class_changed"
    NOTHING_TO_UNDO = "nothing_to_undo"


NOT_COMPARABLE = frozenset(
    {
        Reason.UNTRACKED,
        Reason.NOT_STOCKED,
        Reason.LOCATION_INACTIVE,
        Reason.FULFILLMENT_SERVICE,
        Reason.EXTERNALLY_MANAGED,
    }
)
"""The reasons for which a cell cannot be compared at all."""


def classify(base: int | None, local: int | None, remote: int, *, never_agreed: bool = False) -> CellClass:
    """The class of a cell from its three values; `local` is None where there is no base and no count, or none yet.

    Two sides that never agreed have no base in common, whatever was read of Shopify since.
    """
    if base is None or local is None:
        return CellClass.NO_BASE
    if local == remote:
        return CellClass.IN_SYNC
    if never_agreed:
        return CellClass.NO_BASE
    if base == local:
        return CellClass.SHOPIFY_MOVED
    if base == remote:
        return CellClass.LOCAL_MOVED
    return CellClass.BOTH_MOVED


def known_class(stock: Stock) -> CellClass:
    """What moved as far as our records tell, without asking Shopify: by what a preview has seen last, else the base.

    So a move of Shopify's that nobody has noticed is not in it; a missed webhook, once found, adds it.
    """
    if stock.not_compared is not None:
        return CellClass.NOT_COMPARED
    if stock.unknown_outcome:
        return CellClass.BOTH_MOVED
    shopify = stock.shopify
    if stock.base is None or shopify is None:
        return CellClass.NO_BASE
    return classify(stock.base, stock.local, shopify, never_agreed=stock.never_agreed)


def known_difference(stock: Stock) -> int | None:
    """Shopify value − local value as far as is known; None where one of them is not, or they cannot be compared."""
    shopify, local = stock.shopify, stock.local
    if shopify is None or local is None or stock.not_compared is not None:
        return None
    return shopify - local


def is_different(cell_class: CellClass, difference: int | None) -> bool:
    """Whether the two sides can be compared and are not the same. A cell never counted, or never read, is not known to
    be; one in doubt is, until a person has looked."""
    if cell_class is CellClass.NO_BASE:
        return bool(difference)
    return cell_class not in {CellClass.IN_SYNC, CellClass.NOT_COMPARED}


SUGGESTED: dict[CellClass, Direction | None] = {
    CellClass.IN_SYNC: None,
    CellClass.SHOPIFY_MOVED: Direction.TO_LOCAL,
    CellClass.LOCAL_MOVED: Direction.TO_SHOPIFY,
    CellClass.BOTH_MOVED: None,
    CellClass.NO_BASE: None,
    CellClass.NOT_COMPARED: None,
}
"""The direction the preview suggests; None where there is nothing to do or a person must choose."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a preview saw of one cell: Shopify's value S0 at t0, and the stock document read *before* it.

    `taken_at` is Shopify's own time (its `Date` header) when the value was read.
    """

    shopify: int
    shopify_time: datetime
    taken_at: datetime
    base: int | None
    local: int | None
    manual_total: int
    settle_no: int
    events_no: int
    tracks_rev: int
    unknown_outcome: bool = False
    never_agreed: bool = False

    @classmethod
    def of(cls, stock: Stock, shopify: int, shopify_time: datetime, taken_at: datetime) -> Row:
        """Join the stock, read first, with Shopify's value, read after it."""
        return cls(
            shopify=shopify,
            shopify_time=shopify_time,
            taken_at=taken_at,
            base=stock.base,
            local=stock.local,
            manual_total=stock.manual_total,
            settle_no=stock.settle_no,
            events_no=stock.events_no,
            tracks_rev=stock.tracks_rev,
            unknown_outcome=stock.unknown_outcome,
            never_agreed=stock.never_agreed,
        )

    @property
    def uncounted(self) -> bool:
        """Whether the BOM tracked, and nobody had counted the cell yet."""
        return self.never_agreed and self.local is None

    @property
    def difference(self) -> int | None:
        """Shopify value − local value; None where the cell has no local value yet."""
        return None if self.local is None else self.shopify - self.local

    @property
    def cell_class(self) -> CellClass:
        """The class shown to the merchant; a push of unknown outcome needs a person, so it counts as both moved."""
        if self.unknown_outcome:
            return CellClass.BOTH_MOVED
        return classify(self.base, self.local, self.shopify, never_agreed=self.never_agreed)

    @property
    def overrides_shopify(self) -> bool:
        """Whether pushing would override a value of Shopify that no webhook has explained."""
        return self.base != self.shopify

    @property
    def quiet(self) -> bool:
        """Whether Shopify's value had stood for the grace period when it was read."""
        return self.quiet_at(self.taken_at)

    def quiet_at(self, moment: datetime) -> bool:
        """Whether the value read had stood for the grace period at that moment, or at the read if that was earlier."""
        return min(moment, self.taken_at) - self.shopify_time >= GRACE
