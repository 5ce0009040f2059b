"""What is wrong with a selection before any work is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from pydantic import ValidationError

from services.preview.api.http.dependencies import Dependencies
from services.preview.api.http.responses.problem import FieldProblem
from shared.contract.selection import SelectionBody
from shared.domain.batches import batches
from shared.domain.selection import Filtered, Grid, Picked

NAMED = 10
"""How many unknown ids are named."""

_PER_QUERY = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


async def selection_problems(deps: Dependencies, shop: str, body: SelectionBody, where: str) -> list[FieldProblem]:
    """Everything that is wrong with the selection; an empty list where nothing is."""
    filtered = body.filter
    if filtered is not None and any(text and _CONTROL.search(text) for text in (filtered.text, filtered.tag)):
        return [_problem(f"{where}.filter", "The text holds control characters.", "Leave them out.")]
    selection = body.to_domain()
    problems: list[FieldProblem] = []
    if isinstance(selection, Picked):
        bom_ids = {cell.bom_id for cell in selection.cells}
        places: Iterable[str] = {cell.location_id for cell in selection.cells}
        problems += await _unknown_boms(deps, shop, bom_ids, f"{where}.cells")
        problems += await _unknown_locations(deps, shop, places, f"{where}.cells")
        return problems
    if isinstance(selection, Grid) and selection.bom_ids is not None:
        problems += await _unknown_boms(deps, shop, selection.bom_ids, f"{where}.bom_ids")
    else:
        wanted = selection if isinstance(selection, Filtered) else Filtered()
        problems += await _nothing(deps, shop, wanted, where)
    if selection.location_ids is not None:
        problems += await _unknown_locations(deps, shop, selection.location_ids, f"{where}.location_ids")
    return problems


async def readable_selection_problems(deps: Dependencies, shop: str, body: Mapping[str, object]) -> list[FieldProblem]:
    """The same of a body whose form is wrong, where its selection can be read; one that cannot is named already."""
    try:
        selection = SelectionBody.model_validate(body.get("selection"))
    except ValidationError:
        return []
    return await selection_problems(deps, shop, selection, "body.selection")


def _problem(field: str, message: str, remedy: str) -> FieldProblem:
    return FieldProblem(field=field, message=message, remedy=remedy)


def _named(first: Sequence[str], number: int) -> str:
    more = number - NAMED
    return ", ".join(first[:NAMED]) + (f" and {more} more" if more > 0 else "")


async def _unknown_boms(deps: Dependencies, shop: str, bom_ids: Iterable[str], field: str) -> list[FieldProblem]:
    first: list[str] = []
    number = 0
    for part in batches(sorted(bom_ids), _PER_QUERY):
        known = await deps.boms.get(shop, part)
        unknown = [bom_id for bom_id in part if bom_id not in known]
        first += unknown[: NAMED - len(first)]
        number += len(unknown)
    if not number:
        return []
    return [
        _problem(field, f"There are no such BOMs: {_named(first, number)}.", "Leave them out, or create them first.")
    ]


async def _unknown_locations(deps: Dependencies, shop: str, ids: Iterable[str], field: str) -> list[FieldProblem]:
    known = await deps.boms.locations(shop)
    if not known:
        return []  # a fresh shop: its locations are read with the first preview
    unknown = sorted(set(ids) - set(known))
    if not unknown:
        return []
    return [
        _problem(field, f"There are no such locations: {_named(unknown, len(unknown))}.", "See GET /api/locations.")
    ]


async def _nothing(deps: Dependencies, shop: str, wanted: Filtered, where: str) -> list[FieldProblem]:
    if await deps.listings.count_boms(shop, wanted):
        return []
    return [_problem(where, "The selection is empty: it finds no BOM.", "Widen it, or create BOMs first.")]
