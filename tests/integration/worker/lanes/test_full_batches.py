"""How full a batch is follows from the documents: a lane begins full, or when nothing published to it is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from services.reconciler.worker.cells.cell_worker import CellWorker
from services.reconciler.worker.lanes import gathering
from services.reconciler.worker.lanes.lane import Lane
from shared.domain.cell import CellKey
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.cells.cell import cell_id
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.schema import Document, key_of
from shared.rabbitmq.consuming.delivery import Delivery
from tests.integration.shop_world import SHOP, new_id
from tests.waiting import time_passes, until


class _Message:
    """A message of which nobody asks more than to be acknowledged."""

    async def ack(self) -> None:
        """Acknowledged."""


def _delivery() -> Delivery:
    return Delivery("key", b"", {}, redelivered=False, queue="test", since=0.0, _message=_Message())  # type: ignore[arg-type]  # stands for the library's own


class _Worker(CellWorker):
    """Ends every cell it is given, and notes the batches."""

    def __init__(self, mongo: Mongo) -> None:
        self.batches: list[int] = []
        self._mongo = mongo

    async def run(self, shop: str, ids: Sequence[str]) -> list[str]:
        """All done."""
        self.batches.append(len(ids))
        ended: Document = {"$set": {"state": "updated"}, "$unset": {"open": ""}}
        await self._mongo.db["cells"].update_many({"shop": shop, "_id": {"$in": list(ids)}}, ended)
        return []


class Scene:
    """A running job in the documents, and the lane of its shop."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo
        self.cells = CellStore(mongo.db)
        self.worker = _Worker(mongo)
        self.lanes: list[Lane] = []

    def lane(self, crowded: Callable[[], bool] = lambda: False) -> Lane:
        """The shop's lane."""
        self.lanes.append(Lane(SHOP, self.worker, self.cells, lambda _: None, crowded=crowded))
        return self.lanes[-1]

    async def published(self, number: int) -> list[str]:
        """A running job of that many cells, all published at once; returns the cells' ids."""
        job_id = new_id()
        ids = [cell_id(SHOP, job_id, CellKey(f"B{n}", "1")) for n in range(number)]
        cell = {"shop": SHOP, "job_id": job_id, "location_id": "1", "state": "pending", "open": True}
        job = {"_id": key_of(SHOP, job_id), "shop": SHOP, "job_id": job_id, "state": "running", "published_to": number}
        await self.mongo.db["jobs"].insert_one(job)
        await self.mongo.db["cells"].insert_many(
            {**cell, "_id": one, "bom_id": f"{job_id} {n}", "no": n} for n, one in enumerate(ids)
        )
        return ids

    async def deliver(self, lane: Lane, ids: Sequence[str]) -> None:
        """Their messages arrive."""
        for one in ids:
            await lane.add(one, _delivery())

    async def worked_on(self, *batches: int) -> None:
        """Wait until that many cells have been worked on, in these batches."""
        what = f"batches {batches}"
        await until(
            lambda: sum(self.worker.batches) >= sum(batches), what=what, progress=lambda: len(self.worker.batches)
        )
        assert self.worker.batches == list(batches)


@pytest.fixture
async def scene(mongodb_uri: str, database_name: str) -> AsyncIterator[Scene]:
    """No job yet."""
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    made = Scene(mongo)
    yield made
    await asyncio.gather(*(lane.stop() for lane in made.lanes))
    mongo.close()


async def test_messages_that_come_slowly_make_the_same_batches(scene: Scene) -> None:
    """400 cells are one full batch and one of 150, however long a busy machine takes to deliver them."""
    ids = await scene.published(400)
    lane = scene.lane()
    await scene.deliver(lane, ids[:155])
    # Longer than a lane used to wait for company; that it works on nothing meanwhile cannot be awaited.
    await time_passes(1.5, why="nothing may happen")
    assert scene.worker.batches == []
    await scene.deliver(lane, ids[155:270])
    await scene.deliver(lane, ids[270:])
    await scene.worked_on(250, 150)


async def test_cells_of_two_jobs_share_a_batch(scene: Scene) -> None:
    """What is on its way is told for the shop, not for the jobs whose cells have come already."""
    first, second = await scene.published(3), await scene.published(4)
    lane = scene.lane()
    await scene.deliver(lane, first)
    await time_passes(0.2, why="nothing may happen")
    await scene.deliver(lane, second)
    await scene.worked_on(7)


async def test_a_lost_message_is_not_waited_for_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch begins without it after a while; the next one does not wait for it again."""
    monkeypatch.setattr(gathering, "NOTHING_COMES", 0.1)
    ids = await scene.published(5)
    lane = scene.lane()
    await scene.deliver(lane, ids[:3])
    await scene.worked_on(3)
    monkeypatch.setattr(gathering, "NOTHING_COMES", 3600)
    await scene.deliver(lane, ids[3:4])
    await scene.worked_on(3, 1)


async def test_what_the_broker_cannot_deliver_is_not_waited_for(scene: Scene) -> None:
    """Where as many messages are held as it delivers, nothing comes before one is acknowledged."""
    ids = await scene.published(300)
    lane = scene.lane(crowded=lambda: True)
    await scene.deliver(lane, ids[:20])
    await scene.worked_on(20)


async def test_a_full_batch_does_not_wait(scene: Scene) -> None:
    """250 are enough, whatever else is on its way."""
    ids = await scene.published(600)
    lane = scene.lane()
    await scene.deliver(lane, ids[:250])
    await scene.worked_on(250)
