"""What a thousand webhooks cost, counted: the front's messages; the indexer's statements, documents, index entries.

No clock is asked: the counts are the same on every machine. What it costs in time: `make bench ONLY=webhooks`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from services.webhook_ingest.bootstrap import WebhookIngestService, WebhookRole
from services.webhook_ingest.indexer.lanes import EventLanes
from shared.domain.cell import CellKey
from shared.mongodb.connection import Mongo
from shared.mongodb.stock.stock import stock_id
from shared.rabbitmq.topology import COMMANDS, EVENTS, WEBHOOKS
from tests.integration.counted_cost import Cost, counted_at, undisturbed
from tests.integration.ingest.ingest_setup import LOCATION, Shop, World, at, settings_for
from tests.waiting import stored

CELLS, ROUNDS = 250, 4
"""A thousand webhooks: each cell moves four times."""

OF_WEBHOOKS = ("stock", "ledger", "webhook_events")
_AT_ONCE = 32
SHOPS, CELLS_OF_EACH = 20, 5

BOUNDS: dict[str, dict[str, int]] = {
    "front": {"messages": 1_000},
    "indexer": {
        "webhook_events: statements": 40,
        "webhook_events: written": 1_000,
        "webhook_events: index entries": 3_000,
        "stock: statements": 260,
        "stock: written": 1_000,
        "stock: read": 2_400,
        "stock: index entries": 0,
        "ledger: statements": 20,
        "ledger: written": 1_000,
        "ledger: index entries": 1_000,
        "rest: statements": 60,
        "rest: read": 1_200,
        "rest: written": 16,
        "rest: index entries": 50,
        "transactions": 16,
    },
    # All are there before the first batch is made: what a slow machine gathers is more, not less.
    "many shops": {
        "webhook_events: statements": 50,
        "webhook_events: written": 1_000,
        "webhook_events: index entries": 3_000,
        "stock: statements": 90,
        "stock: written": 100,
        "stock: read": 280,
        "ledger: statements": 25,
        "ledger: written": 1_000,
        "ledger: index entries": 1_000,
        "rest: statements": 110,
        "rest: read": 160,
        "rest: written": 20,
        "rest: index entries": 60,
        "transactions": 20,
    },
}
"""What taking a thousand webhooks may use, and what applying them: a little above what they do."""


@asynccontextmanager
async def started(world: World, role: WebhookRole) -> AsyncIterator[World]:
    """The same place with this role running."""
    service = await WebhookIngestService.start(world.settings, roles=[role])
    try:
        yield World(service, world.settings, world.mongo, world.client)
    finally:
        await service.stop()


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[World]:
    """A place where nothing runs yet."""
    settings = settings_for(vhost_url, mongodb_uri, database_name)
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    async with aiohttp.ClientSession() as client:
        # No service of its own: the test starts one role after the other.
        yield World(WebhookIngestService(), settings, mongo, client)
    mongo.close()


async def test_what_a_thousand_webhooks_cost(world: World) -> None:
    """Taking and applying them stays within what it costs now, and every query has its index."""
    shop = await world.shop()
    for number in range(CELLS):
        await shop.bom(f"b{number}", item=str(1000 + number))

    async def measure(attempt: int) -> dict[str, Cost]:
        costs: dict[str, Cost] = {}
        begin, db = attempt * ROUNDS * CELLS, world.mongo.db
        url = world.settings.amqp_url.get_secret_value()
        exchanges = (COMMANDS, EVENTS, WEBHOOKS)
        async with started(world, "front") as front, counted_at(db, url, OF_WEBHOOKS, exchanges) as costs["front"]:
            await _send(Shop(shop.domain, front), begin)
        async with counted_at(db, url, OF_WEBHOOKS, exchanges) as costs["indexer"], started(world, "indexer"):
            last = {"_id": stock_id(shop.domain, CellKey(f"b{CELLS - 1}", LOCATION)), "shop": shop.domain}
            await stored(db["stock"], {**last, "index": begin + ROUNDS * CELLS - 1})
        return costs

    await undisturbed(measure, BOUNDS)


@asynccontextmanager
async def gathered(monkeypatch: pytest.MonkeyPatch, events: int) -> AsyncIterator[None]:
    """The lanes make no batch until so many events are in them: how they fall into batches is no matter of time."""
    run, add, there, come = EventLanes._run, EventLanes.add, asyncio.Event(), 0

    async def run_when_there(lanes: EventLanes[Any], shop: str) -> None:
        await there.wait()
        await run(lanes, shop)

    def add_and_count(lanes: EventLanes[Any], shop: str, item: Any) -> None:
        nonlocal come
        add(lanes, shop, item)
        come += 1
        if come >= events:
            there.set()

    with monkeypatch.context() as patched:
        patched.setattr(EventLanes, "_run", run_when_there)
        patched.setattr(EventLanes, "add", add_and_count)
        yield


async def test_many_shops_share_a_queue_and_cost_hardly_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks of twenty shops in turn: each shop's are applied in a few transactions, however often its cells move."""
    shops = [await world.shop() for _ in range(SHOPS)]
    for shop in shops:
        for number in range(CELLS_OF_EACH):
            await shop.bom(f"b{number}", item=str(1000 + number))

    async def measure(attempt: int) -> dict[str, Cost]:
        costs: dict[str, Cost] = {}
        begin, db = attempt * CELLS * ROUNDS, world.mongo.db
        url = world.settings.amqp_url.get_secret_value()
        rounds = CELLS * ROUNDS // SHOPS // CELLS_OF_EACH
        async with started(world, "front") as front:
            for number in range(rounds):
                first = begin + number * CELLS_OF_EACH
                for shop in shops:
                    values = range(first, first + CELLS_OF_EACH)
                    sent = Shop(shop.domain, front)
                    await asyncio.gather(
                        *(sent.update(str(1000 + item), value, at(value)) for item, value in enumerate(values))
                    )
        together = gathered(monkeypatch, CELLS * ROUNDS)
        async with together, counted_at(db, url, OF_WEBHOOKS, ()) as costs["many shops"], started(world, "indexer"):
            last = begin + rounds * CELLS_OF_EACH - 1
            key = CellKey(f"b{CELLS_OF_EACH - 1}", LOCATION)
            for shop in shops:
                name = {"_id": stock_id(shop.domain, key), "shop": shop.domain}
                await stored(db["stock"], {**name, "index": last})
        return costs

    await undisturbed(measure, BOUNDS)


async def _send(shop: Shop, begin: int) -> None:
    """All of them, in their order cell by cell, so many at once as one connection each."""
    for rounds in range(ROUNDS):
        for cell in range(0, CELLS, _AT_ONCE):
            numbers = range(cell, min(cell + _AT_ONCE, CELLS))
            values = {number: begin + rounds * CELLS + number for number in numbers}
            await asyncio.gather(*(shop.update(str(1000 + number), now, at(now)) for number, now in values.items()))
