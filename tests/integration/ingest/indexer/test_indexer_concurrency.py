"""Several indexers on one shop at once: the documents decide, never the queue."""

import asyncio
import json
import uuid
from datetime import UTC, datetime

import pytest

from services.webhook_ingest.envelope import Envelope
from services.webhook_ingest.indexer.event import Event, read_event
from services.webhook_ingest.indexer.levels import LevelIndexer
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.inbox.webhook_inbox import WebhookInbox
from shared.mongodb.schema import key_of
from shared.mongodb.stock.stock import StockStore
from tests.integration.ingest.ingest_setup import LOCATION, Shop, World, at


def indexer(mongo: Mongo) -> LevelIndexer:
    """A replica's indexer."""
    stores = BomStore(mongo.db, mongo.transactions), StockStore(mongo.db), WebhookInbox(mongo.db)
    return LevelIndexer(mongo.transactions, *stores, DriftStore(mongo.db))


def event(
    shop: Shop, value: int, *, item: str = "7", webhook_id: str | None = None, event_id: str | None = None
) -> Event:
    """A level event as a replica reads it."""
    body = json.dumps(shop.level(item, value, at(value))).encode()
    return read_event(
        Envelope("inventory_levels/update", shop.domain, webhook_id or str(uuid.uuid4()), at(0), event_id=event_id),
        body,
    )


async def test_twenty_replicas_with_one_event_make_one_effect(world: World) -> None:
    """The same event in twenty transactions at once: one applies it, nineteen find it a duplicate (case 32)."""
    shop = await world.shop()
    await shop.bom("b", item="7")
    copies = [event(shop, 4, webhook_id="w", event_id="e") for _ in range(20)]
    results = await asyncio.gather(*(indexer(world.mongo).apply(shop.domain, [copy]) for copy in copies))
    outcomes = [outcome for result in results for _, outcome in result]
    assert sorted(outcomes) == ["based", *["duplicate"] * 19]
    assert await shop.ledger("b") == [("index", None, 4)]
    assert await world.mongo.db["webhook_events"].count_documents({"shop": shop.domain}) == 1


@pytest.mark.parametrize(
    ("key", "outcome"),
    [
        ("id|inventory_levels/update|w", "duplicate"),
        (f"event|inventory_levels/update|e|7|{LOCATION}", "duplicate"),
        ("", "based"),
    ],
)
async def test_keys_of_an_earlier_build_are_known(world: World, key: str, outcome: str) -> None:
    """A build that kept each key in a document of its own has applied the event: it has no effect again."""
    shop = await world.shop()
    await shop.bom("b", item="7")
    if key:
        document = {"_id": key_of(shop.domain, key), "shop": shop.domain, "key": key, "at": datetime.now(UTC)}
        await world.mongo.db["webhook_events"].insert_one(document)
    results = await indexer(world.mongo).apply(shop.domain, [event(shop, 4, webhook_id="w", event_id="e")])
    assert [became for _, became in results] == [outcome]


async def test_replicas_that_share_a_cell_lose_no_event(world: World) -> None:
    """Ten replicas, each with a different event of one cell: all are counted, the newest value stands at the end."""
    shop = await world.shop()
    await shop.bom("b", item="7")
    await indexer(world.mongo).apply(shop.domain, [event(shop, 1)])
    events = [event(shop, value) for value in range(2, 12)]
    await asyncio.gather(*(indexer(world.mongo).apply(shop.domain, [one]) for one in events))
    stock = await shop.stock("b")
    assert (stock["index"], stock["events_no"], stock["index_time"]) == (11, 11, at(11))
    moves = await shop.ledger("b")
    assert [before for field, before, _ in moves[1:] if field == "index"] == [
        after for field, _, after in moves[:-1] if field == "index"
    ]


async def test_replicas_that_meet_a_new_location_at_once_make_it_once(world: World) -> None:
    """Ten BOMs' first events at one unknown location: ten stock documents, one location, no error."""
    shop = await world.shop()
    for item in range(10, 20):
        await shop.bom(f"b{item}", item=str(item))
    events = [event(shop, 3, item=str(item)) for item in range(10, 20)]
    results = await asyncio.gather(*(indexer(world.mongo).apply(shop.domain, [one]) for one in events))
    assert [outcome for result in results for _, outcome in result] == ["based"] * 10
    assert await world.mongo.db["stock"].count_documents({"shop": shop.domain}) == 10
    assert await world.mongo.db["locations"].count_documents({"shop": shop.domain}) == 1
