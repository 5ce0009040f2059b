"""Several indexers on one shop at once: the documents decide, never the queue."""

import asyncio
import json
import uuid

from services.webhook_ingest.envelope import Envelope
from services.webhook_ingest.event import Event, read_event
from services.webhook_ingest.levels import LevelIndexer
from shared.mongodb.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.events import EventStore
from shared.mongodb.stock import StockStore
from tests.integration.ingest_setup import World, at, world

__all__ = ["world"]


def indexer(mongo: Mongo) -> LevelIndexer:
    """A replica's indexer."""
    stores = BomStore(mongo.db, mongo.transactions), StockStore(mongo.db), EventStore(mongo.db)
    return LevelIndexer(mongo.transactions, *stores)


async def event(world: World, domain: str, value: int, *, webhook_id: str, event_id: str | None = None) -> Event:
    """A level event as a replica reads it."""
    shop = await world.shop()
    body = json.dumps(shop.level("7", value, at(value))).encode()
    return read_event(Envelope("inventory_levels/update", domain, webhook_id, at(0), event_id=event_id), body)


async def test_twenty_replicas_with_one_event_make_one_effect(world: World) -> None:
    """The same event in twenty transactions at once: one applies it, nineteen find it a duplicate (case 32)."""
    shop = await world.shop()
    await shop.bom("b", item="7")
    copies = [await event(world, shop.domain, 4, webhook_id="w", event_id="e") for _ in range(20)]
    results = await asyncio.gather(*(indexer(world.mongo).apply(shop.domain, [copy]) for copy in copies))
    outcomes = [outcome for result in results for _, outcome in result]
    assert sorted(outcomes) == ["based", *["duplicate"] * 19]
    assert await shop.ledger("b") == [("index", None, 4)]
    assert await world.mongo.db["webhook_events"].count_documents({"shop": shop.domain}) == 2


async def test_replicas_that_share_a_cell_lose_no_event(world: World) -> None:
    """Ten replicas, each with a different event of one cell: all are counted, the newest value stands at the end."""
    shop = await world.shop()
    await shop.bom("b", item="7")
    first = await event(world, shop.domain, 1, webhook_id=str(uuid.uuid4()))
    await indexer(world.mongo).apply(shop.domain, [first])
    events = [await event(world, shop.domain, value, webhook_id=str(uuid.uuid4())) for value in range(2, 12)]
    await asyncio.gather(*(indexer(world.mongo).apply(shop.domain, [one]) for one in events))
    stock = await shop.stock("b")
    assert (stock["index"], stock["events_no"], stock["index_time"]) == (11, 11, at(11))
    moves = await shop.ledger("b")
    assert [before for field, before, _ in moves[1:] if field == "index"] == [
        after for field, _, after in moves[:-1] if field == "index"
    ]
