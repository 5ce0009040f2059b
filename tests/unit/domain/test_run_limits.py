"""What a schedule may do by itself: the safe side of each direction, and nothing above a limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.comparison import SUGGESTED, CellClass, Direction
from shared.domain.drift import FEW_CELLS, RepairPolicy
from shared.domain.run_limits import DEFAULT_LIMITS, Differences, Differing, RunLimits, RunPlan, WaitsFor, plan_of
from shared.domain.run_limits import waits_for as why

DIFFERENT = [c for c in CellClass if c not in {CellClass.IN_SYNC, CellClass.NOT_COMPARED}]

limits = st.builds(
    RunLimits,
    differences=st.sampled_from(Differences),
    max_move=st.integers(1, 50),
    max_share=st.floats(0, 1, allow_nan=False),
)
found = st.lists(
    st.builds(
        Differing, cell_class=st.sampled_from(DIFFERENT), places=st.integers(1, 20), largest_move=st.integers(0, 100)
    ),
    unique_by=lambda one: one.cell_class,
)


@pytest.mark.parametrize("direction", Direction)
def test_by_default_only_what_the_comparison_suggests_is_settled(direction: Direction) -> None:
    """Towards either side just the class that the other side alone has moved; the rest is left to a person."""
    classes = DEFAULT_LIMITS.classes(direction)
    assert {SUGGESTED[cell_class] for cell_class in classes} == {direction}
    assert len(classes) == 1
    assert {*classes, *DEFAULT_LIMITS.left_to_a_person(direction)} == set(DIFFERENT)


def test_the_defaults_are_those_of_automatic_repair() -> None:
    """Somebody who knows the one knows the other."""
    policy = RepairPolicy()
    assert (DEFAULT_LIMITS.max_move, DEFAULT_LIMITS.max_share) == (policy.max_move, policy.max_share)


def test_sides_that_never_agreed_are_never_pushed_by_schedule() -> None:
    """Whatever it may settle: a first count may be taken over from Shopify, never sent there unseen."""
    everything = RunLimits(Differences.ALL)
    assert CellClass.NO_BASE not in everything.classes(Direction.TO_SHOPIFY)
    assert everything.left_to_a_person(Direction.TO_SHOPIFY) == (CellClass.NO_BASE,)
    assert everything.left_to_a_person(Direction.TO_LOCAL) == ()


@given(found, limits, st.sampled_from(Direction), st.integers(0, 100), st.booleans())
def test_a_run_that_begins_by_itself_is_within_every_limit(
    seen: list[Differing], within: RunLimits, direction: Direction, others: int, breaker_open: bool
) -> None:
    """Every place is either the run's or a person's, and one limit that is passed is enough to wait."""
    compared = sum(one.places for one in seen) + others
    plan = plan_of(seen, compared, within, direction)
    assert plan.places + plan.left == sum(one.places for one in seen)
    reason = why(within, plan, breaker_open=breaker_open)
    mine = [one for one in seen if one.cell_class in within.classes(direction)]
    moves = all(one.largest_move <= within.max_move for one in mine)
    few = plan.places <= max(FEW_CELLS, within.max_share * compared)
    assert (reason is None) == (moves and few and not (breaker_open and plan.places))
    assert why(within, plan, breaker_open=breaker_open, look_first=True) is not None


@pytest.mark.parametrize(
    ("plan", "breaker_open", "look_first", "reason"),
    [
        (RunPlan(1, 100, 11, 0), False, False, WaitsFor.MOVE),
        (RunPlan(1, 100, 10, 0), False, False, None),
        (RunPlan(21, 100, 1, 0), False, False, WaitsFor.SHARE),
        (RunPlan(20, 100, 1, 0), False, False, None),
        (RunPlan(3, 3, 1, 0), False, False, None),
        (RunPlan(4, 4, 1, 0), False, False, WaitsFor.SHARE),
        (RunPlan(1, 100, 1, 0), True, False, WaitsFor.BREAKER),
        (RunPlan(0, 100, 0, 7), True, False, None),
        (RunPlan(0, 0, 0, 0), False, True, WaitsFor.ASKED),
        (RunPlan(1, 100, 11, 0), True, True, WaitsFor.MOVE),
    ],
)
def test_the_reason_is_the_first_that_a_person_should_hear(
    plan: RunPlan, breaker_open: bool, look_first: bool, reason: WaitsFor | None
) -> None:
    """How far, how many, a repair that has stopped, and only then that somebody wanted to look."""
    given_limits = RunLimits(max_move=10, max_share=0.2)
    assert why(given_limits, plan, breaker_open=breaker_open, look_first=look_first) is reason
