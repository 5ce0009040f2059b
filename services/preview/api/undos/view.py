"""The preview of an undo: what it would do to each cell, by what is known now. Nothing is read from Shopify."""

from __future__ import annotations

from collections.abc import Sequence

from services.preview.api.http.dependencies import Dependencies
from services.preview.api.jobs.view import place_names
from services.preview.api.undos.models import UndoCell
from shared.domain.comparison import Direction
from shared.domain.plan import Ended, Target, allows_negative, error
from shared.domain.stock import Stock
from shared.domain.undo import UndoRow, undo_target, undone_local, undone_push
from shared.domain.words.codes import Code, explanation
from shared.domain.words.reasons import reason_text
from shared.mongodb.jobs.cells.cell import Cell
from shared.mongodb.jobs.job import Job
from shared.mongodb.stock.stock import CellStock


async def undo_cells(deps: Dependencies, shop: str, job: Job, cells: Sequence[Cell]) -> list[UndoCell]:
    """What an undo of the job would do to these cells, which it updated."""
    keys = {cell.key: cell for cell in cells}
    stock = await deps.stock.load(shop, keys)
    known = await deps.shops.get(shop)
    allowed = allows_negative(job.options.allow_negative, of_shop=known is not None and known.allow_negative)
    places = await place_names(deps, shop)
    return [
        _view(cell, job.direction, stock.get(key), allowed, places.get(key.location_id)) for key, cell in keys.items()
    ]


def _view(
    cell: Cell, direction: Direction, present: CellStock | None, allow_negative: bool, place: str | None
) -> UndoCell:
    d = 0
    stock = Stock() if present is None else present.stock
    if present is None:
        ended = error(Code.BOM_NOT_FOUND)
    elif present.item_id != cell.item_id:
        ended = error(Code.BOM_REMAPPED)
    else:
        row = cell.undone_by(direction)
        # A first count is taken away whole.
        d = -cell.local_after if row.first_count and cell.local_after is not None else row.d
        ended = _outcome(stock, row, allow_negative)
    possible = ended.change is not None
    then = ended.change.stock if ended.change is not None else stock
    message, remedy = explanation(None if ended.code is None else str(ended.code))
    return UndoCell(
        bom_id=cell.key.bom_id,
        bom_name=cell.bom_name,
        location_id=cell.key.location_id,
        location_name=place,
        possible=possible,
        change=d if possible else 0,
        shopify_now=stock.base,
        shopify_then=then.base,
        local_now=stock.local,
        local_then=then.local,
        code=None if ended.code is None else str(ended.code),
        reason=None if ended.reason is None else str(ended.reason),
        message=message or reason_text(None if ended.reason is None else str(ended.reason)),
        remedy=remedy,
    )


def _outcome(stock: Stock, row: UndoRow, allow_negative: bool) -> Ended:
    """How the undo would end if Shopify still holds what is known; a change where it can be done."""
    if row.direction is Direction.TO_LOCAL:
        return undone_local(stock, row)
    if stock.base is None or stock.base_time is None:
        return error(Code.NO_LOCAL_VALUE)
    target = undo_target(stock, row, stock.base, allow_negative=allow_negative)
    return undone_push(stock, row, target, stock.base_time) if isinstance(target, Target) else target
