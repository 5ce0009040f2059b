"""The unit of work: some cells of a shop, their stock, and what becomes of both, written in one transaction.

    async for unit in units.over(shop, tasks):
        async with unit:
            for task, cell in await unit.present():
                unit.end(task, ..., cell)
        finished += unit.finished

A block is run again where another writer came between, then with halves of its tasks. So it decides from what the unit
has read and tells the unit; what it has come to is asked of the unit after the block, and is empty where nothing was
committed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from services.reconciler.worker.cells.outcomes import CellOutcome, Finished, end_of, gone
from services.reconciler.worker.cells.task import Task
from shared.domain.cell import CellKey
from shared.domain.push import PushState
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.pushes import PushRecord, PushRow, PushStore
from shared.mongodb.stock.stock import CellStock, StockStore, StockWrite
from shared.mongodb.transactions import Attempt, Session, Transactions


@dataclass(frozen=True, slots=True)
class MadePush:
    """A push that was made, open and never sent, with its tasks."""

    record: PushRecord
    tasks: tuple[Task, ...]


class UnitOfWork:
    """One try at some tasks. What becomes of them is written as the block ends."""

    def __init__(self, stores: UnitsOfWork, attempt: Attempt[Task], shop: str) -> None:
        self._stores = stores
        self._attempt = attempt
        self._shop = shop
        self._session: Session
        self._ends: list[tuple[Task, CellStock | None, CellOutcome]] = []
        self._pushes: list[MadePush] = []

    @property
    def tasks(self) -> Sequence[Task]:
        """The tasks of this try."""
        return self._attempt.items

    async def __aenter__(self) -> Self:
        """Begin."""
        self._session = await self._attempt.__aenter__()
        return self

    async def present(self) -> list[tuple[Task, CellStock]]:
        """Each task with its stock as it stands; one whose BOM was removed, or mapped to another item, is ended."""
        stock = await self._stores.stock.load(self._shop, [task.key for task in self.tasks], self._session)
        found: list[tuple[Task, CellStock]] = []
        for task in self.tasks:
            cell = stock.get(task.key)
            outcome = gone(task, cell)
            if outcome is not None:
                self.end(task, outcome, cell)
            elif cell is not None:
                found.append((task, cell))
        return found

    def end(self, task: Task, outcome: CellOutcome, cell: CellStock | None = None) -> None:
        """The task ends so; `cell`: its stock as read, where the outcome changes it."""
        self._ends.append((task, cell, outcome))

    def push(self, push_id: str, body: str, rows: Sequence[PushRow], tasks: Sequence[Task]) -> None:
        """A push with this body, which the cells of these tasks name from now on."""
        record = PushRecord(
            push_id=push_id,
            state=PushState.OPEN,
            body=body,
            rows=tuple(rows),
            first_sent_at=None,
            sends=0,
            not_run=0,
            last_sent_at=None,
            outcomes=(),
            adjusted_at=None,
            whole=False,
        )
        self._pushes.append(MadePush(record, tuple(tasks)))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Write all and commit, or nothing."""
        if error is None:
            try:
                await self._write()
            except BaseException as failed:
                if not await self._attempt.__aexit__(type(failed), failed, failed.__traceback__):
                    raise
                return False
        return await self._attempt.__aexit__(kind, error, trace)

    async def _write(self) -> None:
        stores, session, shop = self._stores, self._session, self._shop
        writes: list[StockWrite] = []
        verify: list[CellKey] = []
        for task, cell, outcome in self._ends:
            ended = outcome.ended
            if ended.change is not None and cell is not None:
                writes.append(StockWrite(task.key, cell.stock, ended.change, "reconcile", task.reference))
            elif ended.verify:
                verify.append(task.key)
        await stores.stock.write(session, shop, writes)
        await stores.stock.ask_verify(shop, verify, session)
        await stores.cells.end(session, shop, [end_of(task, cell, outcome) for task, cell, outcome in self._ends])
        for push in tuple(self._pushes):
            await self._write_push(push)

    async def _write_push(self, push: MadePush) -> None:
        stores, session, shop, record = self._stores, self._session, self._shop, push.record
        await stores.pushes.make(session, shop, record.push_id, record.body, record.rows)
        by_old: dict[str | None, list[str]] = {}
        for task in push.tasks:
            by_old.setdefault(task.push_id, []).append(task.cell_id)
        for old, ids in by_old.items():
            await stores.cells.point(session, shop, ids, old, record.push_id)

    @property
    def finished(self) -> list[Finished]:
        """The tasks that ended, once committed."""
        return [Finished(task, outcome.ended) for task, _, outcome in self._ends] if self._attempt.committed else []

    @property
    def pushes(self) -> list[MadePush]:
        """The pushes made, once committed."""
        return self._pushes if self._attempt.committed else []

    @property
    def left(self) -> list[Task]:
        """The tasks that have not ended, once committed."""
        if not self._attempt.committed:
            return []
        ended = {task for task, _, _ in self._ends}
        return [task for task in self.tasks if task not in ended]


@dataclass(frozen=True, slots=True)
class UnitsOfWork:
    """What units of work are made of: transactions, and the stores of what is written together."""

    transactions: Transactions
    stock: StockStore
    cells: CellStore
    pushes: PushStore

    async def over(self, shop: str, tasks: Sequence[Task]) -> AsyncIterator[UnitOfWork]:
        """Units that together cover the tasks, each to be entered; see above. Raises WriteConflict at last."""
        async for attempt in self.transactions.attempts(tasks):
            yield UnitOfWork(self, attempt, shop)

    async def end(self, shop: str, ends: Sequence[tuple[Task, CellOutcome]]) -> list[Finished]:
        """End tasks whose outcome does not depend on their stock."""
        finished: list[Finished] = []
        outcomes = dict(ends)
        async for unit in self.over(shop, list(outcomes)):
            async with unit:
                for task in unit.tasks:
                    unit.end(task, outcomes[task])
            finished += unit.finished
        return finished
