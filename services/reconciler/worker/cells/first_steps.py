"""The first step of each fresh cell: its row, or what is to be undone, decides what is done with it, and it is done."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): unstocked.set-succeeds, unstocked.set-replaces.

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from services.reconciler.worker.cells.finished_events import FinishedEvents
from services.reconciler.worker.cells.inventory_activation import InventoryActivation
from services.reconciler.worker.cells.outcomes import CellOutcome, Finished
from services.reconciler.worker.cells.pushes.to_shopify import ToShopify
from services.reconciler.worker.cells.row_taker import RowTaker, is_to_stock, not_compared
from services.reconciler.worker.cells.shopify_values import ShopifyValues
from services.reconciler.worker.cells.task import Task
from services.reconciler.worker.cells.to_local import ToLocal
from services.reconciler.worker.cells.unit_of_work import UnitsOfWork
from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction, Reason
from shared.domain.plan import Ended, Push, ReadAndAccept, Settle, first_step, settle_in_sync, skipped
from shared.domain.undo import undone_local
from shared.reading.levels import Value
from shared.shopify.reads.reads import ShopifyReads

RECENT = timedelta(seconds=60)
"""A row younger than this is pushed without reading Shopify again."""


class FirstSteps:
    """Takes cells that name no push to their end. What ends is published at once, whatever becomes of the others."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        to_shopify: ToShopify,
        to_local: ToLocal,
        activation: InventoryActivation,
        rows: RowTaker,
        values: ShopifyValues,
        reads: ShopifyReads,
        events: FinishedEvents,
    ) -> None:
        self._units = units
        self._to_shopify = to_shopify
        self._to_local = to_local
        self._activation = activation
        self._rows = rows
        self._values = values
        self._reads = reads
        self._events = events

    async def run(self, shop: str, tasks: Sequence[Task]) -> None:
        """Take each to its end. Raises what the adapters raise."""
        await self._undo_local(shop, [task for task in tasks if _undoes(task, Direction.TO_LOCAL)])
        undone = [task for task in tasks if _undoes(task, Direction.TO_SHOPIFY)]
        values, ended = await self._values.read(shop, undone)
        await self._end(shop, ended)
        await self._push(shop, [task for task in undone if task.key in values], values)
        await self._by_row(shop, [task for task in tasks if task.undo is None])

    async def _undo_local(self, shop: str, tasks: Sequence[Task]) -> None:
        async for unit in self._units.over(shop, tasks):
            async with unit:
                for task, cell in await unit.present():
                    if task.undo is not None:
                        unit.end(task, CellOutcome(undone_local(cell.stock, task.undo)), cell)
            await self._publish(shop, unit.finished)

    async def _by_row(self, shop: str, tasks: Sequence[Task]) -> None:
        to_stock: list[Task] = []
        without: list[Task] = []
        ready: list[Task] = []
        ends: list[tuple[Task, CellOutcome]] = []
        for task in tasks:
            if task.row is not None:
                ready.append(task)
            elif is_to_stock(task, not_compared(task)):
                # One that this job has begun to stock goes on with that, whatever a read may say by now.
                to_stock.append(task)
            elif (reason := not_compared(task)) is not None:
                ends.append((task, CellOutcome(skipped(reason))))
            else:
                without.append(task)
        await self._end(shop, ends)
        taken = await self._rows.take(shop, without)
        await self._end(shop, taken.ends)
        await self._step(shop, [*ready, *taken.ready], {task.key for task in taken.ready})
        await self._stock(shop, [*to_stock, *taken.unstocked])

    async def _stock(self, shop: str, tasks: Sequence[Task]) -> None:
        """Stock these cells at Shopify, then go on with each as with every other one."""
        if not tasks:
            return
        onward, finished = await self._activation.run(shop, tasks)
        await self._publish(shop, finished)
        stocked = [task for task in onward if task.row is not None]
        taken = await self._rows.take(shop, [task for task in onward if task.row is None])
        await self._end(shop, taken.ends)
        # Not stocked although Shopify has just said so: not to be asked for ever.
        await self._end(shop, [(task, CellOutcome(skipped(Reason.NOT_STOCKED))) for task in taken.unstocked])
        await self._step(shop, [*stocked, *taken.ready], {task.key for task in (*stocked, *taken.ready)})

    async def _step(self, shop: str, tasks: Sequence[Task], taken_now: Collection[CellKey]) -> None:
        """Take the first step of each task; all have a row."""
        ends: list[tuple[Task, CellOutcome]] = []
        settle: list[Task] = []
        push: list[Task] = []
        accept: list[Task] = []
        for task in tasks:
            if task.row is None:
                raise ValueError("a first step needs a row")
            step = first_step(task.row, task.direction, task.asked_at, unattended=task.unattended)
            if isinstance(step, Ended):
                ends.append((task, CellOutcome(step, (task.row.shopify, task.row.shopify))))
            elif isinstance(step, Settle):
                settle.append(task)
            elif isinstance(step, Push):
                push.append(task)
            elif isinstance(step, ReadAndAccept):
                accept.append(task)
        await self._end(shop, ends)
        await self._settle(shop, settle)
        for part in batches(accept, ROWS_PER_CALL):
            await self._publish(shop, await self._to_local.run(shop, part))
        await self._push_rows(shop, push, taken_now)

    async def _settle(self, shop: str, tasks: Sequence[Task]) -> None:
        async for unit in self._units.over(shop, tasks):
            async with unit:
                for task, cell in await unit.present():
                    if (row := task.row) is not None:
                        unit.end(task, CellOutcome(settle_in_sync(cell.stock, row), (row.shopify, row.shopify)), cell)
            await self._publish(shop, unit.finished)

    async def _push_rows(self, shop: str, tasks: Sequence[Task], taken_now: Collection[CellKey]) -> None:
        """Push from the preview's own value where it is recent; older ones are read again first."""
        if not tasks:
            return
        now = await self._reads.now(shop, [task.item_id for task in tasks])
        values: dict[CellKey, Value] = {}
        old: list[Task] = []
        for task in tasks:
            if task.row is not None and (task.key in taken_now or now - task.row.taken_at <= RECENT):
                values[task.key] = Value(task.row.shopify, task.row.shopify_time)
            else:
                old.append(task)
        fresh, ended = await self._values.read(shop, old)
        await self._end(shop, ended)
        values |= fresh
        await self._push(shop, [task for task in tasks if task.key in values], values)

    async def _push(self, shop: str, tasks: Sequence[Task], values: Mapping[CellKey, Value]) -> None:
        if tasks:
            await self._publish(shop, await self._to_shopify.run(shop, tasks, values))

    async def _end(self, shop: str, ends: Sequence[tuple[Task, CellOutcome]]) -> None:
        await self._publish(shop, await self._units.end(shop, ends))

    async def _publish(self, shop: str, finished: Sequence[Finished]) -> None:
        await self._events.publish(shop, finished)


def _undoes(task: Task, direction: Direction) -> bool:
    return task.undo is not None and task.undo.direction is direction
