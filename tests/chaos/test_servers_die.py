"""RabbitMQ and MongoDB die in the middle of a job and come back; a frozen worker wakes up after a takeover."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local.mongodb import MongoDbReplicaSet
from deploy.local.rabbitmq import RabbitMqNode
from shared.domain.comparison import Direction
from shared.rabbitmq import topology
from tests.chaos.test_killed_worker import PUSH, deeds, ledger_of, worker
from tests.held_calls import held_calls
from tests.integration.shop_world import ShopWorld, reconciler, shop_world
from tests.quorum_queues import on_disk
from tests.waiting import arrival, until


@asynccontextmanager
async def drifted(amqp_url: str, mongodb_uri: str, database: str) -> AsyncIterator[ShopWorld]:
    """20 BOMs that track at 4 locations, each count 2 above Shopify's value."""
    async with shop_world(amqp_url, mongodb_uri, database) as world:
        await world.add_boms({f"B{n:03}": [n, n + 1, n + 2, n + 3] for n in range(20)}, tracks=True)
        await world.agree()
        await world.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        yield world


async def applied_once(world: ShopWorld, cells: int) -> None:
    """Every correction stands exactly once in the simulator's ledger."""
    changes = Counter((entry["item_id"], entry["location_id"]) for entry in await world.ledger())
    assert len(changes) == cells
    assert set(changes.values()) == {1}


async def test_broker_killed_in_mid_job(private_rabbitmq: RabbitMqNode, mongodb_uri: str, database_name: str) -> None:
    """RabbitMQ is killed while pushes are under way: after its return the job ends with exact totals."""
    async with (
        drifted(private_rabbitmq.url, mongodb_uri, database_name) as world,
        reconciler(world, watchdog_every=0.5, silent_after=timedelta(seconds=3)),
    ):
        start = len(ledger_of(world))
        await on_disk(private_rabbitmq, [queue.name for queue in topology.QUEUES])
        async with held_calls(world.running.simulator, PUSH) as held:
            job_id = await world.request(Direction.TO_SHOPIFY)
            await arrival(held.arrived.wait(), what="a push at Shopify", progress=deeds(world))
            await asyncio.to_thread(private_rabbitmq.kill)
        # Shopify answers while there is no broker to tell of it.
        await until(lambda: len(ledger_of(world)) > start, what="the push is applied")
        await asyncio.to_thread(private_rabbitmq.restart)
        job = await world.ended(job_id)
        assert job["totals"]["updated"] == 80, job["codes"]
        await applied_once(world, 80)
        # The consumers are back: a second job runs through.
        again = await world.run(Direction.TO_SHOPIFY)
        assert again["totals"]["skipped"] == 80


async def test_mongodb_killed_in_mid_job(
    private_mongodb: MongoDbReplicaSet, vhost_url: str, database_name: str
) -> None:
    """MongoDB is killed while Shopify is answering a push: the answer is asked for again under the same key."""
    async with (
        drifted(vhost_url, private_mongodb.uri, database_name) as world,
        reconciler(world, watchdog_every=0.5, silent_after=timedelta(seconds=3)),
    ):
        start = len(ledger_of(world))
        async with held_calls(world.running.simulator, PUSH) as held:
            job_id = await world.request(Direction.TO_SHOPIFY)
            await arrival(held.arrived.wait(), what="a push at Shopify", progress=deeds(world))
            await asyncio.to_thread(private_mongodb.kill)
        await until(lambda: len(ledger_of(world)) > start, what="the push is applied")
        await asyncio.to_thread(private_mongodb.restart)
        job = await world.ended(job_id)
        assert job["totals"]["updated"] == 80, job["codes"]
        await applied_once(world, 80)


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A drifted shop with planner and aggregator; workers are processes of the test."""
    async with (
        drifted(vhost_url, mongodb_uri, database_name) as made,
        reconciler(made, roles={"planner", "aggregator"}, watchdog_every=0.5, silent_after=timedelta(seconds=3)),
    ):
        yield made


async def test_frozen_worker_wakes_up_after_a_takeover(world: ShopWorld, tmp_path: Path) -> None:
    """A worker is frozen with a push in hand, another takes over and finishes; the first changes nothing later."""
    before = await world.shopify()
    async with AsyncExitStack() as first_life:
        async with held_calls(world.running.simulator, PUSH) as held:
            job_id = await world.request(Direction.TO_SHOPIFY)
            first = await first_life.enter_async_context(worker(world, tmp_path, "frozen"))
            await arrival(held.arrived.wait(), what="a push at Shopify", progress=deeds(world))
            await asyncio.to_thread(first.freeze)
        # Shopify's answer waits for the frozen worker.
        async with worker(world, tmp_path, "second"):
            job = await world.ended(job_id)
            await asyncio.to_thread(first.thaw)
            # What the first still holds is ended: a job after it shows that it takes part again and does no harm.
            again = await world.run(Direction.TO_SHOPIFY)
    assert job["totals"]["updated"] == 80, job["codes"]
    assert again["totals"]["skipped"] == 80
    assert await world.shopify() == {cell: value + 2 for cell, value in before.items()}
    await applied_once(world, 80)
