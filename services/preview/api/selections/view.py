"""Counts what a selection is at this moment."""

from __future__ import annotations

from collections.abc import Collection

from services.preview.api.http.dependencies import Dependencies
from services.preview.api.selections.models import SelectionOut
from shared.domain.selection import Filtered, Grid, Picked, Selection


async def selection_out(
    deps: Dependencies, shop: str, selection: Selection, among: Collection[str] | None
) -> SelectionOut:
    """Its BOMs and cells; `among`: BOMs of which those are named that it finds."""
    cells = await deps.boms.size(shop, selection)
    return SelectionOut(
        boms=await _boms(deps, shop, selection),
        cells=cells,
        found=None if among is None else sorted(await _found(deps, shop, selection, among)),
    )


async def _boms(deps: Dependencies, shop: str, selection: Selection) -> int:
    if isinstance(selection, Picked):
        return len({cell.bom_id for cell in selection.cells})
    if isinstance(selection, Grid) and selection.bom_ids is not None:
        return len(selection.bom_ids)
    return await deps.listings.count_boms(shop, _as_filter(selection))


async def _found(deps: Dependencies, shop: str, selection: Selection, among: Collection[str]) -> set[str]:
    if isinstance(selection, Picked):
        return {cell.bom_id for cell in selection.cells}.intersection(among)
    if isinstance(selection, Grid) and selection.bom_ids is not None:
        return set(selection.bom_ids.intersection(among))
    return await deps.listings.boms_found(shop, _as_filter(selection), among)


def _as_filter(selection: Grid | Filtered) -> Filtered:
    return selection if isinstance(selection, Filtered) else Filtered(location_ids=selection.location_ids)
