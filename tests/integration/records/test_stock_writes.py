"""A batch of stock is written by one statement, and the rules of a single write hold for each of its cells."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pymongo import MongoClient

from shared.domain.cell import CellKey
from shared.domain.stock import Stock, adjust, observe_event, settle
from shared.mongodb.connection import Mongo
from shared.mongodb.schema import Document
from shared.mongodb.stock.stock import StockStore, StockWrite, new_stock, stock_fields
from shared.mongodb.transactions import Session, WriteConflict
from tests.integration.wanted_reads import wanted_reads

SHOP = "one-statement.myshopify.com"
KEYS = [CellKey(f"b{n:03}", "1") for n in range(250)]
THEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def mongo(mongodb_uri: str, mongodb_for_clean_up: MongoClient[Document]) -> AsyncIterator[Mongo]:
    """Cells counted two above what Shopify was last known to hold."""
    opened = Mongo(mongodb_uri, f"writes-{uuid.uuid4().hex[:12]}")
    await opened.prepare()
    stock = Stock(base=5, base_time=THEN, count=7, manual_total=2, rev=3, ledger_seq=1, not_compared="untracked")
    await opened.db["stock"].insert_many([new_stock(SHOP, key, "1", stock) for key in KEYS])
    yield opened
    opened.close()
    mongodb_for_clean_up.drop_database(opened.db.name)


def settled(key: CellKey, stock: Stock) -> StockWrite:
    """A push of the count was answered."""
    return StockWrite(key, stock, settle(stock, 7, THEN, stock.manual_total), "reconcile", "job:1")


async def test_a_statement_each_for_stock_ledger_and_wishes(mongo: Mongo) -> None:
    """However many cells: what is stored is to the field what was decided, and nothing else was touched."""
    store = StockStore(mongo.db)

    async def body(session: Session) -> list[StockWrite]:
        cells = await store.load(SHOP, KEYS, session)
        writes = [settled(key, cell.stock) for key, cell in cells.items()]
        await store.write(session, SHOP, writes)
        return writes

    await mongo.db.command("profile", 2)
    writes = {write.key: write for write in await mongo.transactions.run(body)}
    await mongo.db.command("profile", 0)
    async for document in mongo.db["stock"].find():
        expected = stock_fields(writes[CellKey(document["bom_id"], document["location_id"])].change.stock)
        assert {name: document[name] for name in expected} == expected
        assert (document["item_id"], document["shop"]) == ("1", SHOP)
    assert await mongo.db["ledger"].count_documents({"seq": 2, "field": "index", "before": 5, "after": 7}) == len(KEYS)
    kinds = [one["op"] async for one in mongo.db["system.profile"].find({"op": {"$in": ["update", "insert"]}})]
    assert sorted(kinds) == ["insert", "insert", "update"]
    assert await wanted_reads(mongo.db, SHOP) == set(KEYS)


async def test_a_stock_that_was_not_read_in_the_transaction_is_guarded_too(mongo: Mongo) -> None:
    """One cell of a batch has moved on since it was read before the transaction: none of them is written."""
    store = StockStore(mongo.db)
    before = await store.load(SHOP, KEYS)
    key = KEYS[7]
    one = StockWrite(key, before[key].stock, adjust(before[key].stock, 1), "corrected", "t")
    await mongo.transactions.run(lambda session: store.write(session, SHOP, [one]))
    writes = [settled(key, cell.stock) for key, cell in before.items()]
    with pytest.raises(WriteConflict):
        await mongo.transactions.once(lambda session: store.write(session, SHOP, writes))
    after = await store.load(SHOP, KEYS)
    assert {k: cell.stock for k, cell in after.items() if cell.stock != before[k].stock} == {key: one.change.stock}
    assert await mongo.db["ledger"].count_documents({}) == 1


async def test_a_removed_cell_is_a_conflict(mongo: Mongo) -> None:
    """Its BOM was removed after it was read: the batch runs again, from its reads."""
    store = StockStore(mongo.db)
    cells = await store.load(SHOP, KEYS[:2])
    await mongo.db["stock"].delete_one({"bom_id": KEYS[0].bom_id})
    writes = [settled(key, cell.stock) for key, cell in cells.items()]
    with pytest.raises(WriteConflict):
        await mongo.transactions.once(lambda session: store.write(session, SHOP, writes))


async def test_changes_of_one_cell_go_one_after_another(mongo: Mongo) -> None:
    """Each begins at what the one before it left, and has its entries; the document is written once."""
    store = StockStore(mongo.db)
    stock = (await store.load(SHOP, KEYS[:1]))[KEYS[0]].stock
    writes, last = [], stock
    for number, value in enumerate((9, 4, 6)):
        change = observe_event(last, value, THEN + timedelta(seconds=1 + number))
        writes.append(StockWrite(KEYS[0], last, change, "webhook", f"w{number}"))
        last = change.stock
    await mongo.transactions.run(lambda session: store.write(session, SHOP, [settled(KEYS[1], stock), *writes]))
    assert (await store.load(SHOP, KEYS[:1]))[KEYS[0]].stock == last
    assert last.rev == stock.rev + 3
    entries = mongo.db["ledger"].find({"bom_id": KEYS[0].bom_id, "location_id": KEYS[0].location_id}).sort("seq", 1)
    told = [(one["field"], one["before"], one["after"], one["reference"]) async for one in entries]
    assert told == [
        *(("count", 7, 11, "w0"), ("index", 5, 9, "w0")),
        *(("count", 11, 6, "w1"), ("index", 9, 4, "w1")),
        *(("count", 6, 8, "w2"), ("index", 4, 6, "w2")),
    ]


async def test_a_change_that_begins_elsewhere_is_refused(mongo: Mongo) -> None:
    """A second change of a cell that was made from what the first one began at would take the first one's place."""
    store = StockStore(mongo.db)
    stock = (await store.load(SHOP, KEYS[:1]))[KEYS[0]].stock
    twice = [settled(KEYS[0], stock), settled(KEYS[0], replace(stock, rev=4))]
    with pytest.raises(ValueError, match="begins"):
        await mongo.transactions.once(lambda session: store.write(session, SHOP, twice))


async def test_several_changes_are_guarded_by_the_rev_of_the_first(mongo: Mongo) -> None:
    """A cell that has moved on since it was read is a conflict, whatever the last change leaves as its rev."""
    store = StockStore(mongo.db)
    stock = (await store.load(SHOP, KEYS[:1]))[KEYS[0]].stock
    one = StockWrite(KEYS[0], stock, adjust(stock, 1), "corrected", "t")
    await mongo.transactions.run(lambda session: store.write(session, SHOP, [one]))
    first = observe_event(stock, 9, THEN + timedelta(seconds=1))
    second = observe_event(first.stock, 4, THEN + timedelta(seconds=2))
    writes = [
        StockWrite(KEYS[0], stock, first, "webhook", "a"),
        StockWrite(KEYS[0], first.stock, second, "webhook", "b"),
    ]
    with pytest.raises(WriteConflict):
        await mongo.transactions.once(lambda session: store.write(session, SHOP, writes))
    assert await mongo.db["ledger"].count_documents({}) == 1
