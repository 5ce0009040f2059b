"""A unit of work: all of it stands or nothing does, and a block that meets another writer decides anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.reconciler.worker.cells.outcomes import CellOutcome
from services.reconciler.worker.cells.task import Task, task_of
from services.reconciler.worker.cells.unit_of_work import UnitOfWork, UnitsOfWork
from shared.domain.cell import CellState
from shared.domain.plan import Ended, Target, error
from shared.domain.push import PushState
from shared.domain.stock import Stock, adjust
from shared.domain.words.codes import Code
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.pushes import PushRow, PushStore
from shared.mongodb.stock.stock import StockStore, new_stock, stock_id
from shared.mongodb.transactions import Overtaken
from tests.integration.planner.job_of_cells import JobOfCells
from tests.integration.shop_world import SHOP

CELLS = 8


class Bench:
    """The tasks of a running job whose cells each count ten."""

    def __init__(self, mongo: Mongo, job: JobOfCells, tasks: list[Task]) -> None:
        self.mongo, self.job, self.tasks = mongo, job, tasks
        self.stock, self.pushes = StockStore(mongo.db), PushStore(mongo.db)
        self.units = UnitsOfWork(mongo.transactions, self.stock, job.cells, self.pushes)

    async def another_counts(self, number: int) -> None:
        """Another writer raises a cell's count by one."""
        raised = {"$inc": {"count": 1, "manual_total": 1, "rev": 1}}
        await self.mongo.db["stock"].update_one({"_id": stock_id(SHOP, self.tasks[number].key)}, raised)

    async def counts(self) -> list[int | None]:
        """The counts, in the order of the tasks."""
        present = await self.stock.load(SHOP, [task.key for task in self.tasks])
        return [present[task.key].stock.count for task in self.tasks]

    async def documents(self, collection: str) -> int:
        """How many documents it has."""
        return int(await self.mongo.db[collection].count_documents({}))


@pytest.fixture
async def bench(mongodb_uri: str, database_name: str) -> AsyncIterator[Bench]:
    """Nothing has been done yet."""
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    job = JobOfCells(mongo)
    await job.start(CELLS)
    record = await job.jobs.get(SHOP, job.job_id)
    assert record is not None
    stock = Stock(base=10, base_time=datetime(2026, 1, 1, tzinfo=UTC), count=10)
    await mongo.db["stock"].insert_many([new_stock(SHOP, key, "1", stock) for key in job.keys])
    cells = await job.cells.begin(SHOP, await job.cells.load(SHOP, job.ids(job.keys)))
    yield Bench(mongo, job, [task_of(cell, record, allow_negative=False) for cell in cells])
    mongo.close()


def _raised(cell: Any) -> CellOutcome:
    return CellOutcome(Ended(CellState.UPDATED, change=adjust(cell.stock, 5)))


async def test_a_block_that_meets_another_writer_decides_anew(bench: Bench) -> None:
    """However often a try conflicts, then halves: each task ends once, by the stock as it stands then."""
    finished, tries = [], 0
    async for unit in bench.units.over(SHOP, bench.tasks):
        tries += 1
        async with unit:
            for task, cell in await unit.present():
                unit.end(task, _raised(cell), cell)
            if tries <= 4:
                await bench.another_counts(0)
        assert (unit.finished == []) == (tries <= 4)
        finished += unit.finished
    assert Counter(one.task for one in finished) == Counter(bench.tasks)
    assert await bench.counts() == [19, *[15] * (CELLS - 1)]
    assert await bench.documents("ledger") == CELLS
    assert (await bench.job.counted()) == {"updated": CELLS}


async def test_what_raises_inside_leaves_nothing(bench: Bench) -> None:
    """Neither stock, ledger, cell nor push of a block that failed."""
    units: list[UnitOfWork] = []

    async def fail() -> None:
        async for unit in bench.units.over(SHOP, bench.tasks):
            units.append(unit)
            async with unit:
                for task, cell in await unit.present():
                    unit.end(task, _raised(cell), cell)
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    [unit] = units
    assert not unit.finished
    assert not unit.left
    assert not unit.pushes
    assert await bench.counts() == [10] * CELLS
    assert await bench.documents("ledger") == 0


async def test_a_cell_that_was_ended_by_another_undoes_all_of_it(bench: Bench) -> None:
    """An end is conditional on the cell: where one has ended meanwhile, the others are not ended by halves."""
    await bench.job.end([bench.tasks[3].key])
    with pytest.raises(Overtaken):
        await bench.units.end(SHOP, [(task, CellOutcome(error(Code.CONFLICT))) for task in bench.tasks])
    assert (await bench.job.counted()) == {"updated": 1, "applying": CELLS - 1}


async def test_what_is_gone_ends_and_what_is_not_told_of_is_left(bench: Bench) -> None:
    """A cell without stock, and one of another item, end as that; a task the block says nothing of is left."""
    await bench.mongo.db["stock"].delete_one({"_id": stock_id(SHOP, bench.tasks[0].key)})
    other = {"$set": {"item_id": "2"}, "$inc": {"rev": 1}}
    await bench.mongo.db["stock"].update_one({"_id": stock_id(SHOP, bench.tasks[1].key)}, other)
    async for unit in bench.units.over(SHOP, bench.tasks):
        async with unit:
            for task, cell in (await unit.present())[:2]:
                unit.end(task, _raised(cell), cell)
    assert [(one.task, one.ended.code) for one in unit.finished] == [
        (bench.tasks[0], Code.BOM_NOT_FOUND),
        (bench.tasks[1], Code.BOM_REMAPPED),
        (bench.tasks[2], None),
        (bench.tasks[3], None),
    ]
    assert unit.left == bench.tasks[4:]


async def test_of_two_who_know_a_push_one_dates_the_next_send(bench: Bench) -> None:
    """What was made is as the store has it, and whoever knows it as it was does not date a send any more."""
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    async for unit in bench.units.over(SHOP, bench.tasks):
        async with unit:
            rows = [PushRow(task.job_id, task.key, task.item_id, Target(12, 10, 0, 0)) for task in unit.tasks]
            unit.push("P", "{}", rows, unit.tasks)
    [made] = unit.pushes
    assert made.record == await bench.pushes.get(SHOP, "P")
    dated = await bench.pushes.note_send(SHOP, made.record, now)
    assert dated == await bench.pushes.get(SHOP, "P")
    assert dated is not None
    assert (dated.sends, dated.first_sent_at) == (1, now)
    assert await bench.pushes.note_send(SHOP, made.record, now) is None
    assert await bench.pushes.again(SHOP, made.record) == dated
    assert await bench.pushes.close(SHOP, "P", PushState.JUDGED)
    assert await bench.pushes.note_send(SHOP, dated, now) is None
