"""Whether two selections may share a cell, against brute force."""

from __future__ import annotations

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
filters = st.builds(Filtered, text=st.none() | st.just("x"), location_ids=_some(LOCATIONS))


def _cells(selection: Selection) -> set[CellKey]:
    """Every cell it can mean in a shop of three BOMs and three locations; a filter may mean any BOM."""
    if isinstance(selection, Picked):
        return set(selection.cells)
    grid = selection if isinstance(selection, Grid) else Grid(None, selection.location_ids)
    return {cell for cell in ALL if grid.has(cell)}


@given(grids | picked, grids | picked)
def test_exact_for_grids_and_picked_cells(a: Selection, b: Selection) -> None:
    """True if and only if some cell is in both."""
    assert may_overlap(a, b) is not _cells(a).isdisjoint(_cells(b))


@given(filters, grids | picked | filters)
def test_conservative_for_filters(a: Selection, b: Selection) -> None:
    """A filter is taken to mean every BOM: whatever it finds, no shared cell is missed."""
    assert may_overlap(a, b) is not _cells(a).isdisjoint(_cells(b))


@given(grids | picked | filters, grids | picked | filters)
def test_symmetric(a: Selection, b: Selection) -> None:
    """Which of the two is earlier makes no difference."""
    assert may_overlap(a, b) is may_overlap(b, a)
