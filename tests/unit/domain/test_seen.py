"""What a preview has seen is shown until something is heard of Shopify, and nothing else is built on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.comparison import CellClass, is_different, known_class, known_difference
from shared.domain.stock import (
    Change,
    Stock,
    accept,
    counted,
    forget_base,
    observe_event,
    observe_read,
    remapped,
    see,
    settle,
    undo_push,
)

THEN = datetime(2026, 1, 1, tzinfo=UTC)
LATER = THEN + timedelta(minutes=5)
AGREED = Stock(base=7, base_time=THEN, count=7, settle_no=1)


def _seen(stock: Stock, value: int) -> Stock:
    news = see(stock, value, LATER)
    assert news is not None
    return news


def test_what_differs_from_the_base_is_news() -> None:
    """It is Shopify's value as known, with its class and difference; base, count and counters stay as they were."""
    news = _seen(AGREED, 4)
    assert replace(news, seen=None) == AGREED
    assert (news.shopify, known_class(news), known_difference(news)) == (4, CellClass.SHOPIFY_MOVED, -3)
    assert (news.local, news.base) == (7, 7)
    assert see(news, 4, LATER) is None
    assert see(AGREED, 7, LATER) is None
    assert see(Stock(), 7, LATER) is None
    assert see(news, 7, LATER) == AGREED


@pytest.mark.parametrize(
    "change",
    [
        observe_event(_seen(AGREED, 4), 7, LATER),
        observe_event(_seen(AGREED, 4), 6, LATER),
        observe_event(_seen(AGREED, 4), None, LATER),
        observe_read(_seen(AGREED, 4), 4, LATER),
        observe_read(_seen(AGREED, 4), 7, LATER),
        settle(_seen(AGREED, 4), 7, LATER, 0),
        accept(_seen(AGREED, 4), 4, LATER, 0),
        forget_base(_seen(AGREED, 4)),
        remapped(_seen(AGREED, 4)),
        undo_push(_seen(AGREED, 4), 5, LATER, 2),
    ],
)
def test_it_goes_with_the_next_that_is_heard_of_shopify(change: Change) -> None:
    """A webhook, a read, a settle, another item: from then on the base tells."""
    assert change.stock.news is None
    assert change.stock.shopify == change.stock.base


def test_a_count_by_hand_leaves_it() -> None:
    """Nothing was heard of Shopify: what is different now is different from what was seen."""
    stock = counted(_seen(AGREED, 4), 2).stock
    assert (stock.shopify, known_class(stock), known_difference(stock)) == (4, CellClass.BOTH_MOVED, -5)


@given(
    st.builds(
        Stock,
        base=st.none() | st.integers(-3, 3),
        count=st.none() | st.integers(-3, 3),
        never_agreed=st.booleans(),
        unknown_outcome=st.booleans(),
        not_compared=st.none() | st.just("untracked"),
    ),
    st.none() | st.integers(-3, 3),
)
def test_different_is_comparable_and_not_the_same(stock: Stock, value: int | None) -> None:
    """Never where one of the values is missing, or nothing can be compared; always where a push is in doubt."""
    stock = (None if value is None else see(stock, value, LATER)) or stock
    cell_class, difference = known_class(stock), known_difference(stock)
    different = is_different(cell_class, difference)
    if stock.not_compared is not None:
        assert (different, difference) == (False, None)
    elif stock.unknown_outcome:
        assert different
    else:
        assert different is (difference not in {None, 0})
        assert (difference is None) is (stock.shopify is None or stock.local is None)
