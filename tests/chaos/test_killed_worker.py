"""A worker killed with -9 in the middle of a job, and every result message doubled."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from deploy.local.process import KeptProcess
from shared.domain.comparison import Direction
from shared.mongodb.schema import Document
from shared.settings import Settings
from tests.held_calls import held_calls
from tests.integration.command_line.command_line_runs import environment_of
from tests.integration.shop_world import SHOP, ShopWorld, previewer, reconciler, shop_world
from tests.waiting import Measure, arrival, until

ROOT = Path(__file__).parents[2]
PUSH = "inventorySetQuantities"


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a process gets them."""
    return environment_of(
        settings,
        # A short heartbeat: the broker notices a frozen worker after two of them.
        TRUEUP_AMQP_URL=settings.amqp_url.get_secret_value() + "?heartbeat=3",
        TRUEUP_OPERATIONS_PORT="0",
        TRUEUP_PORT="0",
    )


@asynccontextmanager
async def worker(
    world: ShopWorld, directory: Path, name: str, more: Mapping[str, str] | None = None
) -> AsyncIterator[KeptProcess]:
    """A worker process, with `more` in its environment."""
    process = await asyncio.to_thread(
        KeptProcess,
        [sys.executable, "-m", "tests.chaos.worker_process"],
        environment={**environment(world.settings), **(more or {})},
        directory=ROOT,
        log=directory / f"{name}.log",
    )
    try:
        yield process
    finally:
        await asyncio.to_thread(process.kill)


def deeds(world: ShopWorld) -> Measure:
    """A measure of progress: what workers have done in the shop and in the documents of their jobs."""

    async def done() -> object:
        states: list[dict[str, Any]] = [{"$group": {"_id": "$state", "cells": {"$sum": 1}}}, {"$sort": {"_id": 1}}]
        cells = await world.mongo.db["cells"].aggregate(states).to_list(None)
        sends = [push.get("sends") async for push in world.mongo.db["pushes"].find({}, {"sends": 1}).sort("_id", 1)]
        return len(ledger_of(world)), cells, sends

    return done


def ledger_of(world: ShopWorld) -> Sequence[object]:
    """What has changed at Shopify."""
    return world.running.simulator.tenants[SHOP].stock.ledger


@asynccontextmanager
async def doubled_results(url: str) -> AsyncIterator[Counter[str]]:
    """A bare AMQP client that publishes every `cells.finished` a second time, and counts what it saw."""
    seen: Counter[str] = Counter()
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("trueup.events")
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(exchange, "cells.finished")
        await queue.bind(exchange, "job.finished")

        async def on_message(message: AbstractIncomingMessage) -> None:
            if "doubled" in message.headers:
                return
            seen[str(message.routing_key)] += 1
            if message.routing_key == "cells.finished":
                again = aio_pika.Message(message.body, headers={"doubled": "yes"})
                await exchange.publish(again, "cells.finished")
                seen["doubled"] += 1

        await queue.consume(on_message, no_ack=True)
        yield seen


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """70 BOMs that track at 4 locations, each count 2 above Shopify's value; planner and aggregator running."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name) as made,
        reconciler(made, roles={"planner", "aggregator"}, watchdog_every=0.5),
        previewer(made),
    ):
        await made.add_boms({f"B{n:03}": [n, n + 1, n + 2, n + 3] for n in range(70)}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        yield made


async def test_two_kills_and_doubled_results_change_nothing(world: ShopWorld, tmp_path: Path) -> None:
    """Killed before and after Shopify applied a push: totals exact, each correction once, the job ends once."""
    before = await world.shopify()
    preview_id = await world.preview()
    ledger = ledger_of(world)
    start = len(ledger)
    async with doubled_results(world.settings.amqp_url.get_secret_value()) as seen:
        async with held_calls(world.running.simulator, PUSH) as held:
            job_id = await world.request(Direction.TO_SHOPIFY, preview_id=preview_id)
            async with worker(world, tmp_path, "first") as first:
                await arrival(held.arrived.wait(), what="a push at Shopify", progress=deeds(world))
                await asyncio.to_thread(first.kill)
        # What nobody waits for any more is applied all the same.
        await until(lambda: len(ledger) > start, what="the push", progress=deeds(world))
        applied = len(ledger)

        async def at_work_again() -> bool:
            """A push more at Shopify, or, where the first worker had sent them all, the end of some cells."""
            return len(ledger) > applied or await world.mongo.db["cells"].count_documents({"state": "updated"}) > 0

        async with worker(world, tmp_path, "second") as second:
            await until(at_work_again, what="another deed", progress=deeds(world))
            await asyncio.to_thread(second.kill)
        async with worker(world, tmp_path, "third"):
            job = await world.ended(job_id)
            await until(lambda: seen["job.finished"] >= 1, what="the job's last event")

    assert job["state"] == "completed", job["codes"]
    assert job["totals"] == {
        "total": 280,
        "pending": 0,
        "applying": 0,
        "updated": 280,
        "skipped": 0,
        "errors": 0,
        "cancelled": 0,
    }
    assert await world.shopify() == {cell: value + 2 for cell, value in before.items()}
    changes = Counter((entry["item_id"], entry["location_id"]) for entry in await world.ledger())
    assert len(changes) == 280
    assert set(changes.values()) == {1}
    assert seen["doubled"] >= 1
    assert seen["job.finished"] == 1


async def test_a_cell_that_kills_its_worker_is_set_aside(world: ShopWorld, tmp_path: Path) -> None:
    """A cell that kills the worker each time ends as an error after a bounded number of lives; no other is lost."""
    poison = {"TRUEUP_TEST_POISON": world.items["B002"]}
    wanted = {"bom_ids": [f"B{n:03}" for n in range(5)], "location_ids": world.locations[:1]}
    job_id = await world.request(Direction.TO_LOCAL, wanted)
    await world.document("jobs", job_id, lambda job: job["state"] == "running")
    lives = 0
    ended = asyncio.create_task(world.ended(job_id))
    while not ended.done():
        lives += 1
        async with worker(world, tmp_path, f"life {lives}", poison) as process:
            await until(partial(_is_over, ended, process), what=f"the end of life {lives}", progress=deeds(world))
    job = await ended
    assert job["codes"] == {"WORKER_CRASHED": 1}, job
    assert job["totals"]["updated"] == 4
    assert lives == 6


def _is_over(ended: asyncio.Task[Document], process: KeptProcess) -> bool:
    return ended.done() or not process.is_running
