"""The plan per direction: what ends a cell, and what is pushed or read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.domain import plan
from shared.domain.cell import CellState
from shared.domain.comparison import CellClass, Direction, Reason, Row
from shared.domain.plan import Ended, Target
from shared.domain.stock import Stock, adjust, mark_unknown, observe_event, observe_read, settle, start_tracking
from shared.domain.words.codes import Code
from tests.unit.domain.strategies import START, quantities, row_of, stocks

LATER = START + timedelta(seconds=700)


def _code(decision: object) -> Code | None:
    assert isinstance(decision, Ended)
    return decision.code


def _push(stock: Stock, row: Row, shopify: int) -> Target | Ended:
    return plan.push_target(stock, row, shopify, LATER, allow_negative=True)


@given(stocks(), quantities, st.booleans(), st.integers(0, 300))
def test_the_first_step_to_shopify(stock: Stock, shopify: int, unknown: bool, quiet_for: int) -> None:
    """A person settles doubt, a missing value is no zero, equal is settled, and grace guards what overrides."""
    row = row_of(replace(stock, unknown_outcome=unknown), shopify, changed=0, taken=quiet_for)
    step = plan.first_step(row, Direction.TO_SHOPIFY)
    if unknown:
        assert _code(step) is Code.OUTCOME_UNKNOWN
    elif row.uncounted:
        assert step == plan.skipped(Reason.NEVER_COUNTED)
    elif row.local is None:
        assert _code(step) is Code.NO_LOCAL_VALUE
    elif row.local == shopify:
        assert isinstance(step, plan.Settle)
    elif row.base != shopify and quiet_for < 120:
        assert _code(step) is Code.SHOPIFY_JUST_CHANGED
    else:
        assert isinstance(step, plan.Push)


@pytest.mark.parametrize(("asked", "pushed"), [(0, False), (119, False), (120, True), (None, True), (5000, True)])
def test_a_late_job_overrides_only_what_was_quiet_when_it_was_asked_for(asked: int | None, pushed: bool) -> None:
    """A row taken long after the request is no licence to undo what Shopify did in between."""
    row = row_of(Stock(base=7, count=10), 5, changed=0, taken=1000)
    step = plan.first_step(row, Direction.TO_SHOPIFY, None if asked is None else START + timedelta(seconds=asked))
    assert isinstance(step, plan.Push) is pushed
    if not pushed:
        assert _code(step) is Code.SHOPIFY_JUST_CHANGED


@given(stocks(), quantities)
def test_a_schedule_pushes_nothing_that_never_agreed(stock: Stock, shopify: int) -> None:
    """A person chooses there: an unattended run skips it; it pushes and refuses the rest as any other run does."""
    row = row_of(stock, shopify)
    step = plan.first_step(row, Direction.TO_SHOPIFY, unattended=True)
    if row.cell_class is CellClass.NO_BASE and row.local not in {None, shopify}:
        assert step == plan.skipped(Reason.NEVER_AGREED)
    else:
        assert step == plan.first_step(row, Direction.TO_SHOPIFY)


def test_a_first_count_since_the_preview_is_not_overwritten() -> None:
    """Somebody has counted nothing there: that moves no total, and is a count all the same."""
    stock = start_tracking(Stock(base=12, base_time=START)).stock
    row = row_of(stock, 12)
    counted_since = adjust(stock, 0).stock
    ended = plan.accept_read(counted_since, row, 12, LATER, noted_rev=counted_since.rev, only_shopify_moved=False)
    assert ended == plan.error(Code.LOCAL_CHANGED_SINCE_PREVIEW)


def test_a_repair_gives_no_first_count() -> None:
    """A missed webhook of a cell that nobody counted is no reason to take Shopify's value for a count."""
    stock = start_tracking(Stock(base=12, base_time=START)).stock
    repair = plan.accept_read(stock, row_of(stock, 9), 9, LATER, noted_rev=stock.rev, only_shopify_moved=True)
    assert repair == plan.skipped(Reason.CLASS_CHANGED)
    person = plan.accept_read(stock, row_of(stock, 9), 9, LATER, noted_rev=stock.rev, only_shopify_moved=False)
    assert person is not None
    assert person.change is not None
    assert (person.state, person.change.stock.count) == (CellState.UPDATED, 9)


@given(stocks(), quantities, st.booleans())
def test_the_first_step_to_local(stock: Stock, shopify: int, unknown: bool) -> None:
    """toLocal reads again, unless the row is in sync beyond doubt."""
    row = row_of(replace(stock, unknown_outcome=unknown), shopify)
    step = plan.first_step(row, Direction.TO_LOCAL)
    assert isinstance(step, plan.Settle if row.difference == 0 and not unknown else plan.ReadAndAccept)


@given(stocks(based=True), quantities, quantities, quantities)
def test_the_target_is_the_correction_on_top_of_what_shopify_holds(
    stock: Stock, seen: int, now: int, adjusted: int
) -> None:
    """quantity = Shopify's value + (L0 − S0) + the hand adjustments since, compared with what was read."""
    assume(not stock.uncounted)
    row = row_of(stock, seen)
    later = adjust(stock, adjusted).stock if stock.tracks else stock
    since = adjusted if stock.tracks else 0
    decision = _push(later, row, now)
    assert row.local is not None
    correction = row.local - seen + since
    if correction == 0:
        assert isinstance(decision, Ended)
        assert (decision.state, decision.reason) == (CellState.SKIPPED, Reason.ALREADY_EQUAL)
        assert decision.change == settle(later, now, LATER, later.manual_total)
    else:
        assert decision == Target(now + correction, now, later.manual_total, later.tracks_rev)


@given(stocks(based=True), quantities, st.sampled_from(Direction))
def test_another_tracks_rev_stops_every_decision(stock: Stock, shopify: int, direction: Direction) -> None:
    """A row taken before tracking was switched decides nothing."""
    row = row_of(stock, shopify)
    switched = replace(stock, tracks_rev=stock.tracks_rev + 1)
    assert _code(_push(switched, row, shopify)) is Code.TRACKING_CHANGED
    assert _code(plan.settle_in_sync(switched, row)) is Code.TRACKING_CHANGED
    accepted = plan.accept_read(
        switched, row, shopify, LATER, noted_rev=switched.rev, only_shopify_moved=direction is Direction.TO_LOCAL
    )
    assert _code(accepted) is Code.TRACKING_CHANGED


def test_tracking_switched_on_is_another_tracks_rev() -> None:
    """A BOM counted for the first time after the preview is not pushed from an old row."""
    stock = Stock(base=7, base_time=START)
    row = row_of(stock, 5)
    assert _code(_push(start_tracking(stock).stock, row, 5)) is Code.TRACKING_CHANGED


@given(stocks(based=True), quantities, st.integers(1, 3))
def test_settled_since_the_preview(stock: Stock, shopify: int, settles: int) -> None:
    """Another run has been there: an error, or a skip where the cell is in sync now; never a second settle."""
    row = row_of(stock, shopify)
    settled = replace(stock, settle_no=stock.settle_no + settles)
    decisions = (_push(settled, row, shopify), plan.settle_in_sync(settled, row))
    for decision in decisions:
        assert isinstance(decision, Ended)
        assert decision.change is None
        if settled.base == settled.local:
            assert (decision.state, decision.reason) == (CellState.SKIPPED, Reason.SETTLED_SINCE_PREVIEW)
        else:
            assert decision.code is Code.SETTLED_SINCE_PREVIEW


@given(stocks(based=True), quantities, st.none() | quantities)
def test_any_event_stops_an_override_and_only_that(stock: Stock, shopify: int, value: int | None) -> None:
    """An event after the preview, whatever its date and effect, forbids a push against a base that differs."""
    row = row_of(stock, shopify)
    after = observe_event(stock, value, START - timedelta(days=1)).stock
    assert plan.event_since_preview(after, row) is (stock.base != shopify)
    if row.difference != 0 and stock.base != shopify:
        assert _code(_push(after, row, shopify)) is Code.SHOPIFY_CHANGED_BEFORE_PREVIEW
    assert not plan.event_since_preview(stock, row)


def test_a_read_that_explains_the_difference_stops_an_override() -> None:
    """A verifying read has moved base and count since the preview: pushing the old local value would undo a sale."""
    stock = Stock(base=10, base_time=START, count=13)
    row = row_of(stock, 8)
    verified = observe_read(stock, 8, START).stock
    assert plan.event_since_preview(verified, row)
    assert _code(_push(verified, row, 8)) is Code.SHOPIFY_CHANGED_BEFORE_PREVIEW


def test_a_read_that_explains_the_difference_stops_a_settle() -> None:
    """Equal by two roads: once a read has told which, an old row no longer swallows the hand adjustment."""
    stock = Stock(base=10, base_time=START, count=8, manual_total=-2)
    row = row_of(stock, 8)
    verified = observe_read(stock, 8, START).stock
    ended = plan.settle_in_sync(verified, row)
    assert (ended.reason, ended.change, ended.verify) == (Reason.IN_SYNC, None, True)


def test_a_first_base_read_since_the_preview_stops_no_seeding() -> None:
    """A fresh cell may be pushed although a read has set its base to the value shown, not to another."""
    stock = Stock(count=10)
    row = row_of(stock, 7)
    assert _push(observe_read(stock, 7, START).stock, row, 7) == Target(10, 7, 0, 0)
    assert _code(_push(observe_read(stock, 6, START).stock, row, 6)) is Code.SHOPIFY_CHANGED_BEFORE_PREVIEW


@given(stocks(based=True), quantities)
def test_a_cell_in_doubt_is_not_pushed_from_a_row_taken_before(stock: Stock, shopify: int) -> None:
    """A push of unknown outcome since the preview: nothing is pushed and nothing settled by itself."""
    row = row_of(stock, shopify)
    doubtful = mark_unknown(stock).stock
    assert _code(_push(doubtful, row, shopify)) is Code.OUTCOME_UNKNOWN
    settled = plan.settle_in_sync(doubtful, row)
    assert settled.change is None
    assert settled.verify


def test_a_repair_leaves_a_cell_in_doubt_to_a_person() -> None:
    """Doubt counts as both moved, so drift is not repaired; a person may accept, which ends the doubt."""
    stock = mark_unknown(Stock(base=10, base_time=START, count=10)).stock
    row = row_of(stock, 7)
    repair = plan.accept_read(stock, row, 7, LATER, noted_rev=stock.rev, only_shopify_moved=True)
    assert repair == plan.skipped(Reason.CLASS_CHANGED)
    person = plan.accept_read(stock, row, 7, LATER, noted_rev=stock.rev, only_shopify_moved=False)
    assert person is not None
    assert person.change is not None
    assert not person.change.stock.unknown_outcome


@pytest.mark.parametrize(
    ("local", "allow", "expected"),
    [
        (-1, False, Code.NEGATIVE_TARGET),
        (-1, True, None),
        (0, False, None),
        (1_000_000_000, True, None),
        (1_000_000_001, True, Code.QUANTITY_OUT_OF_RANGE),
        (-1_000_000_001, True, Code.QUANTITY_OUT_OF_RANGE),
    ],
)
def test_limits_of_a_target(local: int, allow: bool, expected: Code | None) -> None:
    """Negative targets are the shop's choice; Shopify's own limits are exact."""
    stock = Stock(base=7, base_time=START, count=local)
    decision = plan.push_target(stock, row_of(stock, 7), 7, LATER, allow_negative=allow)
    if expected is None:
        assert decision == Target(local, 7, 0, 0)
    else:
        assert _code(decision) is expected


@given(stocks(based=True), st.booleans())
def test_in_sync_is_settled_where_a_push_would_be_allowed(stock: Stock, quiet: bool) -> None:
    """Settled at S0 where the base equals it, or where it has been quiet; else left to webhook and read."""
    assume(stock.local is not None)
    assert stock.local is not None
    row = row_of(stock, stock.local, changed=0, taken=120 if quiet else 119)
    ended = plan.settle_in_sync(stock, row)
    assert (ended.state, ended.reason) == (CellState.SKIPPED, Reason.IN_SYNC)
    if stock.base == stock.local or quiet:
        assert ended.change == settle(stock, row.shopify, row.shopify_time, stock.manual_total)
    else:
        assert (ended.change, ended.verify) == (None, True)


@given(stocks(based=True), quantities, quantities)
def test_accept(stock: Stock, seen: int, now: int) -> None:
    """toLocal takes what was read: skipped where both sides hold it already, else updated; equal either way."""
    ended = plan.accept_read(stock, row_of(stock, seen), now, LATER, noted_rev=stock.rev, only_shopify_moved=False)
    assert ended is not None
    assert ended.change is not None
    assert (ended.change.stock.base, ended.change.stock.local) == (now, now)
    assert [entry.field for entry in ended.change.entries] == [
        *(["count"] if stock.tracks and stock.count != now else []),
        *(["base"] if stock.base != now else []),
    ]
    unchanged = stock.base == now and stock.local == now
    assert ended.state is (CellState.SKIPPED if unchanged else CellState.UPDATED)


@given(stocks(based=True), quantities, st.integers(1, 5))
def test_a_read_under_another_rev_is_taken_again(stock: Stock, value: int, writes: int) -> None:
    """Something was written while Shopify was read."""
    row = row_of(stock, value)
    noted = stock.rev - writes
    assert plan.accept_read(stock, row, value, LATER, noted_rev=noted, only_shopify_moved=False) is None


@given(stocks(based=True, tracks=True), quantities, quantities.filter(bool))
def test_a_hand_adjustment_is_never_overwritten_unseen(stock: Stock, value: int, delta: int) -> None:
    """toLocal stops where somebody has adjusted the count since the preview."""
    adjusted = adjust(stock, delta).stock
    ended = plan.accept_read(
        adjusted, row_of(stock, value), value, LATER, noted_rev=adjusted.rev, only_shopify_moved=False
    )
    assert _code(ended) is Code.LOCAL_CHANGED_SINCE_PREVIEW


@given(stocks(based=True), quantities)
def test_a_repair_takes_only_what_shopify_alone_moved(stock: Stock, value: int) -> None:
    """A job from drift classifies again inside the transaction."""
    ended = plan.accept_read(stock, row_of(stock, value), value, LATER, noted_rev=stock.rev, only_shopify_moved=True)
    assert ended is not None
    if stock.local == stock.base and value != stock.base:
        assert ended.state is CellState.UPDATED
    else:
        assert (ended.state, ended.reason, ended.change) == (CellState.SKIPPED, Reason.CLASS_CHANGED, None)
