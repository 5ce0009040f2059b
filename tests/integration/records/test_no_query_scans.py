"""Each query of stock, ledger and locations is led by an index: none looks through a collection, or another shop."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from pymongo import MongoClient

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass
from shared.domain.stock import Stock
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.boms import BomStore, Location
from shared.mongodb.connection import Mongo
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.schema import Document
from shared.mongodb.shops.redaction import Redaction
from shared.mongodb.stock.adjustments import Adjustment
from shared.mongodb.stock.known_drift import KnownDrift
from shared.mongodb.stock.reads_wanted import VERIFY_DELAY
from shared.mongodb.stock.removed_cells import RemovedCells
from shared.mongodb.stock.stock import StockStore, new_stock

SHOP, OTHER = "mine.myshopify.com", "other.myshopify.com"
PLACES = ("1", "12", "2")
MINE = ("a", "a|b", "b")
"""One BOM's id begins with another's and a bar, which stands between the parts of an `_id`, too."""

MANY = 400
"""BOMs of the other shop: whoever looks through it reads so many."""

MOST = 60
"""What a query of this small shop may look at."""


@dataclass
class Shops:
    """A small shop beside a large one, in one database, and everything that asks for cells."""

    mongo: Mongo

    def __post_init__(self) -> None:
        """Compose what asks."""
        self.stock = StockStore(self.mongo.db)
        self.boms = BomStore(self.mongo.db, self.mongo.transactions)
        self.records = RecordStore(self.mongo.db, self.mongo.transactions)
        self.lives = RemovedCells(self.mongo.db)
        self.known = KnownDrift(self.mongo.db)
        self.sweeps = SweepStore(self.mongo.db)

    async def fill(self) -> None:
        """The large one, then the small one by its own use."""
        await self.boms.keep_locations(OTHER, [Location(place, place, True, False) for place in PLACES])
        keys = [CellKey(f"a{n:03}", place) for n in range(MANY) for place in PLACES]
        stock = [new_stock(OTHER, key, f"1{key.bom_id[1:]}", Stock(count=n, base=1)) for n, key in enumerate(keys)]
        await self.mongo.db["stock"].insert_many(stock)
        for key in keys[:MANY]:
            await self.stock.ask_verify(OTHER, [key], at=datetime(2100, 1, 1, tzinfo=UTC))
        entries = [{"_id": f"{d['_id']}|1", "shop": OTHER, "bom_id": d["bom_id"], "seq": 1} for d in stock]
        await self.mongo.db["ledger"].insert_many(entries)
        await self.boms.keep_locations(SHOP, [Location(place, place, True, False) for place in PLACES])
        for number, bom_id in enumerate(MINE):
            wanted = WantedBom(bom_id, str(number), bom_id, tracks_pre_assembled=True)
            await self.records.upsert(SHOP, wanted, reference="t")
            for count in range(12):
                await self.count(bom_id, count)

    async def count(self, bom_id: str, count: int) -> None:
        """Count a cell."""
        wanted = Adjustment(CellKey(bom_id, "1"), f"{bom_id} {count}", "counted", "t", count=count)
        await self.records.adjust(SHOP, wanted)


@pytest.fixture(scope="module")
async def shops(mongodb_uri: str, mongodb_for_clean_up: MongoClient[Document]) -> AsyncIterator[Shops]:
    """One database for the module; what removes something comes last."""
    name = f"scans-{uuid.uuid4().hex[:12]}"
    mongo = Mongo(mongodb_uri, name)
    await mongo.prepare()
    made = Shops(mongo)
    await made.fill()
    yield made
    mongo.close()
    mongodb_for_clean_up.drop_database(name)


async def asked(shops: Shops) -> None:
    """Cells, by all that they are asked for."""
    now, keys = datetime.now(UTC), [CellKey("a", "1")]
    assert await shops.stock.after(SHOP, None, 2) == [CellKey("a", "1"), CellKey("a", "12")]
    assert await shops.stock.after(SHOP, CellKey("b", "12"), 2) == [CellKey("b", "2")]
    assert await shops.stock.number(SHOP) == await shops.sweeps.cells(SHOP) == len(MINE) * len(PLACES)
    assert len(await shops.stock.load(SHOP, keys)) == 1
    assert list(await shops.boms.locations(SHOP)) == sorted(PLACES)
    await shops.stock.ask_for_bases(SHOP, ["2"])
    reads = shops.stock.reads
    assert await reads.number(SHOP) == 6
    assert await reads.soon(SHOP, now + VERIFY_DELAY, 4) == 6
    assert await reads.shops(now + 2 * VERIFY_DELAY) == [SHOP]
    assert await reads.due_since(SHOP) is not None
    turn = await reads.take(SHOP, now + 2 * VERIFY_DELAY, 10)
    assert len(turn.keys) == 6
    await reads.end(turn)
    assert await reads.number(SHOP) == 0


async def by_class(shops: Shops) -> None:
    """BOMs by what is known of their cells."""
    counts = await shops.known.counts(SHOP, len(MINE))
    assert (counts.classes[CellClass.NO_BASE], counts.not_in_sync) == (3, 3)
    for places in (None, ["12"]):
        among = await shops.known.among(SHOP, CellClass.NO_BASE, None, places)
        assert among is not None
        assert sorted(await shops.known.named(SHOP, among, 9)) == list(MINE)
        assert await shops.known.those(SHOP, among, ["a", "b", "c"]) == {"a", "b"}
        assert await shops.known.held_by(SHOP, among, {"shop": SHOP}) == len(MINE)
    assert (await shops.known.of(SHOP, [CellKey("a", "1")])).keys() == {CellKey("a", "1")}


async def written(shops: Shops) -> None:
    """What changes a BOM's cells finds them, and no others: one that begins with its id is another's."""
    await shops.boms.keep_locations(SHOP, [Location(place, place, True, False) for place in PLACES[1:]])
    assert [place.active for place in (await shops.boms.locations(SHOP)).values()] == [False, True, True]
    await shops.records.upsert(SHOP, WantedBom("a", "9", "a"), reference="t")
    items = {cell.key: cell.item_id for cell in (await shops.stock.load(SHOP, await all_of(shops))).values()}
    assert {key.bom_id for key, item in items.items() if item == "9"} == {"a"}
    await shops.records.remove(SHOP, "a", reference="t")
    assert {key.bom_id for key in await all_of(shops)} == {"a|b", "b"}


async def lived(shops: Shops) -> None:
    """A removed cell's last entry is found by its sequence, which is no text: after nine comes ten."""
    keys = [CellKey("a", "1"), CellKey("a", "nowhere"), CellKey("none", "1")]

    async def body(session: object) -> tuple[list[CellKey], Mapping[str, Stock]]:
        return await shops.lives.among(SHOP, keys, session), await shops.lives.of(SHOP, "a", "9", session)  # type: ignore[arg-type]  # a session

    among, lives = await shops.mongo.transactions.run(body)
    assert among == keys[:1]
    assert lives["1"].ledger_seq == await shops.mongo.db["ledger"].count_documents(
        {"_id": {"$gt": f"{SHOP}|a|1|", "$lt": f"{SHOP}|a|1}}"}}
    )
    assert lives["1"].ledger_seq > 9


async def redacted(shops: Shops) -> None:
    """A shop that has left."""
    deleted = await Redaction(shops.mongo.db).redact(SHOP)
    assert deleted.keys() >= {"stock", "ledger", "adjustments", "locations", "boms"}


async def all_of(shops: Shops) -> list[CellKey]:
    """The small shop's cells."""
    return await shops.stock.after(SHOP, None, 100)


@pytest.mark.parametrize("step", [asked, by_class, written, lived, redacted])
async def test_no_query_scans(shops: Shops, step: Callable[[Shops], Awaitable[None]]) -> None:
    """Whatever is asked of a small shop's records reads no more than these, whoever lies beside them."""
    database = shops.mongo.db
    await database.command("profile", 2)
    try:
        await step(shops)
    finally:
        await database.command("profile", 0)
    seen = [one async for one in database["system.profile"].find({"ns": {"$not": {"$regex": "system"}}})]
    await database.drop_collection("system.profile")
    names = {f"{database.name}.{name}" for name in ("stock", "reads_wanted", "ledger", "adjustments", "locations")}
    mine = [one for one in seen if one["ns"] in names]
    assert mine
    far = [
        (one.get("planSummary"), one.get("docsExamined"), one.get("keysExamined"), str(one["command"])[:300])
        for one in mine
        if "COLLSCAN" in one.get("planSummary", "")
        or max(one.get("docsExamined", 0), one.get("keysExamined", 0)) > MOST
    ]
    assert far == []
