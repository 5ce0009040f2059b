"""toLocal: read Shopify in batches, and accept what was read under the `rev` noted before the read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.reconciler.worker.cells.outcomes import CellOutcome, Finished
from services.reconciler.worker.cells.shopify_values import ShopifyValues
from services.reconciler.worker.cells.task import Task
from services.reconciler.worker.cells.unit_of_work import UnitsOfWork
from shared.domain.cell import CellKey
from shared.domain.job import JobSource
from shared.domain.plan import accept_read, error
from shared.domain.words.codes import Code
from shared.mongodb.stock.stock import CellStock
from shared.reading.levels import Value

MAX_READS = 6
"""Reads of one cell that keeps being written meanwhile, before it ends as CONFLICT."""


class ToLocal:
    """Accepts Shopify's values."""

    def __init__(self, units: UnitsOfWork, values: ShopifyValues) -> None:
        self._units = units
        self._values = values

    async def run(self, shop: str, tasks: Sequence[Task]) -> list[Finished]:
        """End every task. Raises what the Shopify adapter and the transactions raise."""
        finished: list[Finished] = []
        left = list(tasks)
        for _ in range(MAX_READS):
            if not left:
                return finished
            # The stock document first, Shopify after it: its rev tells whether anything came in between.
            noted = await self._units.stock.load(shop, [task.key for task in left])
            values, ended = await self._values.read(shop, left)
            finished += await self._units.end(shop, ended)
            accepted, left = await self._accept(shop, [task for task in left if task.key in values], noted, values)
            finished += accepted
        return finished + await self._units.end(
            shop, [(task, CellOutcome(error(Code.CONFLICT, verify=True))) for task in left]
        )

    async def _accept(
        self,
        shop: str,
        tasks: Sequence[Task],
        noted: Mapping[CellKey, CellStock],
        values: Mapping[CellKey, Value],
    ) -> tuple[list[Finished], list[Task]]:
        """End each task by the value read for it; returns those written since their `rev` was noted, too."""
        finished: list[Finished] = []
        left: list[Task] = []
        async for unit in self._units.over(shop, tasks):
            async with unit:
                for task, cell in await unit.present():
                    outcome = _accepted(task, cell, noted.get(task.key), values[task.key])
                    if outcome is not None:
                        unit.end(task, outcome, cell)
            finished += unit.finished
            left += unit.left
        return finished, left


def _accepted(task: Task, cell: CellStock, before: CellStock | None, value: Value) -> CellOutcome | None:
    if before is None or task.row is None:
        return None
    ended = accept_read(
        cell.stock,
        task.row,
        value.quantity,
        value.time,
        noted_rev=before.stock.rev,
        only_shopify_moved=task.source == JobSource.DRIFT,
    )
    return None if ended is None else CellOutcome(ended, (value.quantity, value.quantity))
