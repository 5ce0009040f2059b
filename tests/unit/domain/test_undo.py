"""Undo, and the state again that it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.domain import plan, undo
from shared.domain.cell import CellState
from shared.domain.comparison import Direction, Reason
from shared.domain.plan import Ended, Target
from shared.domain.stock import Stock, adjust, mark_unknown, observe_read, start_tracking
from shared.domain.undo import UndoRow
from shared.domain.words.codes import Code
from tests.unit.domain.strategies import START, quantities, row_of, stocks

SET = START + timedelta(seconds=700)
UNDONE = START + timedelta(seconds=800)


def _row(stock: Stock, direction: Direction, d: int) -> UndoRow:
    return UndoRow(direction, d, stock.settle_no, stock.tracks_rev)


@given(quantities, quantities, quantities, quantities)
def test_undo_of_a_push_gives_the_state_again(base: int, local: int, sold: int, adjusted: int) -> None:
    """Shopify is where it was but for sales, the local value but for sales and adjustments; then it can be redone."""
    if local == base:
        return
    before = Stock(base=base, base_time=START, count=local)
    target = plan.push_target(before, row_of(before, base), base, START, allow_negative=True)
    assert isinstance(target, Target)
    pushed = plan.pushed(before, target, SET).change
    assert pushed is not None
    shopify = target.quantity - sold
    since = adjust(observe_read(pushed.stock, shopify, SET + timedelta(seconds=1)).stock, adjusted).stock
    row = _row(pushed.stock, Direction.TO_SHOPIFY, target.change_from - target.quantity)
    back = undo.undo_target(since, row, shopify, allow_negative=True)
    assert isinstance(back, Target)
    assert (back.quantity, back.change_from) == (base - sold, shopify)
    undone = undo.undone_push(since, row, back, UNDONE).change
    assert undone is not None
    assert (undone.stock.base, undone.stock.count) == (base - sold, local - sold + adjusted)
    again = undo.undo_target(undone.stock, row, base - sold, allow_negative=True)
    assert again == plan.error(Code.SETTLED_SINCE_PREVIEW)
    if local + adjusted != base:
        redo = plan.push_target(
            undone.stock, row_of(undone.stock, base - sold), base - sold, UNDONE, allow_negative=True
        )
        assert isinstance(redo, Target)
        assert redo.quantity == local - sold + adjusted


@given(stocks(based=True, tracks=True), quantities)
def test_undo_of_to_local_is_a_hand_adjustment(stock: Stock, value: int) -> None:
    """The count takes back what it received, as an adjustment that a later push carries; once only."""
    ended = plan.accept_read(stock, row_of(stock, value), value, SET, noted_rev=stock.rev, only_shopify_moved=False)
    assert ended is not None
    assert ended.change is not None
    assert stock.count is not None
    accepted = ended.change.stock
    row = _row(accepted, Direction.TO_LOCAL, stock.count - value)
    undone = undo.undone_local(accepted, row)
    if stock.count == value:
        assert undone == plan.skipped(Reason.NOTHING_TO_UNDO)
        return
    assert undone.state is CellState.UPDATED
    assert undone.change is not None
    assert undone.change.stock.count == stock.count
    assert undone.change.stock.base == value
    assert undone.change.stock.manual_total == accepted.manual_total + row.d
    assert undo.undone_local(undone.change.stock, row) == plan.error(Code.SETTLED_SINCE_PREVIEW)


@given(quantities, quantities)
def test_a_first_count_is_undone_to_none(value: int, since: int) -> None:
    """toLocal that gave the first count: nobody has counted again, but for what was counted since."""
    fresh = start_tracking(Stock(base=value, base_time=START)).stock
    ended = plan.accept_read(fresh, row_of(fresh, value), value, SET, noted_rev=fresh.rev, only_shopify_moved=False)
    assert ended is not None
    assert ended.change is not None
    later = adjust(ended.change.stock, since).stock
    row = UndoRow(Direction.TO_LOCAL, 0, later.settle_no, later.tracks_rev, first=True, first_count=True)
    undone = undo.undone_local(later, row)
    assert undone.change is not None
    assert undone.change.stock.count == (since or None)
    assert undone.change.stock.never_agreed is (since == 0 or since != value)


@given(stocks(based=True, tracks=True), quantities, st.sampled_from(Direction))
def test_undo_of_a_first_agreement_leaves_none(stock: Stock, value: int, direction: Direction) -> None:
    """Once the only run that brought both sides together is undone, a person chooses again."""
    assume(stock.count not in {value, stock.base})
    row = UndoRow(direction, 5, stock.settle_no, stock.tracks_rev, first=True)
    if direction is Direction.TO_LOCAL:
        undone = undo.undone_local(stock, row)
    else:
        target = undo.undo_target(stock, row, value, allow_negative=True)
        assert isinstance(target, Target)
        undone = undo.undone_push(stock, row, target, UNDONE)
    assert undone.change is not None
    after = undone.change.stock
    assert after.never_agreed is (after.count != after.base)


@given(stocks(based=True, tracks=False), quantities.filter(bool))
def test_there_is_nothing_to_undo_without_a_count(stock: Stock, d: int) -> None:
    """A base is only a cache of Shopify's value; and a move of nothing is none."""
    skip = plan.skipped(Reason.NOTHING_TO_UNDO)
    assert undo.undone_local(stock, _row(stock, Direction.TO_LOCAL, d)) == skip
    row = _row(stock, Direction.TO_SHOPIFY, 0)
    assert undo.undo_target(stock, row, 5, allow_negative=True) == skip


@given(stocks(based=True, tracks=True), quantities.filter(bool), st.booleans())
def test_undo_only_of_what_stands(stock: Stock, d: int, local: bool) -> None:
    """Settled since, tracking switched since, or in doubt: not undone."""
    row = _row(stock, Direction.TO_LOCAL if local else Direction.TO_SHOPIFY, d)

    def code(now: Stock) -> Code | None:
        ended = undo.undone_local(now, row) if local else undo.undo_target(now, row, 5, allow_negative=True)
        return ended.code if isinstance(ended, Ended) else None

    assert code(stock) is None
    assert code(replace(stock, settle_no=stock.settle_no + 1)) is Code.SETTLED_SINCE_PREVIEW
    assert code(replace(stock, tracks_rev=stock.tracks_rev + 1)) is Code.TRACKING_CHANGED
    assert code(mark_unknown(stock).stock) is Code.OUTCOME_UNKNOWN


def test_limits_of_an_undo() -> None:
    """An undo keeps the limits of a push."""
    stock = Stock(base=2, base_time=START, count=2)
    assert undo.undo_target(stock, _row(stock, Direction.TO_SHOPIFY, -3), 2, allow_negative=False) == plan.error(
        Code.NEGATIVE_TARGET
    )
    assert undo.undo_target(stock, _row(stock, Direction.TO_SHOPIFY, -3), 2, allow_negative=True) == Target(-1, 2, 0, 0)
    far = _row(stock, Direction.TO_SHOPIFY, 1_000_000_000)
    assert undo.undo_target(stock, far, 2, allow_negative=True) == plan.error(Code.QUANTITY_OUT_OF_RANGE)
