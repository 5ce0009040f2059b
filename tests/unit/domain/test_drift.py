"""When a divergence is a missed webhook, and what may be repaired without a person."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.comparison import CellClass
from shared.domain.drift import (
    FEW_CELLS,
    WHOLE_DAY,
    DriftMode,
    Hold,
    QuietHours,
    RepairPolicy,
    Verdict,
    breaker_reason,
    came_late,
    caught_up,
    hold,
    judge_divergence,
    loss_ratio,
    may_repair,
)
from shared.domain.stock import Stock, observe_event, observe_read
from tests.unit.domain.strategies import START, quantities, row_of, stocks, times

GRACE = timedelta(minutes=2)
minutes = st.integers(0, WHOLE_DAY - 1)
policies = st.builds(
    RepairPolicy,
    mode=st.sampled_from(DriftMode),
    max_share=st.floats(0, 1),
    max_move=st.integers(1, 50),
    jobs_per_hour=st.integers(1, 5),
    quiet=st.none() | st.builds(QuietHours, minutes, minutes),
)


@given(
    stock=stocks(based=True),
    shopify=quantities,
    first=st.integers(0, 600),
    second=st.integers(0, 600),
    open_job=st.booleans(),
)
def test_only_a_quiet_lasting_divergence_is_missed(
    *, stock: Stock, shopify: int, first: int, second: int, open_job: bool
) -> None:
    """A cell is accused only where it differs, no event came, the grace is over and no job open."""
    row = row_of(stock, shopify, taken=first + second)
    since = START + timedelta(seconds=first)
    verdict = judge_divergence(since, stock.events_no, row, grace=GRACE, open_job=open_job)
    missed = stock.base != shopify and second >= 120 and not open_job
    assert (verdict is Verdict.MISSED) == missed
    assert (verdict is Verdict.EXPLAINED) == (stock.base == shopify)


@given(stocks(based=True), quantities, times, quantities)
def test_an_event_since_then_never_leads_to_an_accusation(
    stock: Stock, value: int, time: datetime, shopify: int
) -> None:
    """Whatever an event says and however old it is: after it the watch starts over, or ends."""
    after = observe_event(stock, value, time).stock
    verdict = judge_divergence(START, stock.events_no, row_of(after, shopify, taken=9999), grace=GRACE)
    assert verdict in {Verdict.AGAIN, Verdict.EXPLAINED}


@given(stocks(based=True), quantities, times)
def test_what_was_read_is_caught_up_with(stock: Stock, shopify: int, time: datetime) -> None:
    """Once the base holds the value that was missed, the record can be closed."""
    assert caught_up(observe_read(stock, shopify, time).stock, stock.base_time, shopify, time)


@given(stocks(based=True), quantities, times)
def test_a_base_that_stands_has_caught_up_with_nothing(stock: Stock, shopify: int, time: datetime) -> None:
    """However new the base's time is: as long as it is the one that was accused, only its value counts."""
    assert caught_up(stock, stock.base_time, shopify, time) == (stock.base == shopify)


def test_without_a_base_nothing_is_missed() -> None:
    """A fresh cell has nothing that Shopify could have left."""
    assert judge_divergence(START, 0, row_of(Stock(), 5, taken=9999), grace=GRACE) is Verdict.EXPLAINED


@pytest.mark.parametrize(("seconds", "late"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_only_the_very_change_comes_late(seconds: int, late: bool) -> None:
    """An event is the missing one where its time is that of the value, give or take a second."""
    assert came_late(START + timedelta(seconds=seconds), START) is late


def test_only_what_shopify_alone_has_moved_is_repaired() -> None:
    """Every other class is left to a person."""
    assert [c for c in CellClass if may_repair(c)] == [CellClass.SHOPIFY_MOVED]


@given(policies, st.integers(0, 100), st.integers(1, 100), st.integers(0, 100))
def test_the_breaker_opens_beyond_its_limits_and_says_why(
    policy: RepairPolicy, missed: int, cells: int, move: int
) -> None:
    """It opens exactly where a move or a share is too large; a few cells never do by their share."""
    reason = breaker_reason(policy, missed=missed, cells=cells, largest_move=move)
    too_many = missed > FEW_CELLS and missed > policy.max_share * cells
    assert (reason is not None) == (move > policy.max_move or too_many)
    if reason is not None:
        assert str(move if move > policy.max_move else missed) in reason


@given(policies, minutes, st.integers(0, 10))
def test_nothing_begins_while_the_breaker_is_open(policy: RepairPolicy, minute: int, jobs: int) -> None:
    """An open breaker holds everything that no person has approved."""
    why = hold(policy, breaker_open=True, minute=minute, jobs_in_last_hour=jobs)
    assert why is (Hold.BREAKER if policy.mode is DriftMode.REPAIR else Hold.MODE)


@given(policies, minutes, st.integers(0, 10))
def test_repair_keeps_to_mode_hours_and_number(policy: RepairPolicy, minute: int, jobs: int) -> None:
    """It begins only in the mode repair, outside the quiet hours, and below the number of jobs."""
    why = hold(policy, breaker_open=False, minute=minute, jobs_in_last_hour=jobs)
    quiet = policy.quiet is not None and policy.quiet.hold(minute)
    assert (why is None) == (policy.mode is DriftMode.REPAIR and not quiet and jobs < policy.jobs_per_hour)


@given(minutes, minutes)
def test_quiet_hours_last_from_start_to_before_end(start: int, end: int) -> None:
    """They have the length that the clock gives them, also over midnight; equal ends are the whole day."""
    held = [minute for minute in range(WHOLE_DAY) if QuietHours(start, end).hold(minute)]
    assert len(held) == ((end - start) % WHOLE_DAY or WHOLE_DAY)
    assert start in held


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_the_loss_ratio_is_a_share(missed: int, received: int) -> None:
    """None where nothing has happened, else between 0 and 1, and 0 only without a loss."""
    ratio = loss_ratio(missed, received)
    assert (ratio is None) == (missed + received == 0)
    assert ratio is None or (0 <= ratio <= 1 and (ratio == 0) == (missed == 0))
