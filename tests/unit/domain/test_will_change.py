"""What a run over a preview will change, row by row and in all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.selection import LeaveOut
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction, Reason, Row
from shared.domain.will_change import Move, SeenRow, WillChange, fate, will_change
from shared.domain.words.codes import Code

AT = datetime(2026, 1, 1, tzinfo=UTC)
PUSH, PULL = Direction.TO_SHOPIFY, Direction.TO_LOCAL


def row(shopify: int, local: int | None, *, base: int | None = 9, age: int = 3600, **more: bool) -> Row:
    """What a preview saw."""
    return Row(shopify, AT, AT + timedelta(seconds=age), base, local, 0, 0, 0, 0, **more)


@pytest.mark.parametrize(
    ("seen", "pushed", "pulled"),
    [
        (row(9, 9), None, None),
        (row(9, 12), Move(9, 12), Move(12, 9)),
        (row(9, -2), Code.NEGATIVE_TARGET, Move(-2, 9)),
        (row(12, 9, age=5), Code.SHOPIFY_JUST_CHANGED, Move(9, 12)),
        (row(9, None, never_agreed=True), Reason.NEVER_COUNTED, Move(None, 9)),
        (row(9, None, base=None), Code.NO_LOCAL_VALUE, Move(None, 9)),
        (row(9, 9, base=None), None, None),
        (row(9, 9, unknown_outcome=True), Code.OUTCOME_UNKNOWN, Move(9, 9)),
    ],
)
def test_what_becomes_of_a_row(seen: Row, pushed: object, pulled: object) -> None:
    """In either direction it moves to the other side's value, is refused for a reason, or stays."""
    assert (fate(seen, PUSH), fate(seen, PULL)) == (pushed, pulled)


def test_a_shop_that_allows_it_pushes_below_zero() -> None:
    """Nothing else that refuses a push is lifted by that."""
    assert fate(row(9, -2), PUSH, allow_negative=True) == Move(9, -2)
    assert fate(row(12, -2, age=5), PUSH, allow_negative=True) is Code.SHOPIFY_JUST_CHANGED


@pytest.mark.parametrize(("before", "after", "empties"), [(3, 0, True), (None, 0, True), (0, -1, False), (3, 1, False)])
def test_going_to_zero_is_told_once(before: int | None, after: int, empties: bool) -> None:
    """What had nothing before is not emptied again."""
    assert Move(before, after).empties is empties


rows = st.builds(
    row,
    st.integers(-3, 9),
    st.one_of(st.none(), st.integers(-3, 9)),
    base=st.one_of(st.none(), st.integers(-3, 9)),
    age=st.sampled_from([5, 3600]),
    unknown_outcome=st.booleans(),
    never_agreed=st.booleans(),
)


@given(st.lists(rows, max_size=30), st.sampled_from(Direction), st.booleans())
def test_the_sum_is_of_what_changes_and_of_nothing_else(seen: list[Row], direction: Direction, allowed: bool) -> None:
    """Units up less units down are what the side moves by; classes add up to the cells; each end is one of the rows."""
    given_rows = [SeenRow(CellKey(f"b{no // 3}", str(no % 3)), None, None, one) for no, one in enumerate(seen)]
    found = will_change(given_rows, direction, allow_negative=allowed)
    fates = [fate(one, direction, allow_negative=allowed) for one in seen]
    moves = [one for one in fates if isinstance(one, Move)]
    by = [move.by for move in moves if move.by is not None]
    assert found.up - found.down == sum(by)
    assert (found.cells, found.first_counts) == (len(moves), len(moves) - len(by))
    assert sum(found.classes.values()) == found.cells
    assert found.cells + sum(found.refused.values()) + sum(one is None for one in fates) == len(seen)
    assert (found.rise is None) == (max(by, default=0) <= 0)
    assert (found.fall is None) == (min(by, default=0) >= 0)
    assert found.largest == max((abs(one) for one in by), default=0)
    assert found.emptied <= found.cells >= found.boms


def test_nothing_changes_nothing() -> None:
    """Rows that agree are not counted among the changes."""
    assert will_change([SeenRow(CellKey("a", "1"), None, None, row(9, 9))] * 3, PUSH) == WillChange()


def test_what_is_left_out_may_have_exceptions() -> None:
    """A row left out with its class or BOM can be kept; one named itself is left out whatever else is said."""
    here, there = {"bom_id": "a", "location_id": "1"}, {"bom_id": "a", "location_id": "2"}
    out = LeaveOut.model_validate({"bom_ids": ["a"], "classes": ["both_moved"], "keep": [here], "cells": [there]})
    assert not out.has(CellKey("a", "1"), "both_moved")
    assert out.has(CellKey("a", "2"), "in_sync")
    assert out.has(CellKey("a", "3"), "local_moved")
    assert out.has(CellKey("b", "1"), "both_moved")
    assert not out.has(CellKey("b", "1"), "local_moved")
