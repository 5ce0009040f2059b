"""A shop that is gone: uninstalled, or paused for seven days. Its jobs end, and nothing sent is guessed about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog

from services.reconciler.worker.cells.outcomes import CellOutcome, count_finished, of_push, unknown
from services.reconciler.worker.cells.task import Task, task_of
from services.reconciler.worker.cells.unit_of_work import UnitsOfWork
from shared.domain.cell import CellKey, CellState
from shared.domain.job import UNFINISHED_JOB_STATES
from shared.domain.plan import Ended
from shared.domain.push import PushState, RowOutcome
from shared.domain.words.codes import Code
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.cells.cell import Cell
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.pushes import PushOutcome, PushRecord, PushRow, PushStore
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import CellStock, StockStore

log = structlog.get_logger()

PAUSED_TOO_LONG = timedelta(days=7)
_BATCH = 250


class AbandonedShops:
    """Ends the open cells of shops that are gone. Runs beside the watchdog, which then ends the jobs."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        shops: ShopStore,
        jobs: JobStore,
        code: Code = Code.SHOP_PAUSED_TOO_LONG,
    ) -> None:
        """`code`: why what was not sent is cancelled."""
        self._units = units
        self._shops = shops
        self._jobs = jobs
        self._cells = units.cells
        self._pushes = units.pushes
        self._code = code

    @classmethod
    def of(cls, mongo: Mongo, code: Code = Code.SHOP_PAUSED_TOO_LONG) -> AbandonedShops:
        """Put together over one database; the command that makes restored records safe has one, too."""
        stock, cells, pushes = StockStore(mongo.db), CellStore(mongo.db), PushStore(mongo.db)
        return cls(
            units=UnitsOfWork(mongo.transactions, stock, cells, pushes),
            shops=ShopStore(mongo.db, []),
            jobs=JobStore(mongo.db, mongo.transactions),
            code=code,
        )

    async def round(self) -> None:
        """Look for shops that are gone and still have open cells."""
        gone = await self._shops.given_up(datetime.now(UTC) - PAUSED_TOO_LONG)
        for shop in set(gone).intersection(await self._jobs.shops_with(UNFINISHED_JOB_STATES)):
            await self.end(shop)

    async def end(self, shop: str) -> None:
        """Unsent work is cancelled; what was sent gets its outcome, or ends as unknown."""
        for job in await self._jobs.unfinished(shop):
            await self._jobs.request_cancel(shop, job.job_id)
        cancelled = await self._cells.cancel_unsent(shop, self._code)
        log.warning("shop_given_up", shop=shop, cancelled=cancelled)
        while cells := await self._cells.open_of_shop(shop, _BATCH):
            by_push: dict[str, list[Cell]] = {}
            for cell in cells:
                if cell.push_id is None:
                    raise LookupError(f"{cell.cell_id} has been opened since; the next look cancels it")
                by_push.setdefault(cell.push_id, []).append(cell)
            for push_id, named in by_push.items():
                await self._end_push(shop, push_id, named)

    async def _end_push(self, shop: str, push_id: str, cells: Sequence[Cell]) -> None:
        await self._pushes.close(shop, push_id, PushState.WITHDRAWN, never_sent=True)
        push = await self._pushes.get(shop, push_id)
        jobs = await self._jobs.get_many(shop, {cell.job_id for cell in cells})
        tasks = [task_of(cell, jobs[cell.job_id], allow_negative=False) for cell in cells]
        known: dict[tuple[str, CellKey], tuple[PushRow, PushOutcome]] = {
            (row.job_id, row.key): (row, outcome) for row, outcome in zip(push.rows, push.outcomes, strict=False)
        }

        async for unit in self._units.over(shop, tasks):
            async with unit:
                for task, cell in await unit.present():
                    unit.end(task, self._outcome(task, cell, push, known.get((task.job_id, task.key))), cell)
            count_finished(unit.finished)

    def _outcome(
        self, task: Task, cell: CellStock, push: PushRecord, found: tuple[PushRow, PushOutcome] | None
    ) -> CellOutcome:
        cancelled = CellOutcome(Ended(CellState.CANCELLED, code=self._code))
        if push.state is PushState.WITHDRAWN:
            return cancelled
        if found is None:
            return unknown(cell.stock, None)
        row, outcome = found
        if outcome.outcome in {RowOutcome.STALE, RowOutcome.NOT_APPLIED}:
            return cancelled if push.runs <= 1 else unknown(cell.stock, row.target.change_from)
        return of_push(task, cell.stock, row, outcome, push.adjusted_at)
