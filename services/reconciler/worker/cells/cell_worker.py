"""Works on a batch of one shop's cells: finds out from the documents where each stands, and takes it to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.reconciler.worker.cells.finished_events import FinishedEvents
from services.reconciler.worker.cells.first_steps import FirstSteps
from services.reconciler.worker.cells.outcomes import CellOutcome
from services.reconciler.worker.cells.pushes.to_shopify import ToShopify
from services.reconciler.worker.cells.task import Task, task_of
from services.reconciler.worker.cells.unit_of_work import UnitsOfWork
from shared.domain.batches import halves
from shared.domain.plan import error
from shared.domain.push import PushState
from shared.domain.words.codes import Code
from shared.errors import (
    BrokerUnavailable,
    ShopifyError,
    ShopifyRefused,
    ShopifyThrottled,
    ShopifyUnclear,
    StoreUnavailable,
)
from shared.mongodb.jobs.cells.cell import Cell
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.transactions import Overtaken, WriteConflict
from shared.shopify.calls.answers import TOO_DEAR

SUSPECT_AFTER = 2
"""Begun this often without an end, a cell runs alone from then on."""

MAX_ATTEMPTS = 5
"""Begun this often without an end, a cell ends as an error, unless its push may have been sent."""


class CellWorker:
    """Takes cells to their end. Everything it decides is in the documents before it is published."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        jobs: JobStore,
        shops: ShopStore,
        first_steps: FirstSteps,
        to_shopify: ToShopify,
        events: FinishedEvents,
    ) -> None:
        self._units = units
        self._cells = units.cells
        self._pushes = units.pushes
        self._jobs = jobs
        self._shops = shops
        self._first_steps = first_steps
        self._to_shopify = to_shopify
        self._events = events

    async def run(self, shop: str, ids: Sequence[str]) -> list[str]:
        """Work on these cells until each has ended, but for the suspects among them, which it returns.

        A suspect is run alone, by `run_alone`; its attempt is raised only then: it must not count against those beside
        it. Raises what the adapters raise; what has ended until then is in the documents and was published.
        """
        cells = await self._cells.load(shop, ids)
        await self._group(shop, [cell for cell in cells if cell.attempts < SUSPECT_AFTER])
        return [cell.cell_id for cell in cells if cell.attempts >= SUSPECT_AFTER]

    async def run_alone(self, shop: str, suspect: str) -> None:
        """Work on one cell while no other of the shop is worked on here. Raises as `run`."""
        await self._group(shop, await self._cells.load(shop, [suspect]))

    async def _group(self, shop: str, cells: Sequence[Cell]) -> None:
        if not cells:
            return
        ids = [cell.cell_id for cell in cells]
        begun = await self._cells.begin(shop, cells)
        try:
            await self._work(shop, await self._tasks(shop, begun))
        except ShopifyRefused as refusal:
            await self._cells.give_back(shop, ids)
            await self._refused(shop, ids, refusal)
        except (ShopifyError, Overtaken, WriteConflict, BrokerUnavailable, StoreUnavailable):
            # Stopped in good order: the attempt does not count.
            await self._cells.give_back(shop, ids)
            raise

    async def _tasks(self, shop: str, cells: Sequence[Cell]) -> list[Task]:
        jobs, known = await asyncio.gather(
            self._jobs.get_many(shop, {cell.job_id for cell in cells}), self._shops.get(shop)
        )
        negative = known is not None and known.allow_negative
        activate = known is not None and known.activate
        return [task_of(cell, jobs[cell.job_id], allow_negative=negative, activate=activate) for cell in cells]

    async def _refused(self, shop: str, ids: Sequence[str], refusal: ShopifyRefused) -> None:
        """Shopify refuses to be read for these cells: halve down to the one it is about, and end that."""
        if len(ids) > 1:
            for half in halves(ids):
                await self._group(shop, await self._cells.load(shop, half))
            return
        code = Code.COST_ABOVE_LIMIT if refusal.code == TOO_DEAR else Code.READ_FAILED
        tasks = await self._tasks(shop, await self._cells.load(shop, ids))
        ends = [(task, CellOutcome(error(code), detail=str(refusal))) for task in tasks if task.push_id is None]
        await self._events.publish(shop, await self._units.end(shop, ends))
        if len(ends) < len(tasks):
            # A push has an outcome, and only Shopify can tell it.
            raise ShopifyUnclear(f"a push cannot be followed: {refusal}") from refusal

    async def _work(self, shop: str, tasks: Sequence[Task]) -> None:
        fresh: list[Task] = []
        crashed: list[Task] = []
        pushes: dict[str, None] = {}
        for task in tasks:
            if task.push_id is not None:
                pushes[task.push_id] = None
            elif task.cell.attempts > MAX_ATTEMPTS:
                crashed.append(task)
            else:
                fresh.append(task)
        await self._set_aside(shop, crashed)
        unfollowed: list[ShopifyUnclear | ShopifyThrottled] = []
        for push_id in pushes:
            try:
                await self._resume(shop, push_id)
            except (ShopifyUnclear, ShopifyThrottled) as stuck:
                unfollowed.append(stuck)
        await self._first_steps.run(shop, fresh)
        if unfollowed:
            raise unfollowed[0]

    async def _set_aside(self, shop: str, tasks: Sequence[Task]) -> None:
        ends = [(task, CellOutcome(error(Code.WORKER_CRASHED, verify=True))) for task in tasks]
        await self._events.publish(shop, await self._units.end(shop, ends))

    async def _resume(self, shop: str, push_id: str) -> None:
        """Resume a push with all the cells that name it, those of other messages included."""
        tasks = await self._tasks(shop, await self._cells.of_push(shop, push_id))
        if any(task.cell.attempts > MAX_ATTEMPTS for task in tasks):
            # Only a push that was never sent may be given up; one that was is followed to its outcome.
            withdrawn = await self._pushes.close(shop, push_id, PushState.WITHDRAWN, never_sent=True)
            if withdrawn:
                await self._set_aside(shop, [task for task in tasks if task.cell.attempts > MAX_ATTEMPTS])
                tasks = [task for task in tasks if task.cell.attempts <= MAX_ATTEMPTS]
        if tasks:
            push = await self._pushes.get(shop, push_id)
            await self._events.publish(shop, await self._to_shopify.resume(shop, push, tasks))
