"""Costs learned from replies: never too few, never above a limit, and unlearned when Shopify changes its prices."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.shopify.calls.costs import QUERY_LIMIT, CostBook, Line, Price, max_rows

RISING = st.lists(st.integers(1, 250), min_size=1, max_size=8)


@given(base=st.integers(0, 50), each=st.integers(0, 20), seen=RISING, rows=st.integers(1, 250))
def test_an_estimate_is_never_too_low(base: int, each: int, seen: list[int], rows: int) -> None:
    """Whatever numbers of rows were seen, the points for another number are not underestimated."""
    line = Line()
    for number in seen:
        line.note(number, base + each * number)
    assert line.expect(rows) >= base + each * rows - 1e-6
    assert line.at_least(rows) <= base + each * rows


@given(base=st.integers(0, 50), each=st.integers(0, 20), seen=RISING, rows=st.integers(1, 250))
def test_two_numbers_of_rows_tell_all(base: int, each: int, seen: list[int], rows: int) -> None:
    """From two different numbers of rows on, the estimate is exact."""
    line = Line()
    for number in {1, 250, *seen}:
        line.note(number, base + each * number)
    assert abs(line.expect(rows) - (base + each * rows)) < 1e-6


@given(each=st.floats(0, 50), base=st.floats(0, 100), limit=st.floats(100, 1000))
def test_calls_are_sized_to_the_limit(each: float, base: float, limit: float) -> None:
    """The most rows that fit: one more would be above the limit, and they themselves are not unless one row is."""
    rows = max_rows(limit, 250, lambda number: base + each * number)
    assert 1 <= rows <= 250
    assert base + each * rows <= limit or rows == 1
    assert rows == 250 or base + each * (rows + 1) > limit


def test_a_new_price_replaces_the_old_one() -> None:
    """`nodes` costs once, then for each id, then once again: one reply is enough to know."""
    book = CostBook()
    for per_id in (False, True, False):
        for rows in (10, 100):
            book.note("nodes", Price(rows), 9.0 * (rows if per_id else 1), None)
        assert book.requested("nodes", Price(50)) == (450.0 if per_id else 9.0)


def test_what_was_refused_as_too_dear_is_not_asked_again() -> None:
    """One refusal above the limit makes the next call of that kind smaller."""
    book = CostBook()
    book.note("set", Price(250, assumed=760.0), 2512.0, None)
    rows = max_rows(QUERY_LIMIT, 250, lambda number: book.requested("set", Price(number, assumed=12.0 + 3 * number)))
    assert rows < 250
    book.note("set", Price(rows), 12.0 + 10 * rows, None)
    assert max_rows(QUERY_LIMIT, 250, lambda number: book.requested("set", Price(number))) == 98
