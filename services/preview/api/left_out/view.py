"""The cells of a job as a table, and behind them the rows that were left out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.preview.api.http.route import Call
from services.preview.api.jobs.models import JobCellOut
from services.preview.api.jobs.view import job_cell_out
from shared.contract.selection import LeaveOut
from shared.mongodb.jobs.cells.cell import ANY_CELL, Cell
from shared.mongodb.lists.listings import Page, Start
from shared.mongodb.previews.preview import PreviewRow

_CELLS, _LEFT_OUT = "cells", "left out"
_WHY = "It was left out when the run was started."


class JobLines:
    """Pages of a job's table: its cells in their order, then what was left out (None: nothing was)."""

    def __init__(
        self, call: Call[Any, None], job_id: str, left_out: tuple[str, LeaveOut] | None, places: Mapping[str, str]
    ) -> None:
        self._call = call
        self._job_id = job_id
        self._left_out = left_out
        self._places = places

    async def page(self, start: Start, limit: int) -> Page[Cell | PreviewRow]:
        """The lines from a place on."""
        deps, shop = self._call.deps, self._call.shop
        part, *after = start.after or [_CELLS]
        if part == _CELLS:
            cells = await deps.listings.cells(shop, self._job_id, ANY_CELL, Start(after or None), limit)
            if cells.after is not None:
                return Page([*cells.items], [_CELLS, *cells.after])
            return Page([*cells.items], None if self._left_out is None else [_LEFT_OUT])
        if self._left_out is None:
            return Page([], None)
        preview_id, leave_out = self._left_out
        rows = await deps.changes.left_out(shop, preview_id, leave_out, Start(after or None), limit)
        return Page([*rows.items], None if rows.after is None else [_LEFT_OUT, *rows.after])

    def line(self, one: Cell | PreviewRow) -> JobCellOut:
        """A line of the table."""
        return job_cell_out(one, self._places) if isinstance(one, Cell) else _left_out_line(one)


def _left_out_line(row: PreviewRow) -> JobCellOut:
    """As a cell that the job does not have: its state is that it was left out."""
    shopify, local = (None, None) if row.row is None else (row.row.shopify, row.row.local)
    known: dict[str, Any] = {
        "bom_id": row.key.bom_id,
        "bom_name": row.bom_name,
        "location_id": row.key.location_id,
        "location_name": row.location_name,
        "inventory_item_id": row.item_id,
        "state": "left_out",
        "shopify_before": shopify,
        "shopify_after": shopify,
        "local_before": local,
        "local_after": local,
        "message": _WHY,
    }
    return JobCellOut.model_construct(**{**dict.fromkeys(JobCellOut.model_fields), **known})
