"""Splitting work into calls and transactions."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.batches import ROWS_PER_CALL, batches, calls, halves

sizes = st.integers(1, 7)
rows = st.lists(st.tuples(st.integers(0, 8), st.booleans(), st.integers()), max_size=60)


@given(st.lists(st.integers(), max_size=40), sizes)
def test_batches_keep_order_and_lose_nothing(items: list[int], size: int) -> None:
    """All but the last batch are full."""
    split = list(batches(items, size))
    assert [item for batch in split for item in batch] == items
    assert all(len(batch) == size for batch in split[:-1])
    assert all(0 < len(batch) <= size for batch in split)


def test_a_batch_holds_something() -> None:
    """A size of zero is a mistake of the caller."""
    with pytest.raises(ValueError, match="at least one"):
        list(batches([1], 0))


@given(rows, sizes)
def test_calls(work: list[tuple[int, bool, int]], size: int) -> None:
    """Nothing lost or doubled, no pair twice in a call, none too long, and rows that go alone are alone."""
    split = calls(work, pair=lambda row: row[0], alone=lambda row: row[1], size=size)
    assert Counter(row for call in split for row in call) == Counter(work)
    for call in split:
        assert 0 < len(call) <= size
        assert len({row[0] for row in call}) == len(call)
        if any(row[1] for row in call):
            assert len(call) == 1


@given(st.integers(0, 700))
def test_distinct_rows_fill_their_calls(number: int) -> None:
    """400 cells are two calls, not four hundred."""
    split = calls(range(number), pair=lambda row: row, alone=lambda _: False)
    assert len(split) == -(-number // ROWS_PER_CALL)


@given(st.lists(st.integers(), min_size=2, max_size=40))
def test_halves(items: list[int]) -> None:
    """Both halves are shorter than the whole, so that halving ends."""
    left, right = halves(items)
    assert [*left, *right] == items
    assert 0 < len(right) <= len(left) < len(items)
