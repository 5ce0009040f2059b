"""What a job does to a cell: the plan per direction, decided from the preview row and the stock as it stands now.

A decision is either `Ended` (the cell's last state, with the stock's change if there is one) or the next step:
a `Target` to push, or a read to take again. The caller runs the decisions that change stock inside the
transaction that reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.cell import CellState
from shared.domain.comparison import CellClass, Direction, Reason, Row, classify
from shared.domain.stock import Change, Stock, accept, settle, settle_base
from shared.domain.words.codes import Code

QUANTITY_LIMIT = 1_000_000_000
"""The largest magnitude Shopify takes for a quantity (INVALID_QUANTITY_TOO_HIGH / TOO_LOW)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The cell ends here. `change` is what happens to its stock; `verify` asks for a read where nothing changes."""

    state: CellState
    reason: Reason | None = None
    code: Code | None = None
    change: Change | None = None
    verify: bool = False


def allows_negative(of_job: bool | None, *, of_shop: bool) -> bool:
    """Whether a target below zero is pushed: the job's own option goes before the shop's setting."""
    return of_shop if of_job is None else of_job


def activates(of_job: bool | None, *, of_shop: bool) -> bool:
    """Whether a push stocks an item where Shopify does not stock it yet: likewise."""
    return of_shop if of_job is None else of_job


@dataclass(frozen=True, slots=True)
class Target:
    """A row of a push: set `quantity` if Shopify still holds `change_from`; `manual_used` is the M inside it.

    `tracks_rev` is the one it was made under: tracking may be switched before Shopify answers.
    """

    quantity: int
    change_from: int
    manual_used: int
    tracks_rev: int


class Step:
    """Marks what must be done before the cell can end."""


@dataclass(frozen=True, slots=True)
class Push(Step):
    """toShopify: make a push body for this row."""


@dataclass(frozen=True, slots=True)
class ReadAndAccept(Step):
    """toLocal: read Shopify under the `rev` noted before, and accept the value."""


@dataclass(frozen=True, slots=True)
class Settle(Step):
    """The row shows no difference: settle at S0 and t0 where the rules allow it, and skip."""


def error(code: Code, *, verify: bool = False) -> Ended:
    """The cell ends as an error."""
    return Ended(CellState.ERROR, code=code, verify=verify)


def skipped(reason: Reason, *, change: Change | None = None, verify: bool = False) -> Ended:
    """The cell is skipped."""
    return Ended(CellState.SKIPPED, reason=reason, change=change, verify=verify)


def first_step(
    row: Row, direction: Direction, asked_at: datetime | None = None, *, unattended: bool = False
) -> Ended | Step:
    """What the row alone decides, before the stock is looked at again.

    `unattended`: no person has asked for this run, a schedule has, say. It pushes nothing whose two sides never agreed.

    `asked_at`: when the job was requested. A job without a preview takes its rows once it runs, maybe long after: what
    Shopify did meanwhile, unheard of here because webhooks are late, nobody has meant to override.
    """
    if direction is Direction.TO_LOCAL:
        in_sync = row.difference == 0 and not row.unknown_outcome
        return Settle() if in_sync else ReadAndAccept()
    if row.unknown_outcome:
        return error(Code.OUTCOME_UNKNOWN)
    if row.uncounted:
        return skipped(Reason.NEVER_COUNTED)
    if row.difference is None:
        return error(Code.NO_LOCAL_VALUE)
    if row.difference == 0:
        return Settle()
    if unattended and row.cell_class is CellClass.NO_BASE:
        return skipped(Reason.NEVER_AGREED)
    if row.overrides_shopify and not row.quiet_at(asked_at or row.taken_at):
        return error(Code.SHOPIFY_JUST_CHANGED, verify=True)
    return Push()


def refused_push(row: Row) -> Code | Reason | None:
    """The code or reason with which a push of this row would end if nothing changes any more; None: it would be sent.

    A negative target counts as refused: whoever allows it knows.
    """
    step = first_step(row, Direction.TO_SHOPIFY)
    if isinstance(step, Ended):
        return step.code or step.reason
    if row.local is not None and row.difference != 0 and row.local < 0:
        return Code.NEGATIVE_TARGET
    return None


def _row_outdated(stock: Stock, row: Row, in_sync_now: bool) -> Ended | None:
    """Whether something that the row relied on has changed since the preview read the stock document."""
    if stock.tracks_rev != row.tracks_rev:
        return error(Code.TRACKING_CHANGED)
    if stock.settle_no != row.settle_no:
        if in_sync_now:
            return skipped(Reason.SETTLED_SINCE_PREVIEW)
        return error(Code.SETTLED_SINCE_PREVIEW)
    return None


def _counted_since(stock: Stock, row: Row) -> bool:
    """Whether somebody has counted for the first time since the preview: a count of zero moves no total."""
    return row.uncounted and not stock.uncounted


def _agrees_locally(stock: Stock) -> bool:
    """Whether base and local value agree: all that can be said without a read of Shopify."""
    return stock.base is not None and stock.base == stock.local


def settle_in_sync(stock: Stock, row: Row) -> Ended:
    """The end of a cell whose row shows no difference.

    Settled at S0 and t0 where the base equals S0, or where the grace rule would allow a push; otherwise left to
    the webhook that is perhaps on its way, and to a verifying read.
    """
    outdated = _row_outdated(stock, row, _agrees_locally(stock))
    if outdated is not None:
        return outdated
    may_settle = not row.overrides_shopify or (row.quiet and not event_since_preview(stock, row))
    if not may_settle or row.unknown_outcome or stock.unknown_outcome:
        return skipped(Reason.IN_SYNC, verify=True)
    change = settle(stock, row.shopify, row.shopify_time, row.manual_total)
    return skipped(Reason.IN_SYNC, change=change)


def push_target(
    stock: Stock,
    row: Row,
    shopify_now: int,
    shopify_now_time: datetime,
    *,
    allow_negative: bool,
) -> Target | Ended:
    """toShopify: the approved correction on top of what Shopify holds, with the hand adjustments made since.

    c = L0 − S0; the quantity is `shopify_now` + c + (M − M0). Runs in the transaction that makes the body.
    """
    outdated = _row_outdated(stock, row, _agrees_locally(stock))
    if outdated is not None:
        return outdated
    if stock.unknown_outcome:
        # Marked after the preview was taken: its row does not show it.
        return error(Code.OUTCOME_UNKNOWN)
    if event_since_preview(stock, row):
        return error(Code.SHOPIFY_CHANGED_BEFORE_PREVIEW, verify=True)
    if row.local is None:
        return error(Code.NO_LOCAL_VALUE)
    quantity = shopify_now + (row.local - row.shopify) + (stock.manual_total - row.manual_total)
    if quantity == shopify_now:
        # A set that changes nothing leaves no evidence, so it is never sent.
        change = settle(stock, shopify_now, shopify_now_time, stock.manual_total)
        return skipped(Reason.ALREADY_EQUAL, change=change)
    if abs(quantity) > QUANTITY_LIMIT:
        return error(Code.QUANTITY_OUT_OF_RANGE)
    if quantity < 0 and not allow_negative:
        return error(Code.NEGATIVE_TARGET)
    return Target(
        quantity=quantity, change_from=shopify_now, manual_used=stock.manual_total, tracks_rev=stock.tracks_rev
    )


def event_since_preview(stock: Stock, row: Row) -> bool:
    """Whether a row that overrides Shopify has had any event since the preview: then pushing could undo a sale.

    A base moved by a verifying read counts as well: what the row shows as Shopify's move is explained by now. Only
    a missing base that was set to the value shown changes nothing.

    Tested in the transaction that makes a body, and once more before its first send.
    """
    if not row.overrides_shopify:
        return False
    explained = stock.base != row.base and not (row.base is None and stock.base == row.shopify)
    return explained or stock.events_no != row.events_no


def pushed(stock: Stock, target: Target, adjusted_at: datetime) -> Ended:
    """The end of a cell whose push Shopify applied at `adjusted_at`, the time of its adjustment group.

    Where tracking was switched since the body was made, the count is no longer what the push spoke of: only the
    base is settled.
    """
    if stock.tracks_rev != target.tracks_rev:
        return Ended(CellState.UPDATED, change=settle_base(stock, target.quantity, adjusted_at))
    return Ended(CellState.UPDATED, change=settle(stock, target.quantity, adjusted_at, target.manual_used))


def accept_read(
    stock: Stock,
    row: Row,
    value: int,
    value_time: datetime,
    *,
    noted_rev: int,
    only_shopify_moved: bool,
) -> Ended | None:
    """toLocal: accept the value read, under the `rev` noted before the read; None: the read must be taken again.

    `only_shopify_moved` is for automatic repair: what is no longer `shopify_moved` is skipped, because a person
    would have to choose.
    """
    if stock.rev != noted_rev:
        return None
    in_sync = stock.base == value and stock.local == value and not stock.unknown_outcome
    outdated = _row_outdated(stock, row, in_sync)
    if outdated is not None:
        return outdated
    if stock.manual_total != row.manual_total or _counted_since(stock, row):
        return error(Code.LOCAL_CHANGED_SINCE_PREVIEW)
    cell_class = classify(stock.base, stock.local, value, never_agreed=stock.never_agreed)
    shopify_moved = cell_class is CellClass.SHOPIFY_MOVED and not stock.unknown_outcome
    if only_shopify_moved and not shopify_moved:
        return skipped(Reason.CLASS_CHANGED)
    change = accept(stock, value, value_time, stock.manual_total)
    if in_sync:
        return skipped(Reason.IN_SYNC, change=change)
    return Ended(CellState.UPDATED, change=change)
