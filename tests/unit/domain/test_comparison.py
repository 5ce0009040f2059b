"""The three-way comparison of section 1: classes, differences, rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.comparison import (
    GRACE,
    NOT_COMPARABLE,
    SUGGESTED,
    CellClass,
    Direction,
    Reason,
    Row,
    classify,
)
from shared.domain.stock import Stock
from tests.unit.domain.strategies import START, quantities, row_of, stocks

TABLE = [
    (10, 10, 10, CellClass.IN_SYNC),
    (10, 10, 7, CellClass.SHOPIFY_MOVED),
    (7, 10, 7, CellClass.LOCAL_MOVED),
    (5, 8, 7, CellClass.BOTH_MOVED),
    (5, 7, 7, CellClass.IN_SYNC),
    (None, 10, 7, CellClass.NO_BASE),
    (None, None, 7, CellClass.NO_BASE),
    (None, 7, 7, CellClass.NO_BASE),
    (-3, -3, 0, CellClass.SHOPIFY_MOVED),
]


@pytest.mark.parametrize(("base", "local", "remote", "expected"), TABLE)
def test_classes_are_the_table(base: int | None, local: int | None, remote: int, expected: CellClass) -> None:
    """Each row of the table has its class; negative values are compared as they are."""
    assert classify(base, local, remote) is expected


@given(quantities | st.none(), quantities | st.none(), quantities)
def test_every_cell_has_exactly_one_class(base: int | None, local: int | None, remote: int) -> None:
    """The table is total and its rows exclude each other."""
    known = base is not None and local is not None
    conditions = {
        CellClass.NO_BASE: not known,
        CellClass.IN_SYNC: known and local == remote,
        CellClass.SHOPIFY_MOVED: known and base == local != remote,
        CellClass.LOCAL_MOVED: known and base == remote != local,
        CellClass.BOTH_MOVED: known and base != remote and local not in {base, remote},
    }
    assert [cell_class for cell_class, holds in conditions.items() if holds] == [classify(base, local, remote)]


@given(quantities, quantities | st.none(), quantities)
def test_sides_that_never_agreed_have_no_base(base: int, local: int | None, remote: int) -> None:
    """Whatever was read since: a person chooses, and nothing is suggested; equal sides have nothing to choose."""
    cell_class = classify(base, local, remote, never_agreed=True)
    assert cell_class is (CellClass.IN_SYNC if local == remote else CellClass.NO_BASE)
    assert SUGGESTED[cell_class] is None


@given(stocks(based=True, tracks=False), quantities)
def test_an_untracked_cell_is_in_sync_or_shopify_moved(stock: Stock, remote: int) -> None:
    """Where a BOM does not track, local is the base: nobody can have adjusted it."""
    row = row_of(stock, remote)
    assert row.cell_class in {CellClass.IN_SYNC, CellClass.SHOPIFY_MOVED}
    assert row.overrides_shopify is (row.difference != 0)


@given(stocks(), quantities)
def test_difference_is_shopify_minus_local(stock: Stock, remote: int) -> None:
    """The difference is exact, and absent where there is no local value: missing is never zero."""
    row = row_of(stock, remote)
    local = stock.base if stock.count is None and not stock.never_agreed else stock.count
    assert row.difference == (None if local is None else remote - local)
    assert (row.difference == 0 and row.base is not None) == (row.cell_class is CellClass.IN_SYNC)


@given(stocks(), quantities)
def test_a_row_keeps_what_was_read(stock: Stock, remote: int) -> None:
    """Every counter that a later decision asks for is in the row."""
    row = row_of(stock, remote, changed=5, taken=9)
    assert (row.shopify, row.shopify_time, row.taken_at) == (
        remote,
        START + timedelta(seconds=5),
        START + timedelta(seconds=9),
    )
    kept = (row.base, row.local, row.manual_total, row.settle_no, row.events_no, row.tracks_rev)
    assert kept == (
        *(stock.base, stock.local, stock.manual_total),
        *(stock.settle_no, stock.events_no, stock.tracks_rev),
    )


@given(stocks(based=True), quantities)
def test_an_unknown_outcome_is_shown_as_both_moved(stock: Stock, remote: int) -> None:
    """A person must choose, whatever the numbers say."""
    row = row_of(stock.__class__(base=stock.base, count=stock.count, unknown_outcome=True), remote)
    assert row.cell_class is CellClass.BOTH_MOVED


@pytest.mark.parametrize(("seconds", "quiet"), [(0, False), (119, False), (120, True), (500, True)])
def test_quiet_is_the_grace_period(seconds: int, quiet: bool) -> None:
    """Shopify's value must have stood for two minutes, by Shopify's own times."""
    row: Row = row_of(Stock(base=10, base_time=START), 7, changed=100, taken=100 + seconds)
    assert timedelta(minutes=2) == GRACE
    assert row.quiet is quiet


def test_suggestions() -> None:
    """Only what one side alone has moved is suggested; the rest is for a person."""
    assert set(SUGGESTED) == set(CellClass)
    assert {cell_class: direction for cell_class, direction in SUGGESTED.items() if direction} == {
        CellClass.SHOPIFY_MOVED: Direction.TO_LOCAL,
        CellClass.LOCAL_MOVED: Direction.TO_SHOPIFY,
    }


def test_reasons_for_leaving_out() -> None:
    """The reasons for which a cell is not compared are those of the design."""
    assert {reason.value for reason in NOT_COMPARABLE} == {
        *("untracked", "not_stocked", "location_inactive", "fulfillment_service", "externally_managed"),
    }
    assert Reason.IN_SYNC not in NOT_COMPARABLE
