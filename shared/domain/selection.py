"""Which cells a preview or a job is about, and whether two selections may share a cell."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    """BOMs found by search, tag or class when the work is planned, but some; the cells are all theirs at the locations.

    The class is the one known without asking Shopify (`known_class`, and what missed webhooks tell): a BOM is found
    when any of its cells at the locations has it; `in_sync`, or `differs` False: when none of them differs.
    """

    text: str | None = None
    tag: str | None = None
    tracks_pre_assembled: bool | None = None
    location_ids: frozenset[str] | None = None
    cell_class: CellClass | None = None
    differs: bool | None = None
    except_bom_ids: frozenset[str] = frozenset()

    def has(self, cell: CellKey) -> bool:
        """Whether it may have the cell: it lies at the locations, and its BOM is no exception."""
        places = self.location_ids
        return cell.bom_id not in self.except_bom_ids and (places is None or cell.location_id in places)

    def is_within(self, other: Filtered) -> bool:
        """Whether it is the other one, at fewer locations perhaps and with more exceptions."""
        same = replace(other, location_ids=self.location_ids, except_bom_ids=self.except_bom_ids) == self
        places = other.location_ids
        narrower = places is None or (self.location_ids is not None and self.location_ids <= places)
        return same and narrower and self.except_bom_ids >= other.except_bom_ids


Selection = Grid | Picked | Filtered


def may_overlap(a: Selection, b: Selection) -> bool:
    """Whether the two may share a cell. Exact for grids and picked cells; a filter may mean any BOM but those named."""
    if isinstance(a, Picked) and isinstance(b, Picked):
        return not a.cells.isdisjoint(b.cells)
    if isinstance(a, Picked):
        return may_overlap(b, a)
    if isinstance(b, Picked):
        return any(a.has(cell) for cell in b.cells)
    return _share_boms(a, b) and _share_places(a.location_ids, b.location_ids)


def _share_boms(a: Grid | Filtered, b: Grid | Filtered) -> bool:
    named_a, without_a = _boms_of(a)
    named_b, without_b = _boms_of(b)
    if named_a is None and named_b is None:
        return True  # there may always be a BOM that neither leaves out
    both = named_b if named_a is None else named_a if named_b is None else named_a & named_b
    return both is None or not both <= (without_a | without_b)


def _boms_of(selection: Grid | Filtered) -> tuple[frozenset[str] | None, frozenset[str]]:
    """The BOMs that are named (None: any), and those that are exceptions."""
    return (selection.bom_ids, frozenset()) if isinstance(selection, Grid) else (None, selection.except_bom_ids)


def _share_places(a: frozenset[str] | None, b: frozenset[str] | None) -> bool:
    if a is None or b is None:
        return a != frozenset() and b != frozenset()
    return not a.isdisjoint(b)
