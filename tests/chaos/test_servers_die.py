"""RabbitMQ and MongoDB die in the middle of a job and come back; a frozen worker wakes up after a takeover."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local.mongodb import MongoDbReplicaSet
from deploy.local.rabbitmq import RabbitMqNode
from shared.domain.comparison import Direction
from tests.chaos.test_killed_worker import wait_for, worker
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world


@asynccontextmanager
async def drifted(amqp_url: str, mongodb_uri: str, database: str) -> AsyncIterator[ShopWorld]:
    """60 BOMs that track at 4 locations, each count 2 above Shopify's value."""
    async with shop_world(amqp_url, mongodb_uri, database) as world:
        await world.add_boms({f"B{n:03}": [n, n + 1, n + 2, n + 3] for n in range(60)}, tracks=True)
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
        # RabbitMQ 3.10 loses a quorum queue that was declared less than a second before a kill; nothing announces
        # that it has written its list of queues.
        await asyncio.sleep(1.5)
        await world.control("/control/latency", {"seconds": 0.3})
        job_id = await world.request(Direction.TO_SHOPIFY)
        await world.document_where("pushes", {"sends": {"$gte": 1}})
        await asyncio.to_thread(private_rabbitmq.kill)
        await asyncio.to_thread(private_rabbitmq.restart)
        job = await world.ended(job_id)
        assert job["totals"]["updated"] == 240, job["codes"]
        await applied_once(world, 240)
        # The consumers are back: a second job runs through.
        again = await world.run(Direction.TO_SHOPIFY)
        assert again["totals"]["skipped"] == 240


async def test_mongodb_killed_in_mid_job(
    private_mongodb: MongoDbReplicaSet, vhost_url: str, database_name: str
) -> None:
    """MongoDB is killed while Shopify is answering a push: the answer is asked for again under the same key."""
    async with (
        drifted(vhost_url, private_mongodb.uri, database_name) as world,
        reconciler(world, watchdog_every=0.5, silent_after=timedelta(seconds=3)),
    ):
        await world.control("/control/latency", {"seconds": 0.5})
        ledger = world.running.simulator.tenants[SHOP].stock.ledger
        start = len(ledger)
        job_id = await world.request(Direction.TO_SHOPIFY)
        await wait_for(lambda: len(ledger) > start)
        await asyncio.to_thread(private_mongodb.kill)
        await asyncio.to_thread(private_mongodb.restart)
        job = await world.ended(job_id)
        assert job["totals"]["updated"] == 240, job["codes"]
        await applied_once(world, 240)


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
    await world.control("/control/latency", {"seconds": 0.4})
    job_id = await world.request(Direction.TO_SHOPIFY)
    async with worker(world, tmp_path, "frozen") as first:
        await world.document_where("pushes", {"sends": {"$gte": 1}})
        await asyncio.to_thread(first.freeze)
        async with worker(world, tmp_path, "second"):
            job = await world.ended(job_id)
            await asyncio.to_thread(first.thaw)
            # What the first still holds is ended: a job after it shows that it takes part again and does no harm.
            await world.control("/control/latency", {"seconds": 0.0})
            again = await world.run(Direction.TO_SHOPIFY)
    assert job["totals"]["updated"] == 240, job["codes"]
    assert again["totals"]["skipped"] == 240
    assert await world.shopify() == {cell: value + 2 for cell, value in before.items()}
    await applied_once(world, 240)
