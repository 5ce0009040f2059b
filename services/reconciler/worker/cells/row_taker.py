"""Rows of cells that have none: the job has no preview, or a retry needs them anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.reconciler.worker.cells.outcomes import CellOutcome
from services.reconciler.worker.cells.task import Task
from shared.domain.comparison import Direction, Reason
from shared.domain.plan import error, skipped
from shared.mongodb.catalogue.boms import BomStore, SelectedCell
from shared.mongodb.jobs.cells.cells import CellStore
from shared.reading.locations import known_locations
from shared.reading.rows import RowReader
from shared.shopify.reads.reads import ShopifyReads


@dataclass(frozen=True, slots=True)
class TakenRows:
    """What came of taking rows: tasks that have one now, those to be stocked first, and the ends of the others."""

    ready: list[Task] = field(default_factory=list)
    unstocked: list[Task] = field(default_factory=list)
    ends: list[tuple[Task, CellOutcome]] = field(default_factory=list)


class RowTaker:
    """Takes rows and keeps them with their cells."""

    def __init__(self, boms: BomStore, cells: CellStore, rows: RowReader, reads: ShopifyReads) -> None:
        self._boms = boms
        self._cells = cells
        self._rows = rows
        self._reads = reads

    async def take(self, shop: str, tasks: Sequence[Task]) -> TakenRows:
        """Take the rows now; one that another worker has kept before counts. Raises what the adapters raise."""
        taken = TakenRows()
        if not tasks:
            return taken
        locations = await known_locations(shop, self._boms, self._reads)
        boms = await self._boms.get(shop, {task.key.bom_id for task in tasks})
        selected = [SelectedCell(task.key, boms.get(task.key.bom_id)) for task in tasks]
        rows = await self._rows.take(shop, selected, locations)
        for task, row in zip(tasks, rows, strict=True):
            if row.row is not None:
                task.row = row.row
            elif row.reason is not None and is_to_stock(task, row.reason):
                taken.unstocked.append(task)
            elif row.reason is not None:
                taken.ends.append((task, CellOutcome(skipped(row.reason))))
            elif row.code is not None:
                taken.ends.append((task, CellOutcome(error(row.code))))
        kept = await self._cells.keep_rows(shop, {task.cell_id: task.row for task in tasks if task.row is not None})
        for task in tasks:
            task.row = kept.get(task.cell_id, task.row)
        taken.ready.extend(task for task in tasks if task.row is not None)
        return taken


def not_compared(task: Task) -> Reason | None:
    """Why the preview could not compare the cell."""
    reason = task.cell.not_compared
    return None if reason is None else Reason(reason)


def is_to_stock(task: Task, reason: Reason | None) -> bool:
    """Whether what keeps the cell out is to be mended first, at the job's request."""
    begun = task.cell.stocking is not None
    wanted = task.activate and task.direction is Direction.TO_SHOPIFY and reason is Reason.NOT_STOCKED
    return begun or wanted
