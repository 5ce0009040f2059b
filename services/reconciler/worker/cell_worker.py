"""Works on a batch of one shop's cells: finds out from the documents where each stands, and takes it to its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog

from services.reconciler.worker.activation import Activating
from services.reconciler.worker.ending import CellOutcome, Ending, Finished, count_finished
from services.reconciler.worker.shopify_values import ShopifyValues
from services.reconciler.worker.task import Task, task_of
from services.reconciler.worker.to_local import ToLocal
from services.reconciler.worker.to_shopify import ToShopify
from shared.contract.messages import CellsFinished
from shared.domain.batches import ROWS_PER_CALL, batches, halves
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction, Reason
from shared.domain.plan import Ended, Push, ReadAndAccept, Settle, error, first_step, settle_in_sync, skipped
from shared.domain.push import PushState
from shared.domain.undo import UndoRow, undone_local
from shared.domain.words.codes import Code
from shared.errors import (
    BrokerUnavailable,
    ShopifyError,
    ShopifyRefused,
    ShopifyThrottled,
    ShopifyUnclear,
    StoreUnavailable,
)
from shared.mongodb.catalogue.boms import BomStore, SelectedCell
from shared.mongodb.jobs.cell import Cell
from shared.mongodb.jobs.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.pushes import PushStore
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import CellStock
from shared.mongodb.transactions import Overtaken, WriteConflict
from shared.rabbitmq import topology
from shared.rabbitmq.publisher import Publisher
from shared.reading.levels import Value
from shared.reading.locations import known_locations
from shared.reading.rows import RowReader
from shared.shopify.calls.answers import TOO_DEAR
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads

log = structlog.get_logger()

RECENT = timedelta(seconds=60)
"""A row younger than this is pushed without reading Shopify again."""

SUSPECT_AFTER = 2
"""Begun this often without an end, a cell runs alone from then on."""

MAX_ATTEMPTS = 5
"""Begun this often without an end, a cell ends as an error, unless its push may have been sent."""


class CellWorker:
    """Takes cells to their end. Everything it decides is in the documents before it is published."""

    def __init__(
        self,
        *,
        ending: Ending,
        cells: CellStore,
        jobs: JobStore,
        shops: ShopStore,
        boms: BomStore,
        pushes: PushStore,
        to_shopify: ToShopify,
        to_local: ToLocal,
        levels: ShopifyValues,
        rows: RowReader,
        client: ShopifyClient,
        reads: ShopifyReads,
        publisher: Publisher,
        activating: Activating,
    ) -> None:
        self._ending = ending
        self._cells = cells
        self._jobs = jobs
        self._shops = shops
        self._boms = boms
        self._pushes = pushes
        self._to_shopify = to_shopify
        self._to_local = to_local
        self._levels = levels
        self._rows = rows
        self._client = client
        self._reads = reads
        self._publisher = publisher
        self._activating = activating

    async def run(self, shop: str, ids: Sequence[str]) -> list[str]:
        """Work on these cells until each has ended, but for the suspects among them, which it returns.

        A suspect is run alone, by `run_alone`; its attempt is raised only then: it must not count against those beside
        it. Raises what the adapters raise; what has ended until then is in the documents and was published.
        """
        attempts = await self._cells.attempts(shop, ids)
        if rest := [cell for cell, begun in attempts.items() if begun < SUSPECT_AFTER]:
            await self._group(shop, rest)
        return [cell for cell, begun in attempts.items() if begun >= SUSPECT_AFTER]

    async def run_alone(self, shop: str, suspect: str) -> None:
        """Work on one cell while no other of the shop is worked on here. Raises as `run`."""
        await self._group(shop, [suspect])

    async def _group(self, shop: str, ids: Sequence[str]) -> None:
        cells = await self._cells.begin(shop, ids)
        try:
            await self._work(shop, await self._tasks(shop, cells))
        except ShopifyRefused as refusal:
            await self._cells.give_back(shop, ids)
            await self._refused(shop, ids, refusal)
        except (ShopifyError, Overtaken, WriteConflict, BrokerUnavailable, StoreUnavailable):
            # Stopped in good order: the attempt does not count.
            await self._cells.give_back(shop, ids)
            raise

    async def _tasks(self, shop: str, cells: Sequence[Cell]) -> list[Task]:
        jobs = await self._jobs.get_many(shop, {cell.job_id for cell in cells})
        known = await self._shops.get(shop)
        negative = known is not None and known.allow_negative
        return [task_of(cell, jobs[cell.job_id], allow_negative=negative) for cell in cells]

    async def _refused(self, shop: str, ids: Sequence[str], refusal: ShopifyRefused) -> None:
        """Shopify refuses to be read for these cells: halve down to the one it is about, and end that."""
        if len(ids) > 1:
            for half in halves(ids):
                await self._group(shop, half)
            return
        code = Code.COST_ABOVE_LIMIT if refusal.code == TOO_DEAR else Code.READ_FAILED
        cells = await self._cells.load(shop, ids)
        jobs = await self._jobs.get_many(shop, {cell.job_id for cell in cells})
        tasks = [task_of(cell, jobs[cell.job_id], allow_negative=False) for cell in cells]
        ends = [(t, CellOutcome(error(code), detail=str(refusal))) for t in tasks if t.push_id is None]
        await self._end(shop, ends)
        if len(ends) < len(tasks):
            # A push has an outcome, and only Shopify can tell it.
            raise ShopifyUnclear(f"a push cannot be followed: {refusal}") from refusal

    async def _work(self, shop: str, tasks: Sequence[Task]) -> None:
        crashed = [task for task in tasks if task.cell.attempts > MAX_ATTEMPTS]
        await self._set_aside(shop, [task for task in crashed if task.push_id is None])
        resumed: dict[str, list[Task]] = {}
        for task in tasks:
            if task.push_id is not None:
                resumed.setdefault(task.push_id, []).append(task)
        unfollowed: list[ShopifyUnclear | ShopifyThrottled] = []
        for push_id in resumed:
            try:
                await self._resume(shop, push_id)
            except (ShopifyUnclear, ShopifyThrottled) as stuck:
                unfollowed.append(stuck)
        fresh = [task for task in tasks if task.push_id is None and task not in crashed]
        await self._undo_local(shop, [task for task in fresh if _undoes(task, Direction.TO_LOCAL)])
        undone = [task for task in fresh if _undoes(task, Direction.TO_SHOPIFY)]
        values, ended = await self._levels.read(shop, undone)
        await self._end(shop, ended)
        await self._push(shop, [task for task in undone if task.key in values], values)
        await self._by_row(shop, [task for task in fresh if task.undo is None])
        if unfollowed:
            raise unfollowed[0]

    async def _set_aside(self, shop: str, tasks: Sequence[Task]) -> None:
        await self._end(shop, [(task, CellOutcome(error(Code.WORKER_CRASHED, verify=True))) for task in tasks])

    async def _resume(self, shop: str, push_id: str) -> None:
        """Resume a push with all the cells that name it, those of other messages included."""
        cells = await self._cells.of_push(shop, push_id)
        tasks = await self._tasks(shop, cells)
        if any(task.cell.attempts > MAX_ATTEMPTS for task in tasks):
            # Only a push that was never sent may be given up; one that was is followed to its outcome.
            withdrawn = await self._pushes.close(shop, push_id, PushState.WITHDRAWN, never_sent=True)
            if withdrawn:
                await self._set_aside(shop, [t for t in tasks if t.cell.attempts > MAX_ATTEMPTS])
                tasks = [task for task in tasks if task.cell.attempts <= MAX_ATTEMPTS]
        if tasks:
            await self._publish_finished(shop, await self._to_shopify.resume(shop, push_id, tasks))

    async def _undo_local(self, shop: str, tasks: Sequence[Task]) -> None:
        def decide(task: Task, cell: CellStock) -> CellOutcome:
            return CellOutcome(undone_local(cell.stock, _undo_row(task)))

        finished, _ = await self._ending.end_by_stock(shop, tasks, decide)
        await self._publish_finished(shop, finished)

    async def _by_row(self, shop: str, tasks: Sequence[Task]) -> None:
        # One that this job has begun to stock goes on with that, whatever a read may say by now.
        to_stock = [task for task in tasks if task.row is None and _to_stock(task, _left_out(task))]
        rest = [task for task in tasks if task not in to_stock]
        left_out = [(task, _left_out(task)) for task in rest if task.row is None]
        await self._end(shop, [(task, CellOutcome(skipped(reason))) for task, reason in left_out if reason is not None])
        tasks = [task for task in rest if task.row is not None or _left_out(task) is None]
        taken_now, unstocked = await self._take_rows(shop, [task for task in tasks if task.row is None])
        await self._step(shop, tasks, taken_now)
        await self._stock(shop, [*to_stock, *unstocked])

    async def _stock(self, shop: str, tasks: Sequence[Task]) -> None:
        """Stock these cells, then go on with each as with every other one."""
        if not tasks:
            return
        onward, finished = await self._activating.run(shop, tasks)
        await self._publish_finished(shop, finished)
        fresh = {task.key for task in onward if task.row is not None}
        taken_now, unstocked = await self._take_rows(shop, [task for task in onward if task.row is None])
        # Not stocked although Shopify has just said so: not to be asked for ever.
        await self._end(shop, [(task, CellOutcome(skipped(Reason.NOT_STOCKED))) for task in unstocked])
        await self._step(shop, onward, fresh | taken_now)

    async def _step(self, shop: str, tasks: Sequence[Task], taken_now: set[CellKey]) -> None:
        """Take the first step of each task that has a row."""
        ends: list[tuple[Task, CellOutcome]] = []
        settle: list[Task] = []
        push: list[Task] = []
        accept: list[Task] = []
        for task in tasks:
            if task.row is None:
                continue  # it ended while its row was taken
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
            await self._publish_finished(shop, await self._to_local.run(shop, part))
        await self._push_rows(shop, push, taken_now)

    async def _take_rows(self, shop: str, tasks: Sequence[Task]) -> tuple[set[CellKey], list[Task]]:
        """Take the rows of cells that have none: the job has no preview, or a retry needs them anew.

        Returns those that have one now, and those that are to be stocked first.
        """
        if not tasks:
            return set(), []
        locations = await known_locations(shop, self._boms, self._reads)
        boms = await self._boms.get(shop, {task.key.bom_id for task in tasks})
        selected = [SelectedCell(task.key, boms.get(task.key.bom_id)) for task in tasks]
        rows = await self._rows.take(shop, selected, locations)
        ends: list[tuple[Task, CellOutcome]] = []
        unstocked: list[Task] = []
        for task, row in zip(tasks, rows, strict=True):
            if row.row is not None:
                task.row = row.row
            elif row.reason is not None and _to_stock(task, row.reason):
                unstocked.append(task)
            elif row.reason is not None:
                ends.append((task, CellOutcome(skipped(row.reason))))
            elif row.code is not None:
                ends.append((task, CellOutcome(error(row.code))))
        kept = await self._cells.keep_rows(shop, {task.cell_id: task.row for task in tasks if task.row is not None})
        for task in tasks:
            task.row = kept.get(task.cell_id, task.row)
        await self._end(shop, ends)
        return {task.key for task in tasks if task.row is not None}, unstocked

    async def _settle(self, shop: str, tasks: Sequence[Task]) -> None:
        def decide(task: Task, cell: CellStock) -> CellOutcome | None:
            if task.row is None:
                return None
            return CellOutcome(settle_in_sync(cell.stock, task.row), (task.row.shopify, task.row.shopify))

        finished, _ = await self._ending.end_by_stock(shop, tasks, decide)
        await self._publish_finished(shop, finished)

    async def _push_rows(self, shop: str, tasks: Sequence[Task], taken_now: set[CellKey]) -> None:
        """Push from the preview's own value where it is recent; older ones are read again first."""
        if not tasks:
            return
        now = await self._reads.now(shop, [task.item_id for task in tasks])
        values = {task.key: Value(task.row.shopify, task.row.shopify_time) for task in tasks if task.row is not None}
        old = [
            task
            for task in tasks
            if task.key not in taken_now and task.row is not None and now - task.row.taken_at > RECENT
        ]
        fresh, ended = await self._levels.read(shop, old)
        await self._end(shop, ended)
        gone = {task.key for task, _ in ended}
        values |= fresh
        await self._push(shop, [task for task in tasks if task.key not in gone], values)

    async def _push(self, shop: str, tasks: Sequence[Task], values: dict[CellKey, Value]) -> None:
        if tasks:
            await self._publish_finished(shop, await self._to_shopify.run(shop, tasks, values))

    async def _end(self, shop: str, verdicts: Sequence[tuple[Task, CellOutcome]]) -> None:
        await self._publish_finished(shop, await self._ending.end_each(shop, verdicts))

    async def _publish_finished(self, shop: str, finished: Sequence[Finished]) -> None:
        """Publish that cells have ended. A lost event loses nothing: the watchdog reads the documents."""
        if not finished:
            return
        count_finished(finished)
        by_job: dict[str, list[Finished]] = {}
        for one in finished:
            by_job.setdefault(one.task.job_id, []).append(one)
        for job_id, ended in by_job.items():
            log.info("cells_ended", shop=shop, job=job_id, cells=len(ended), **_shown(ended))
            message = CellsFinished(shop=shop, job_id=job_id, cells=[one.message() for one in ended])
            try:
                await self._publisher.finished_event(topology.CELLS_FINISHED, message)
            except BrokerUnavailable as unavailable:
                log.warning("cells_finished_not_told", shop=shop, job=job_id, reason=str(unavailable))


def _left_out(task: Task) -> Reason | None:
    """Why the preview left the cell out."""
    reason = task.cell.left_out
    return None if reason is None else Reason(reason)


def _to_stock(task: Task, reason: Reason | None) -> bool:
    """Whether what keeps the cell out is to be mended first, at the job's request."""
    begun = task.cell.stocking is not None
    wanted = task.activate and task.direction is Direction.TO_SHOPIFY and reason is Reason.NOT_STOCKED
    return begun or wanted


def _undoes(task: Task, direction: Direction) -> bool:
    return task.undo is not None and task.undo.direction is direction


def _undo_row(task: Task) -> UndoRow:
    if task.undo is None:
        raise ValueError("an undo needs what is to be undone")
    return task.undo


def _shown(ended: Sequence[Finished]) -> dict[str, Any]:
    """A log line names one cell in full, and of several the ones that failed."""
    if len(ended) == 1:
        one = ended[0]
        return {"cell": "/".join(one.task.key), "state": str(one.ended.state), "code": one.ended.code}
    failed = ["/".join(one.task.key) for one in ended if one.ended.code is not None]
    return {"failed": failed[:20]} if failed else {}
