"""Where the cells of a job come from: its selection, its preview, or the job it retries or undoes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Reason
from shared.domain.job import JobSource
from shared.domain.preview import is_expired
from shared.domain.selection import Filtered, Selection
from shared.domain.words.codes import Code, row_is_stale
from shared.mongodb.catalogue.boms import BomStore, SelectedCell
from shared.mongodb.jobs.cells.cell import Cell, NewCell
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.job import Job, WholeJob
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.previews.preview import PreviewRow
from shared.mongodb.previews.previews import PreviewStore

BATCH = 500
"""Cells made in one transaction."""


class JobCells:
    """Reads the cells a job is to have, in batches, always in the same order."""

    def __init__(self, boms: BomStore, previews: PreviewStore, cells: CellStore, jobs: JobStore) -> None:
        self._boms = boms
        self._previews = previews
        self._cells = cells
        self._jobs = jobs

    def of(self, job: WholeJob) -> AsyncIterator[list[NewCell]]:
        """The cells of a job."""
        if job.source == JobSource.RETRY and job.of_job_id:
            return self._retried(job, job.of_job_id)
        if job.source == JobSource.UNDO and job.of_job_id:
            return self._undone(job, job.of_job_id)
        return self._selected(job)

    async def _selected(self, job: WholeJob) -> AsyncIterator[list[NewCell]]:
        selection = (await self._jobs.selection(job)).to_domain()
        if job.preview_id is not None:
            async for part in self._of_preview(job, job.preview_id, selection):
                yield part
            return
        async for cells in self._boms.select(job.shop, selection, size=BATCH):
            await self._boms.ensure_stock(job.shop, cells)
            for selected in batches(cells, BATCH):
                yield [_plain(cell) for cell in selected]

    async def _of_preview(self, job: WholeJob, preview_id: str, selection: Selection) -> AsyncIterator[list[NewCell]]:
        """The selected cells with their rows, without those that are to be left out."""
        shop = job.shop
        leave_out = await self._jobs.leave_out(job)
        # What a filter finds changes by the minute; what it found for the preview is what the merchant has seen.
        if isinstance(selection, Filtered) and await self._is_of(shop, preview_id, selection):
            chosen = self._rows_of(shop, preview_id, selection)
        else:
            chosen = self._boms.select(shop, selection, size=BATCH)
        async for cells in chosen:
            await self._boms.ensure_stock(shop, cells)
            for part in batches(cells, BATCH):
                rows = await self._previews.rows(shop, preview_id, [cell.key for cell in part])
                kept = [cell for cell in part if leave_out is None or not leave_out.has(cell.key, _class(rows, cell))]
                if kept:
                    yield [_previewed(cell, rows.get(cell.key)) for cell in kept]

    async def _is_of(self, shop: str, preview_id: str, selection: Filtered) -> bool:
        """Whether the preview is of this very filter, or of one that it narrows."""
        preview = await self._previews.get(shop, preview_id)
        if preview is None:
            return False
        seen = (await self._previews.selection(preview)).to_domain()
        return isinstance(seen, Filtered) and selection.is_within(seen)

    async def _rows_of(self, shop: str, preview_id: str, selection: Filtered) -> AsyncIterator[list[SelectedCell]]:
        """The cells of the preview that are meant, whatever the filter would find now."""
        async for keys in self._previews.keys(shop, preview_id, BATCH):
            meant = [key for key in keys if selection.has(key)]
            boms = await self._boms.get(shop, {key.bom_id for key in meant})
            if meant:
                yield [SelectedCell(key, boms.get(key.bom_id)) for key in meant]

    async def _retried(self, job: Job, first_id: str) -> AsyncIterator[list[NewCell]]:
        """The failed cells of the first job. One that never pushed keeps its row, unless the row is out of date."""
        batch: list[Cell] = []
        failed = self._cells.failed(
            job.shop, first_id, with_not_compared=job.with_not_compared, without=job.without_codes
        )
        async for cell in failed:
            batch.append(cell)
            if len(batch) == BATCH:
                yield await self._again(job.shop, batch)
                batch = []
        if batch:
            yield await self._again(job.shop, batch)

    async def _again(self, shop: str, cells: list[Cell]) -> list[NewCell]:
        boms = await self._boms.get(shop, {cell.key.bom_id for cell in cells})
        again: list[NewCell] = []
        for cell in cells:
            bom = boms.get(cell.key.bom_id)
            if bom is None:
                again.append(NewCell(cell.key, None, cell.bom_name, code=Code.BOM_NOT_FOUND))
                continue
            code = None if cell.code is None else Code(cell.code)
            if code is Code.OUTCOME_UNKNOWN or (code is not None and row_is_stale(code)):
                again.append(NewCell(cell.key, bom.inventory_item_id, bom.name, code=code))
                continue
            if cell.row is not None and is_expired(cell.row.taken_at, datetime.now(UTC)):
                again.append(NewCell(cell.key, bom.inventory_item_id, bom.name, code=Code.PREVIEW_EXPIRED))
                continue
            same_item = cell.item_id == bom.inventory_item_id
            row = cell.row if same_item else None
            again.append(NewCell(cell.key, bom.inventory_item_id, bom.name, row=row, undo=cell.undo))
        return again

    async def _undone(self, job: Job, first_id: str) -> AsyncIterator[list[NewCell]]:
        batch: list[NewCell] = []
        async for cell in self._cells.updated(job.shop, first_id):
            undo = cell.undone_by(job.direction)
            batch.append(NewCell(cell.key, cell.item_id, cell.bom_name, undo=undo))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _class(rows: Mapping[CellKey, PreviewRow], cell: SelectedCell) -> CellClass | None:
    row = rows.get(cell.key)
    return None if row is None else row.cell_class


def _plain(cell: SelectedCell) -> NewCell:
    if cell.bom is None:
        return NewCell(cell.key, None, None, code=Code.BOM_NOT_FOUND)
    return NewCell(cell.key, cell.bom.inventory_item_id, cell.bom.name)


def _previewed(cell: SelectedCell, row: PreviewRow | None) -> NewCell:
    if cell.bom is None:
        return NewCell(cell.key, None, None, code=Code.BOM_NOT_FOUND)
    item_id, name = cell.bom.inventory_item_id, cell.bom.name
    if row is None:
        return NewCell(cell.key, item_id, name, code=Code.NOT_IN_PREVIEW)
    if row.code is not None:
        return NewCell(cell.key, item_id, name, code=Code(row.code))
    reason = None if row.reason is None else Reason(row.reason)
    return NewCell(cell.key, row.item_id, name, row=row.row, reason=reason)
