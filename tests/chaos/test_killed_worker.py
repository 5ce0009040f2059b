"""A worker killed with -9 in the middle of a job, and every result message doubled."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from deploy.local.process import KeptProcess
from shared.domain.comparison import Direction
from shared.settings import Settings
from tests.integration.command_line_runs import environment_of
from tests.integration.shop_world import ShopWorld, previewer, reconciler, shop_world

ROOT = Path(__file__).parents[2]


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


async def wait_for(condition: Callable[[], bool], within: float = 30.0) -> None:
    """Wait until the condition holds; what it looks at changes in another process, which announces nothing."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  # see above
            await asyncio.sleep(0.005)


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
    """100 BOMs that track at 4 locations, each count 2 above Shopify's value; planner and aggregator running."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name) as made,
        reconciler(made, roles={"planner", "aggregator"}, watchdog_every=0.5),
        previewer(made),
    ):
        await made.add_boms({f"B{n:03}": [n, n + 1, n + 2, n + 3] for n in range(100)}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        yield made


async def test_two_kills_and_doubled_results_change_nothing(world: ShopWorld, tmp_path: Path) -> None:
    """Killed before and after Shopify applied a push: totals exact, each correction once, the job ends once."""
    before = await world.shopify()
    preview_id = await world.preview()
    ledger = world.running.simulator.tenants["tests.myshopify.com"].stock.ledger
    start = len(ledger)
    async with doubled_results(world.settings.amqp_url.get_secret_value()) as seen:
        await world.control("/control/latency", {"seconds": 0.3})
        job_id = await world.request(Direction.TO_SHOPIFY, preview_id=preview_id)
        async with worker(world, tmp_path, "first") as first:
            # Written and dated, perhaps sent, not yet answered.
            await world.document_where("pushes", {"sends": {"$gte": 1}})
            await asyncio.to_thread(first.kill)
        async with worker(world, tmp_path, "second") as second:
            await wait_for(lambda: len(ledger) >= start + 250)
            await asyncio.to_thread(second.kill)
        async with worker(world, tmp_path, "third"):
            job = await world.ended(job_id)
            await wait_for(lambda: seen["job.finished"] >= 1)

    assert job["state"] == "completed", job["codes"]
    assert job["totals"] == {
        "total": 400,
        "pending": 0,
        "applying": 0,
        "updated": 400,
        "skipped": 0,
        "errors": 0,
        "cancelled": 0,
    }
    assert await world.shopify() == {cell: value + 2 for cell, value in before.items()}
    changes = Counter((entry["item_id"], entry["location_id"]) for entry in await world.ledger())
    assert len(changes) == 400
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
            await wait_for(lambda: ended.done() or not process.is_running, within=60)  # within its life
    job = await ended
    assert job["codes"] == {"WORKER_CRASHED": 1}, job
    assert job["totals"]["updated"] == 4
    assert lives == 6
