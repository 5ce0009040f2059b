"""toLocal: read Shopify in batches, and accept what was read under the `rev` noted before the read."""

from __future__ import annotations

from collections.abc import Sequence

from services.reconciler.worker.ending import CellOutcome, Ending, Finished
from services.reconciler.worker.shopify_values import ShopifyValues
from services.reconciler.worker.task import Task
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

    def __init__(self, ending: Ending, levels: ShopifyValues) -> None:
        self._ending = ending
        self._levels = levels

    async def run(self, shop: str, tasks: Sequence[Task]) -> list[Finished]:
        """End every task. Raises what the Shopify adapter and the transactions raise."""
        finished: list[Finished] = []
        left = list(tasks)
        for _ in range(MAX_READS):
            if not left:
                return finished
            # The stock document first, Shopify after it: its rev tells whether anything came in between.
            noted = await self._ending.stock.load(shop, [task.key for task in left])
            values, ended = await self._levels.read(shop, left)
            finished += await self._ending.end_each(shop, ended)
            left = [task for task in left if task.key in values]
            done, left = await self._accept(shop, left, noted, values)
            finished += done
        return finished + await self._ending.end_each(
            shop, [(task, CellOutcome(error(Code.CONFLICT, verify=True))) for task in left]
        )

    async def _accept(
        self, shop: str, tasks: Sequence[Task], noted: dict[CellKey, CellStock], values: dict[CellKey, Value]
    ) -> tuple[list[Finished], list[Task]]:
        def decide(task: Task, cell: CellStock) -> CellOutcome | None:
            before = noted.get(task.key)
            if before is None or task.row is None:
                return None
            value = values[task.key]
            ended = accept_read(
                cell.stock,
                task.row,
                value.quantity,
                value.time,
                noted_rev=before.stock.rev,
                only_shopify_moved=task.source == JobSource.DRIFT,
            )
            return None if ended is None else CellOutcome(ended, (value.quantity, value.quantity))

        return await self._ending.end_by_stock(shop, tasks, decide)
