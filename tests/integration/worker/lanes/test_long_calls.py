"""No message is held through long work: the broker takes it back after a while and closes the channel it came by."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import aio_pika
import pytest

from deploy.local.rabbitmq import RabbitMqNode
from deploy.local.run_directory import make_run_directory
from services.reconciler.planner.planner import Planner
from services.reconciler.worker.cells.cell_worker import CellWorker
from services.reconciler.worker.lanes.lane import Lane
from shared.domain.comparison import Direction
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.previews.previews import PreviewStore, Run
from shared.rabbitmq.consuming.delivery import Delivery
from tests.backends.backend import LOCAL, backend_name
from tests.backends.server_logs import keep_logs
from tests.integration.ingest.ingest_setup import counted
from tests.integration.shop_world import SHOP, ShopWorld, new_id, previewer, reconciler, shop_world
from tests.waiting import arrival, until, writes_to


@dataclass(frozen=True)
class Extent:
    """How large the preview is, how long its calls take, and for how long the broker waits for an answer (seconds)."""

    boms: int
    locations: int
    items_per_read: int
    call: float
    patience: float
    calls: int
    """The locations, the items of each part, and, where parts are large, what the items of one cost."""


SHORT = Extent(boms=6, locations=2, items_per_read=2, call=1.8, patience=1.5, calls=1 + 3)
FULL = Extent(boms=500, locations=4, items_per_read=250, call=18.0, patience=15.0, calls=1 + 2 + 1)


@contextmanager
def impatient(seconds: float) -> Iterator[RabbitMqNode]:
    """A RabbitMQ that waits so long for the answer to a delivery, and looks every quarter of it."""
    if backend_name() != LOCAL:
        pytest.skip("a test with a broker's own configuration starts its own: TRUEUP_TEST_BACKEND=local")
    directory = make_run_directory("impatient-rabbitmq", in_memory=True)
    patience, tick = round(seconds * 1000), round(seconds * 250)
    (directory / "advanced.config").write_text(
        f"[{{rabbit, [{{consumer_timeout, {patience}}}, {{channel_tick_interval, {tick}}}]}}].\n"
    )
    node = RabbitMqNode(directory)
    try:
        node.start()
        yield node
    finally:
        node.end()
        keep_logs(directory)
        shutil.rmtree(directory, ignore_errors=True)


@asynccontextmanager
async def held_message(url: str) -> AsyncIterator[asyncio.Event]:
    """A delivery that nobody answers; returns what is set once the broker has closed its channel for that."""
    closed = asyncio.Event()
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        channel.close_callbacks.add(lambda *_: closed.set())
        queue = await channel.declare_queue("held", exclusive=True)
        delivered = asyncio.Event()

        async def hold(_: object) -> None:
            delivered.set()

        await queue.consume(hold)
        await channel.default_exchange.publish(aio_pika.Message(b"held"), "held")
        await delivered.wait()
        yield closed


@pytest.mark.parametrize(
    "extent", [pytest.param(SHORT, id="short"), pytest.param(FULL, id="full", marks=pytest.mark.full)]
)
async def test_a_preview_whose_calls_outlast_the_brokers_patience_ends_once(
    mongodb_uri: str, database_name: str, extent: Extent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run, each call once, though every single call takes longer than a message may go without an answer."""
    monkeypatch.setattr("services.preview.computing.previewer.ROWS_PER_CALL", extent.items_per_read)
    runs: list[Run | None] = []
    begin = PreviewStore.begin

    async def counted_begin(store: PreviewStore, shop: str, preview_id: str) -> Run | None:
        runs.append(await begin(store, shop, preview_id))
        return runs[-1]

    monkeypatch.setattr(PreviewStore, "begin", counted_begin)
    with impatient(extent.patience) as node:
        async with shop_world(node.url, mongodb_uri, database_name, locations=extent.locations) as world:
            levels = {f"B{number:04}": [number] * extent.locations for number in range(extent.boms)}
            await world.add_boms(levels)
            before = sum(told["calls"] for told in (await world.calls()).values())
            world.running.simulator.faults.set_latency(extent.call, None)
            async with held_message(node.url) as closed, previewer(world):
                preview_id = await world.preview()
                await arrival(closed.wait(), what="the end of the broker's patience")
            calls = sum(told["calls"] for told in (await world.calls()).values()) - before
            rows = await world.mongo.db["preview_rows"].count_documents({"preview_id": preview_id})
    assert (len(runs), rows) == (1, extent.boms * extent.locations)
    assert calls == extent.calls


class _Held:
    """A message that notes whether it was answered."""

    def __init__(self) -> None:
        self.acked = False

    async def ack(self) -> None:
        """Answered."""
        self.acked = True


class _Hanging(CellWorker):
    """A worker whose Shopify does not answer."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def run(self, _: str, __: object) -> list[str]:
        """Wait."""
        await self.go_on.wait()
        return []


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with two BOMs at a location, each counted 3 above Shopify's value."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made:
        await made.add_boms({"A": [7], "B": [7]}, tracks=True)
        await made.agree()
        for name in "AB":
            await made.hand(name, made.locations[0], 3)
        yield made


async def test_a_lane_lets_messages_go_whatever_its_batch_is_at(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cells are remembered; those that were answered meanwhile are not answered again."""
    monkeypatch.setattr("services.reconciler.worker.lanes.lane.LONGEST_HOLD", 0.1)
    worker, messages = _Hanging(), [_Held() for _ in range(3)]
    lane = Lane(SHOP, worker, CellStore(world.mongo.db), lambda _: None)
    for number, message in enumerate(messages):
        delivery = Delivery("key", b"", {}, redelivered=False, queue="test", since=0.0, _message=message)  # type: ignore[arg-type]  # stands for the library's own
        await lane.add(f"cell {number}", delivery)
    await until(lambda: all(message.acked for message in messages), what="the answer to every message")
    assert (lane.size, lane.held) == (3, 0)
    worker.go_on.set()
    await until(lambda: lane.size == 0, what="the end of the lane's cells", progress=lambda: lane.size)
    await lane.stop()


async def test_a_job_whose_messages_were_let_go_ends_once(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cells are pushed by those who remember them, each once, though their messages are long gone."""
    monkeypatch.setattr("services.reconciler.worker.lanes.lane.LONGEST_HOLD", 0.1)
    world.running.simulator.faults.set_latency(0.5, None)
    async with reconciler(world):
        job = await world.run(Direction.TO_SHOPIFY)
    assert job["totals"]["updated"] == 2
    assert len(await world.ledger()) == 2


async def test_no_message_is_held_through_planning(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells of a large job take long to make: its request is answered before, and a second one is planned too."""
    planning, go_on = asyncio.Event(), asyncio.Event()
    plan_once = Planner._plan_once

    async def slow(planner: Planner, shop: str) -> None:
        planning.set()
        await go_on.wait()
        await plan_once(planner, shop)

    monkeypatch.setattr(Planner, "_plan_once", slow)
    before = counted("messages_total", queue="trueup.jobs", outcome="ack")
    async with reconciler(world, roles={"planner"}):
        first = await world.request(Direction.TO_SHOPIFY, {"bom_ids": ["A"]})
        await arrival(planning.wait(), what="the first planning", progress=writes_to(world.mongo.db))
        second = await world.request(Direction.TO_SHOPIFY, {"bom_ids": ["B"]}, job_id=new_id())
        await until(
            lambda: counted("messages_total", queue="trueup.jobs", outcome="ack") == before + 2,
            what="the answers to both requests",
        )
        go_on.set()
        for job_id in (first, second):
            await world.document("jobs", job_id, lambda job: job["state"] == "running")
