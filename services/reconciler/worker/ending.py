"""Ending cells: the cell's last state, its stock's change and the ledger in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.reconciler.worker.task import Task
from shared import metrics
from shared.contract.messages import FinishedCell
from shared.domain.plan import Ended, Target, error
from shared.domain.words.codes import Code
from shared.mongodb.jobs.cell import CellEnd, Settled
from shared.mongodb.jobs.cells import CellStore
from shared.mongodb.stock.stock import CellStock, StockStore, StockWrite
from shared.mongodb.transactions import Session, Transactions


@dataclass(frozen=True, slots=True)
class Finished:
    """A cell that has ended, with what metrics and events say of it."""

    task: Task
    ended: Ended

    def message(self) -> FinishedCell:
        """The cell in `cells.finished`."""
        code = None if self.ended.code is None else str(self.ended.code)
        return FinishedCell(
            bom_id=self.task.key.bom_id, location_id=self.task.key.location_id, state=self.ended.state, code=code
        )


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """How a task ends; `shopify` is (before, after) where known; `detail` is Shopify's own words."""

    ended: Ended
    shopify: tuple[int | None, int | None] = (None, None)
    detail: str | None = None


class Ending:
    """Writes the ends of cells."""

    def __init__(self, transactions: Transactions, stock: StockStore, cells: CellStore) -> None:
        self.transactions = transactions
        self.stock = stock
        self.cells = cells

    async def write(
        self,
        session: Session,
        shop: str,
        verdicts: Sequence[tuple[Task, CellStock | None, CellOutcome]],
    ) -> list[Finished]:
        """Write the stock changes, the ledger and the cells' ends. Raises WriteConflict."""
        writes: list[StockWrite] = []
        ends: list[CellEnd] = []
        verify = []
        for task, cell, verdict in verdicts:
            ended = verdict.ended
            if ended.change is not None and cell is not None:
                writes.append(StockWrite(task.key, cell.stock, ended.change, "reconcile", task.reference))
            elif ended.verify:
                verify.append(task.key)
            ends.append(_end_of(task, cell, verdict))
        await self.stock.write(session, shop, writes)
        await self.stock.ask_verify(shop, verify, session)
        await self.cells.end(session, shop, ends)
        return [Finished(task, verdict.ended) for task, _, verdict in verdicts]

    async def end_each(self, shop: str, verdicts: Sequence[tuple[Task, CellOutcome]]) -> list[Finished]:
        """End tasks whose verdict does not depend on their stock."""
        return await self.transactions.in_halves(
            verdicts,
            lambda session, part: self.write(session, shop, [(task, None, verdict) for task, verdict in part]),
        )

    async def end_by_stock(
        self, shop: str, tasks: Sequence[Task], decide: Callable[[Task, CellStock], CellOutcome | None]
    ) -> tuple[list[Finished], list[Task]]:
        """Decide each task by its stock inside the transaction; returns those ended and those to be tried again."""

        async def body(session: Session, part: Sequence[Task]) -> list[Finished | Task]:
            present = await self.stock.load(shop, [task.key for task in part], session)
            again: list[Task] = []
            verdicts: list[tuple[Task, CellStock | None, CellOutcome]] = []
            for task in part:
                cell = present.get(task.key)
                verdict = gone(task, cell)
                if verdict is None and cell is not None:
                    verdict = decide(task, cell)
                if verdict is None:
                    again.append(task)
                else:
                    verdicts.append((task, cell, verdict))
            return [*await self.write(session, shop, verdicts), *again]

        results = await self.transactions.in_halves(tasks, body)
        finished = [result for result in results if isinstance(result, Finished)]
        return finished, [result for result in results if isinstance(result, Task)]


def gone(task: Task, cell: CellStock | None) -> CellOutcome | None:
    """Why a task cannot go on: its BOM was removed, or mapped to another item."""
    if cell is None:
        return CellOutcome(error(Code.BOM_NOT_FOUND))
    if cell.item_id != task.item_id:
        return CellOutcome(error(Code.BOM_REMAPPED))
    return None


def pushed_values(target: Target) -> tuple[int, int]:
    """Shopify's value before and after a push."""
    return target.change_from, target.quantity


def _end_of(task: Task, cell: CellStock | None, verdict: CellOutcome) -> CellEnd:
    ended = verdict.ended
    local: tuple[int | None, int | None] | None = None
    settled: Settled | None = None
    if cell is not None and ended.change is not None:
        after = ended.change.stock
        local = cell.stock.local, after.local
        settled = Settled(after.settle_no, after.tracks_rev, first=cell.stock.never_agreed)
    elif task.row is not None:
        local = task.row.local, task.row.local
    return CellEnd(
        job_id=task.job_id,
        key=task.key,
        state=ended.state,
        push_id=task.push_id,
        reason=ended.reason,
        code=ended.code,
        detail=verdict.detail,
        shopify=verdict.shopify,
        local=local,
        settled=settled,
    )


def count_finished(finished: Sequence[Finished]) -> None:
    """Count in the metrics, once the transaction has committed."""
    now = datetime.now(UTC)
    for one in finished:
        direction = str(one.task.direction)
        code = str(one.ended.code or one.ended.reason or "")
        metrics.CELLS.labels(direction, str(one.ended.state), code).inc()
        metrics.CELL_SECONDS.labels(direction).observe((now - one.task.cell.created_at).total_seconds())
        if one.ended.change is not None:
            metrics.BASE_UPDATES.labels("settle", "applied").inc()
