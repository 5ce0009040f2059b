"""What follows the end of a batch: the job's own end at once, and the next cells whenever a place is free."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

import pytest

from services.reconciler.aggregator import aggregator
from services.reconciler.aggregator.aggregator import Aggregator
from services.reconciler.jobs import window
from services.reconciler.jobs.job_events import JobEvents
from services.reconciler.jobs.window import Window
from shared.contract.messages import CellsFinished
from shared.domain.cell import CellKey
from shared.mongodb.connection import Mongo
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consuming.answers import Unanswered
from shared.rabbitmq.consuming.delivery import Delivery
from shared.rabbitmq.publishing.publisher import Publisher
from tests.integration.planner.job_of_cells import JobOfCells
from tests.integration.shop_world import SHOP
from tests.waiting import until

FOR_EVER = 3600.0


@dataclass
class Scene:
    """A job of 400 cells in a window of 100, and an aggregator that has derived its totals just now."""

    job: JobOfCells
    aggregator: Aggregator

    async def end(self, keys: list[CellKey]) -> None:
        """A batch ends, and its message arrives."""
        await self.job.end(keys)
        body = CellsFinished(shop=SHOP, job_id=self.job.job_id, cells=[]).to_json()
        # The message is the test's own: nobody waits for its answer.
        nobody = cast("Unanswered", None)
        message = Delivery("key", body, {}, redelivered=False, queue="test", since=0.0, _message=nobody)
        await self.aggregator.on_finished(message)

    async def published_to(self) -> int:
        """How many cells were published."""
        return int((await self.job.stored())["published_to"])


@pytest.fixture
async def scene(
    vhost_url: str, mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    """No derivation is due for an hour, but the first."""
    monkeypatch.setattr(aggregator, "REFRESH_EVERY", FOR_EVER)
    monkeypatch.setattr(window, "WINDOW", 100)
    await declare_topology(vhost_url)
    publisher, mongo = await Publisher.open(vhost_url, "scene"), Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    job = JobOfCells(mongo)
    await job.start(400)
    made = Aggregator(
        job.totals,
        job.cells,
        Window(job.jobs, job.cells, publisher),
        JobEvents(job.jobs, job.cells, publisher),
    )
    await made.refresh(SHOP, job.job_id)
    yield Scene(job, made)
    await made.stop()
    await publisher.close()
    mongo.close()


async def test_the_last_cells_end_their_job_at_once(scene: Scene) -> None:
    """However short ago the totals were derived: nobody waits for the next time."""
    await scene.end(scene.job.keys[:250])
    assert (await scene.job.stored())["state"] == "running"
    await scene.end(scene.job.keys[250:])
    stored = await scene.job.stored()
    assert (stored["state"], stored["totals"]["updated"]) == ("completed", 400)


async def test_each_batch_of_several_that_end_together_is_followed_by_another(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one ends before the window may be refilled again: its places are filled a moment later."""
    monkeypatch.setattr(aggregator, "REFILL_EVERY", 0.2)
    assert await scene.published_to() == 100
    await scene.end(scene.job.keys[:50])
    await scene.end(scene.job.keys[50:100])

    async def followed() -> bool:
        return await scene.published_to() == 200

    await until(followed, what="two more batches published", progress=scene.published_to)
