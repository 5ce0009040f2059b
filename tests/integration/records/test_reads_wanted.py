"""Wishes for verifying reads: none is lost, none taken for done that was not, and they do not add up."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pymongo import MongoClient

from shared.domain.cell import CellKey
from shared.domain.stock import Stock, settle
from shared.mongodb.connection import Mongo
from shared.mongodb.schema import Document
from shared.mongodb.stock.reads_wanted import ReadsWanted
from shared.mongodb.stock.stock import StockStore, StockWrite, new_stock
from shared.mongodb.transactions import Session
from tests.integration.wanted_reads import wanted_reads

SHOP = "wishes.myshopify.com"
A, B, ODD = CellKey("a", "1"), CellKey("b", "1"), CellKey("o|dd", "1")
LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
async def mongo(mongodb_uri: str, mongodb_for_clean_up: MongoClient[Document]) -> AsyncIterator[Mongo]:
    """A database of its own."""
    opened = Mongo(mongodb_uri, f"wishes-{uuid.uuid4().hex[:12]}")
    await opened.make()
    yield opened
    opened.close()
    mongodb_for_clean_up.drop_database(opened.db.name)


async def test_what_is_asked_during_a_read_is_not_taken_for_done(mongo: Mongo) -> None:
    """The same cell asks again, for the same moment even, while it is being read: it is read again."""
    reads, due = ReadsWanted(mongo.db), datetime.now(UTC)
    await reads.ask(SHOP, [A, ODD], at=due)
    turn = await reads.take(SHOP, LATER, 10)
    assert set(turn.keys) == {A, ODD}
    await reads.ask(SHOP, [A], at=due)
    await reads.end(turn)
    assert (await reads.take(SHOP, LATER, 10)).keys == (A,)


async def test_a_reader_that_dies_loses_none(mongo: Mongo) -> None:
    """What is not ended is taken by whoever comes next, and a failed read lets the shop's others go first."""
    reads = ReadsWanted(mongo.db)
    await reads.ask(SHOP, [A], at=datetime(2026, 1, 1, tzinfo=UTC))
    await reads.ask(SHOP, [B], at=datetime(2026, 1, 2, tzinfo=UTC))
    await reads.ask("other.myshopify.com", [B])
    dead = await reads.take(SHOP, LATER, 1)
    turn = await reads.take(SHOP, LATER, 1)
    assert turn.keys == dead.keys == (A,)
    await reads.put_off(turn)
    assert (await reads.take(SHOP, LATER, 1)).keys == (B,)
    assert (await reads.take(SHOP, LATER, 2)).keys == (B, A)


async def test_a_wish_stands_and_falls_with_its_cause(mongo: Mongo) -> None:
    """It is written in the transaction of the settle: there with it, or not at all."""
    store, stock = StockStore(mongo.db), Stock(base=5, base_time=LATER, count=7)
    await mongo.db["stock"].insert_one(new_stock(SHOP, A, "1", stock))
    write = StockWrite(A, stock, settle(stock, 7, LATER, 0), "reconcile", "t")

    async def aborted(session: Session) -> None:
        await store.write(session, SHOP, [write])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await mongo.transactions.once(aborted)
    assert await wanted_reads(mongo.db, SHOP) == set()
    await mongo.transactions.once(lambda session: store.write(session, SHOP, [write]))
    assert await wanted_reads(mongo.db, SHOP) == {A}


async def test_wishes_of_a_shop_that_cannot_be_read_do_not_add_up(mongo: Mongo) -> None:
    """A paused shop goes on to change: the wishes for its cells become few, and each of its cells is still wanted."""
    reads = ReadsWanted(mongo.db)
    keys = [CellKey(f"b{n}", "1") for n in range(3)]
    await reads.ask(SHOP, [CellKey(f"x{n}", "1") for n in range(250)], at=datetime(2026, 1, 1, tzinfo=UTC))
    for round_ in range(350):
        await reads.ask(SHOP, [keys[round_ % 3]])
    await asyncio.gather(*(reads.take(SHOP, LATER, 300) for _ in range(2)))
    turn = await reads.take(SHOP, LATER, 300)
    assert len(turn.keys) == 253
    assert await mongo.db["reads_wanted"].count_documents({}) <= 101
    await reads.end(turn)
    assert await reads.number(SHOP) == 0
