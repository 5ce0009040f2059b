"""Whether two selections may share a cell, against brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.cell import CellKey
from shared.domain.selection import Filtered, Grid, Picked, Selection, may_overlap

BOMS = ("a", "b", "c")
LOCATIONS = ("1", "2", "3")
ALL = [CellKey(*pair) for pair in product(BOMS, LOCATIONS)]


def _some(ids: tuple[str, ...]) -> st.SearchStrategy[frozenset[str] | None]:
    return st.none() | st.frozensets(st.sampled_from(ids))


grids = st.builds(Grid, _some(BOMS), _some(LOCATIONS))
picked = st.builds(Picked, st.frozensets(st.sampled_from(ALL)))
filters = st.builds(
    Filtered,
    text=st.none() | st.just("x"),
    location_ids=_some(LOCATIONS),
    # Never all: of the BOMs of a shop, which nobody counts here, two filters may always share one.
    except_bom_ids=st.frozensets(st.sampled_from(BOMS[:2])),
)


def _cells(selection: Selection) -> set[CellKey]:
    """Every cell it can mean in a shop of three BOMs and three locations; a filter may mean any BOM."""
    if isinstance(selection, Picked):
        return set(selection.cells)
    return {cell for cell in ALL if selection.has(cell)}


@given(grids | picked, grids | picked)
def test_exact_for_grids_and_picked_cells(a: Selection, b: Selection) -> None:
    """True if and only if some cell is in both."""
    assert may_overlap(a, b) is not _cells(a).isdisjoint(_cells(b))


@given(filters, grids | picked | filters)
def test_conservative_for_filters(a: Selection, b: Selection) -> None:
    """A filter is taken to mean every BOM but those it leaves out: whatever it finds, no shared cell is missed."""
    assert may_overlap(a, b) is not _cells(a).isdisjoint(_cells(b))


@given(grids | picked | filters, grids | picked | filters)
def test_symmetric(a: Selection, b: Selection) -> None:
    """Which of the two is earlier makes no difference."""
    assert may_overlap(a, b) is may_overlap(b, a)


@given(filters, filters)
def test_a_narrower_filter_has_no_cell_that_the_wider_one_lacks(a: Filtered, b: Filtered) -> None:
    """Within another: the same words, no other place, and nothing taken that the other leaves out."""
    if a.is_within(b):
        assert a.text == b.text
        assert _cells(a) <= _cells(b)
    assert a.is_within(a)


@given(filters, st.sampled_from(BOMS), st.sampled_from(LOCATIONS))
def test_leaving_out_more_or_keeping_to_a_place_is_narrower(wide: Filtered, bom_id: str, place: str) -> None:
    """What a person unticks, and a place chosen afterwards, narrow a filter; another search is another filter."""
    fewer = replace(wide, except_bom_ids=wide.except_bom_ids | {bom_id})
    assert fewer.is_within(wide)
    assert wide.is_within(fewer) is (bom_id in wide.except_bom_ids)
    there = replace(wide, location_ids=frozenset({place}))
    assert there.is_within(wide) is (wide.location_ids is None or place in wide.location_ids)
    assert not replace(wide, text="another").is_within(wide)
