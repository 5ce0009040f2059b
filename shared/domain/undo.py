"""Undo of a cell that a job updated: only where nothing has settled it since, and each cell once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.cell import CellState
from shared.domain.comparison import Direction, Reason
from shared.domain.plan import QUANTITY_LIMIT, Ended, Target, error, skipped
from shared.domain.stock import Stock, settle_base, undo_first_count, undo_local, undo_push
from shared.domain.words.codes import Code


@dataclass(frozen=True, slots=True)
class UndoRow:
    """What is to be undone: the direction of the first job, d = before − after of what it changed, and the
    `settle_no` and `tracks_rev` its settling left behind.

    `first`: the two sides had never agreed before; `first_count`: it gave the cell its first count.
    """

    direction: Direction
    d: int
    settle_no: int
    tracks_rev: int
    first: bool = False
    first_count: bool = False

    @classmethod
    def of(
        cls,
        direction: Direction,
        before: int | None,
        after: int | None,
        *,
        settle_no: int,
        tracks_rev: int,
        first: bool = False,
    ) -> UndoRow:
        """From the receiving side's value before and after; None: there was none."""
        d = 0 if before is None or after is None else before - after
        first_count = direction is Direction.TO_LOCAL and before is None and after is not None
        return cls(direction, d, settle_no, tracks_rev, first, first_count)


def _outdated(stock: Stock, row: UndoRow) -> Ended | None:
    if stock.tracks_rev != row.tracks_rev:
        return error(Code.TRACKING_CHANGED)
    if stock.settle_no != row.settle_no:
        return error(Code.SETTLED_SINCE_PREVIEW)
    if stock.unknown_outcome:
        # A later push, perhaps an earlier undo of this very cell, may have reached Shopify.
        return error(Code.OUTCOME_UNKNOWN)
    return None


def undo_target(stock: Stock, row: UndoRow, shopify_now: int, *, allow_negative: bool) -> Target | Ended:
    """Undo of toShopify: compare-and-set from what Shopify holds to that plus d."""
    outdated = _outdated(stock, row)
    if outdated is not None:
        return outdated
    if row.d == 0:
        return skipped(Reason.NOTHING_TO_UNDO)
    quantity = shopify_now + row.d
    if abs(quantity) > QUANTITY_LIMIT:
        return error(Code.QUANTITY_OUT_OF_RANGE)
    if quantity < 0 and not allow_negative:
        return error(Code.NEGATIVE_TARGET)
    return Target(
        quantity=quantity, change_from=shopify_now, manual_used=stock.manual_total, tracks_rev=stock.tracks_rev
    )


def undone_push(stock: Stock, row: UndoRow, target: Target, adjusted_at: datetime) -> Ended:
    """The end of a cell whose undoing push Shopify applied; see `pushed` for tracking switched meanwhile."""
    if stock.tracks_rev != target.tracks_rev:
        return Ended(CellState.UPDATED, change=settle_base(stock, target.quantity, adjusted_at))
    return Ended(CellState.UPDATED, change=undo_push(stock, target.quantity, adjusted_at, row.d, first=row.first))


def undone_local(stock: Stock, row: UndoRow) -> Ended:
    """Undo of toLocal: the local count takes back what it received; Shopify is not touched."""
    outdated = _outdated(stock, row)
    if outdated is not None:
        return outdated
    if stock.count is None:
        # Without a count the base is only a cache of Shopify's value: there is nothing of the app's to restore.
        return skipped(Reason.NOTHING_TO_UNDO)
    if row.first_count and stock.base is not None:
        return Ended(CellState.UPDATED, change=undo_first_count(stock))
    if row.d == 0:
        return skipped(Reason.NOTHING_TO_UNDO)
    return Ended(CellState.UPDATED, change=undo_local(stock, row.d, first=row.first))
