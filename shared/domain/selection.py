"""Which cells a preview or a job is about, and whether two selections may share a cell."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass


@dataclass(frozen=True, slots=True)
class Grid:
    """Some BOMs (None: all) at some locations (None: all)."""

    bom_ids: frozenset[str] | None
    location_ids: frozenset[str] | None

    def has(self, cell: CellKey) -> bool:
        """Whether the cell lies in the grid."""
        return (self.bom_ids is None or cell.bom_id in self.bom_ids) and (
            self.location_ids is None or cell.location_id in self.location_ids
        )


@dataclass(frozen=True, slots=True)
class Picked:
    """Cells named one by one."""

    cells: frozenset[CellKey]


@dataclass(frozen=True, slots=True)
class Filtered:
    """BOMs found by search, tag or class when the work is planned; the cells are all theirs at the locations.

    The class is the one known without asking Shopify (`known_class`, and what missed webhooks tell): a BOM is found
    when any of its cells at the locations has it; `in_sync`, or `differs` False: when none of them differs.
    """

    text: str | None = None
    tag: str | None = None
    tracks_pre_assembled: bool | None = None
    location_ids: frozenset[str] | None = None
    cell_class: CellClass | None = None
    differs: bool | None = None


Selection = Grid | Picked | Filtered


def _share(a: frozenset[str] | None, b: frozenset[str] | None) -> bool:
    if a is None or b is None:
        return a != frozenset() and b != frozenset()
    return not a.isdisjoint(b)


def may_overlap(a: Selection, b: Selection) -> bool:
    """Whether the two may share a cell. Exact for grids and picked cells; a filter may mean any BOM."""
    if isinstance(a, Picked) and isinstance(b, Picked):
        return not a.cells.isdisjoint(b.cells)
    if isinstance(a, Picked):
        return may_overlap(b, a)
    if isinstance(b, Picked):
        grid = a if isinstance(a, Grid) else Grid(None, a.location_ids)
        return any(grid.has(cell) for cell in b.cells)
    boms_a = a.bom_ids if isinstance(a, Grid) else None
    boms_b = b.bom_ids if isinstance(b, Grid) else None
    return _share(boms_a, boms_b) and _share(a.location_ids, b.location_ids)
