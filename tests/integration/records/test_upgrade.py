"""Documents of an earlier version: a zero that nobody has counted goes, everything else stays as it was."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import MongoClient

from shared.domain.cell import CellKey
from shared.domain.stock import Stock
from shared.mongodb import upgrade
from shared.mongodb.connection import Mongo
from shared.mongodb.schema import Document, key_of
from shared.mongodb.stock.stock import StockStore, new_stock
from shared.mongodb.upgrade import upgrade_documents
from tests.integration.wanted_reads import wanted_reads

SHOP = "old.myshopify.com"
THEN = datetime(2026, 1, 1, tzinfo=UTC)
Entries = Sequence[tuple[str, int | None, int | None, str]]


class OldShop:
    """A shop as the version before has left it."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo
        self.stock = StockStore(mongo.db)

    async def cell(self, name: str, entries: Entries = (), **fields: Any) -> None:
        """A cell without the new fields, and its ledger: field, before, after, cause."""
        stock = Stock(**{"ledger_seq": len(entries), "rev": 4, "tracks_rev": 1, **fields})
        document = new_stock(SHOP, CellKey(name, "1"), "77", stock)
        del document["never_agreed"], document["left_out"]
        await self.mongo.db["stock"].insert_one(document)
        for seq, (field, before, after, cause) in enumerate(entries, 1):
            entry = {"_id": key_of(SHOP, name, "1", str(seq)), "shop": SHOP, "bom_id": name, "location_id": "1"}
            told = {"field": field, "before": before, "after": after, "cause": cause, "reference": f"{cause} {seq}"}
            await self.mongo.db["ledger"].insert_one({**entry, "seq": seq, **told, "at": THEN})

    async def now(self, name: str) -> Stock:
        """A cell's stock as it is read now."""
        key = CellKey(name, "1")
        return (await self.stock.load(SHOP, [key]))[key].stock

    async def documents(self) -> list[list[Document]]:
        """Everything there is."""
        names = ("stock", "ledger", "constants")
        return [[d async for d in self.mongo.db[name].find().sort("_id", 1)] for name in names]


BEGUN: Entries = [("count", None, 0, "tracking_started")]


@pytest.fixture
async def old(mongodb_uri: str, mongodb_for_clean_up: MongoClient[Document]) -> AsyncIterator[OldShop]:
    """A database of the version before."""
    name = f"upgrade-{uuid.uuid4().hex[:12]}"
    mongo = Mongo(mongodb_uri, name)
    await mongo.prepare()
    await mongo.db["constants"].delete_many({})
    yield OldShop(mongo)
    mongo.close()
    mongodb_for_clean_up.drop_database(name)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        BEGUN,
        [*BEGUN, ("index", None, 12, "imported")],
        [("count", None, 5, "corrected"), ("count", 5, None, "tracking_stopped"), *BEGUN],
    ],
    ids=["no ledger", "begun", "read since", "begun anew"],
)
async def test_a_zero_that_nobody_counted_goes(old: OldShop, entries: Entries) -> None:
    """It becomes no count, with its ledger entry; a row of a preview that showed it is out of date."""
    await old.cell("a", entries, base=12, base_time=THEN, count=0)
    await old.mongo.prepare()
    stock = await old.now("a")
    assert (stock.count, stock.local, stock.uncounted, stock.base) == (None, None, True, 12)
    assert (stock.rev, stock.tracks_rev, stock.ledger_seq) == (5, 2, len(entries) + 1)
    document = (await old.documents())[0][0]
    assert document["known_class"] == "no_base"
    last = await old.mongo.db["ledger"].find_one({"bom_id": "a", "seq": len(entries) + 1})
    assert last is not None
    assert (last["field"], last["before"], last["after"], last["cause"]) == ("count", 0, None, "never_counted")


@pytest.mark.parametrize(
    ("entries", "fields", "never_agreed"),
    [
        ([*BEGUN, ("count", 0, 3, "counted"), ("count", 3, 0, "corrected")], {"count": 0, "base": 12}, True),
        ([*BEGUN, ("count", 0, -2, "webhook")], {"count": -2, "base": 10}, True),
        ([*BEGUN], {"count": 0, "base": 0, "settle_no": 1}, False),
        ([*BEGUN, ("count", 0, 5, "built")], {"count": 5, "base": 12}, True),
        ([*BEGUN, ("count", 0, 5, "built")], {"count": 5}, True),
        ([*BEGUN, ("count", 0, 5, "built")], {"count": 5, "base": 12, "settle_no": 2}, False),
        ([*BEGUN, ("count", 0, 12, "built")], {"count": 12, "base": 12}, False),
        (
            [*BEGUN, ("index", None, 5, "verify"), ("count", 0, 5, "built"), ("count", 5, 9, "built")],
            {"count": 9, "base": 5},
            False,
        ),
    ],
    ids=["counted to zero", "sold", "settled at zero", "apart", "no base", "settled", "equal", "equal once"],
)
async def test_a_count_stays(old: OldShop, entries: Entries, fields: dict[str, Any], never_agreed: bool) -> None:
    """What was counted, sold or settled is a count; sides never settled and never equal have never agreed."""
    await old.cell("a", entries, **fields)
    await old.mongo.prepare()
    stock = await old.now("a")
    assert {name: getattr(stock, name) for name in fields} == fields
    assert stock.never_agreed is never_agreed
    assert len((await old.documents())[1]) == len(entries)


async def test_two_entries_of_one_change_are_not_equal_in_between(old: OldShop) -> None:
    """A sale of three from 10 and 7 passes through 7 and 7: that is one change, and nobody agreed."""
    await old.cell("a", [*BEGUN, ("index", None, 7, "verify"), ("count", 0, 10, "built")], count=7, base=4)
    for seq, field, before, after in ((4, "count", 10, 7), (5, "index", 7, 4)):
        told = {"field": field, "before": before, "after": after, "cause": "webhook", "reference": "one event"}
        entry = {"_id": key_of(SHOP, "a", "1", str(seq)), "shop": SHOP, "bom_id": "a", "location_id": "1", "seq": seq}
        await old.mongo.db["ledger"].insert_one({**entry, **told, "at": THEN})
    await old.mongo.prepare()
    assert (await old.now("a")).never_agreed


async def test_wishes_for_reads_become_documents(old: OldShop) -> None:
    """A cell that asked for a read by a field of its stock asks by a document, and its stock has no such field."""
    for name in ("asks", "does not"):
        await old.cell(name, base=7)
    await old.mongo.db["stock"].update_one({"bom_id": "asks"}, {"$set": {"verify_at": THEN}})
    await old.mongo.prepare()
    assert await wanted_reads(old.mongo.db, SHOP) == {CellKey("asks", "1")}
    assert await old.mongo.db["stock"].count_documents({"verify_at": {"$exists": True}}) == 0


async def test_an_untracked_cell_stays(old: OldShop) -> None:
    """Where the BOM does not track there is no count, and nothing to agree on."""
    await old.cell("a", base=7)
    before = await old.now("a")
    await old.mongo.prepare()
    assert await old.now("a") == before


async def test_an_upgrade_goes_on_where_it_was_killed(old: OldShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after some batches, or run by several at once, it does each cell once; done, it looks no more."""
    monkeypatch.setattr(upgrade, "_AT_ONCE", 3)
    for number in range(10):
        await old.cell(f"b{number}", BEGUN, base=12, count=0)
    part, parts = upgrade._Upgrade._part, 0

    async def killed(self: Any, session: Any, ids: Sequence[str]) -> list[bool]:
        nonlocal parts
        parts += 1
        if parts > 2:
            raise KeyboardInterrupt
        return await part(self, session, ids)

    with monkeypatch.context() as patched:
        patched.setattr(upgrade._Upgrade, "_part", killed)
        with pytest.raises(KeyboardInterrupt):
            await upgrade_documents(old.mongo.db, old.mongo.transactions)
    left = await old.mongo.db["stock"].count_documents({"never_agreed": {"$exists": False}})
    assert left == 4
    await asyncio.gather(*(upgrade_documents(old.mongo.db, old.mongo.transactions) for _ in range(3)))
    stocks = [await old.now(f"b{number}") for number in range(10)]
    assert {(stock.uncounted, stock.rev, stock.ledger_seq) for stock in stocks} == {(True, 5, 2)}
    done = await old.documents()
    await old.cell("later", BEGUN, count=0)
    await old.mongo.prepare()
    assert (await old.now("later")).count == 0
    await old.mongo.db["stock"].delete_one({"bom_id": "later"})
    await old.mongo.db["ledger"].delete_one({"bom_id": "later"})
    assert await old.documents() == done


async def test_cells_say_by_how_much_they_differ(old: OldShop) -> None:
    """What lists are sorted by is noted of cells that are not in sync; all else stays as it is."""
    fields: dict[str, dict[str, Any]] = {
        "apart": {"base": 5, "count": 9, "settle_no": 1},
        "never counted": {"base": 5, "never_agreed": True},
        "left out": {"base": 5, "count": 9, "not_compared": "untracked"},
        "equal": {"base": 5, "count": 5},
    }
    for name, values in fields.items():
        document = new_stock(SHOP, CellKey(name, "1"), "77", Stock(**values))
        del document["known_difference"]
        await old.mongo.db["stock"].insert_one(document)
    await old.mongo.prepare()
    stock = (await old.documents())[0]
    assert {d["bom_id"]: d.get("known_difference", "absent") for d in stock} == {
        "apart": -4,
        "never counted": None,
        "left out": None,
        "equal": "absent",
    }
    for document in stock:
        assert await old.now(document["bom_id"]) == Stock(**fields[document["bom_id"]])
