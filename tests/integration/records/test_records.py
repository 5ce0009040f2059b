"""The app's own records: BOMs and counts, each change whole, each refusal clear, each repeat harmless."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from pymongo import MongoClient

from shared.domain.cell import CellKey
from shared.domain.stock import mark_unknown, observe_read
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.boms import Bom, BomStore, Location, SelectedCell
from shared.mongodb.catalogue.refusals import RecordRefused, Refusal
from shared.mongodb.connection import Mongo
from shared.mongodb.schema import Document
from shared.mongodb.stock.adjustments import Adjusted, Adjustment
from shared.mongodb.stock.stock import StockStore, StockWrite
from tests.integration.wanted_reads import forget_reads, wanted_reads

BIG = "820982911946154508"
A, B = "271878346596884015", "2"


class Records:
    """The record store for one shop with two locations."""

    def __init__(self, mongo: Mongo, shop: str) -> None:
        self.mongo = mongo
        self.shop = shop
        self.store = RecordStore(mongo.db, mongo.transactions)
        self.boms = BomStore(mongo.db, mongo.transactions)
        self.stock = StockStore(mongo.db)

    async def put(self, bom_id: str = "b", item: str = BIG, **more: Any) -> bool:
        """Create or change a BOM; returns whether it is new."""
        wanted = WantedBom(bom_id, item, f"Name of {bom_id}", **more)
        return (await self.store.upsert(self.shop, wanted, reference="t"))[1]

    async def adjust(self, delta: int, key: str, *, place: str = A, cause: str = "corrected") -> Adjusted:
        """Adjust a cell of BOM b."""
        return await self.store.adjust(self.shop, Adjustment(CellKey("b", place), key, cause, "t", delta=delta))

    async def count(self, count: int, key: str, only_rev: int) -> Adjusted:
        """Set a cell of BOM b to what was counted."""
        wanted = Adjustment(CellKey("b", A), key, "counted", "t", count=count, only_rev=only_rev)
        return await self.store.adjust(self.shop, wanted)

    async def documents(self, bom_id: str = "b") -> dict[str, Document]:
        """Stock documents by location."""
        cursor = self.mongo.db["stock"].find({"shop": self.shop, "bom_id": bom_id})
        return {document["location_id"]: document async for document in cursor}

    async def counts(self, bom_id: str = "b") -> dict[str, int | None]:
        """Counts by location."""
        return {place: document["count"] for place, document in (await self.documents(bom_id)).items()}

    async def read(self, value: int, place: str = A) -> None:
        """Shopify was read and held this value."""
        key = CellKey("b", place)
        cell = (await self.stock.load(self.shop, [key]))[key]
        write = StockWrite(key, cell.stock, observe_read(cell.stock, value, datetime.now(UTC)), "verify", "t")
        await self.mongo.transactions.run(lambda session: self.stock.write(session, self.shop, [write]))

    async def doubt(self) -> None:
        """A push of every cell of BOM b has ended without a known outcome."""
        keys = [CellKey("b", place) for place in await self.documents()]
        cells = await self.stock.load(self.shop, keys)
        writes = [
            StockWrite(key, cell.stock, mark_unknown(cell.stock), "reconcile", "t") for key, cell in cells.items()
        ]
        await self.mongo.transactions.run(lambda session: self.stock.write(session, self.shop, writes))

    async def ledger(self, place: str = A) -> list[tuple[str, int | None, int | None, str]]:
        """The ledger of a cell of BOM b: field, before, after, cause."""
        cursor = self.mongo.db["ledger"].find({"shop": self.shop, "bom_id": "b", "location_id": place}).sort("seq", 1)
        return [(d["field"], d["before"], d["after"], d["cause"]) async for d in cursor]


@pytest.fixture(scope="module")
async def mongo(mongodb_uri: str, mongodb_for_clean_up: MongoClient[Document]) -> AsyncIterator[Mongo]:
    """One database for the module; each test has a shop of its own."""
    name = f"records-{uuid.uuid4().hex[:12]}"
    opened = Mongo(mongodb_uri, name)
    await opened.prepare()
    yield opened
    opened.close()
    mongodb_for_clean_up.drop_database(name)


@pytest.fixture
async def records(mongo: Mongo) -> Records:
    """A fresh shop."""
    made = Records(mongo, f"shop-{uuid.uuid4().hex[:12]}.myshopify.com")
    await made.boms.keep_locations(made.shop, [Location(A, "A", True, False), Location(B, "B", True, False)])
    return made


async def test_a_new_bom_has_a_cell_at_every_location(records: Records) -> None:
    """A new BOM gets a stock document at each known location, and no count before somebody counts; ids stay exact."""
    assert await records.put()
    assert not await records.put()
    assert await records.counts() == {A: None, B: None}
    assert {document["item_id"] for document in (await records.documents()).values()} == {BIG}
    await records.put("tracking", "77", tracks_pre_assembled=True)
    assert await records.counts("tracking") == {A: None, B: None}
    assert {document["known_class"] for document in (await records.documents("tracking")).values()} == {"no_base"}


async def test_two_boms_never_share_an_item(records: Records) -> None:
    """A second BOM on an item is refused with the first one's name, also when both come at once."""
    await records.put()
    with pytest.raises(RecordRefused, match="Name of b") as refused:
        await records.put("other")
    assert (refused.value.kind, refused.value.field) == (Refusal.IN_USE, "inventory_item_id")
    results = await asyncio.gather(*(records.put(f"racer{n}", "5") for n in range(5)), return_exceptions=True)
    assert sum(result is True for result in results) == 1
    assert all(result is True or isinstance(result, RecordRefused) for result in results)


async def test_fields_not_given_stay(records: Records) -> None:
    """An upsert changes what it names and leaves the rest."""
    await records.put(tags=("red",), tracks_pre_assembled=True, externally_managed=True)
    await records.put()
    bom = (await records.boms.get(records.shop, ["b"]))["b"]
    assert (bom.tags, bom.tracks_pre_assembled, bom.externally_managed) == (("red",), True, True)


async def test_a_remapped_bom_forgets_the_old_item(records: Records) -> None:
    """Mapped to another item, a BOM has no base, keeps its count, and every row of an old preview is out of date."""
    await records.put(tracks_pre_assembled=True)
    await records.read(7)
    await records.adjust(3, "k")
    before = (await records.documents())[A]
    await records.put(item="99")
    after = (await records.documents())[A]
    assert (after["item_id"], after["index"], after["index_time"], after["count"]) == ("99", None, None, 3)
    assert (after["never_agreed"], after["known_class"]) == (True, "no_base")
    assert (after["tracks_rev"], after["rev"]) == (before["tracks_rev"] + 1, before["rev"] + 1)
    assert (await records.ledger())[-1] == ("index", 7, None, "remapped")
    assert {document["item_id"] for document in (await records.documents()).values()} == {"99"}


async def test_tracking_is_switched_in_all_cells(records: Records) -> None:
    """Switched on, every cell waits for its first count; switched off, every count is gone, with its ledger entry."""
    await records.put()
    await records.put(tracks_pre_assembled=True)
    assert await records.counts() == {A: None, B: None}
    assert {document["never_agreed"] for document in (await records.documents()).values()} == {True}
    await records.adjust(2, "first", place=B)
    await records.put(tracks_pre_assembled=False)
    assert await records.counts() == {A: None, B: None}
    assert {document["never_agreed"] for document in (await records.documents()).values()} == {False}
    assert await records.ledger(B) == [("count", None, 2, "corrected"), ("count", 2, None, "tracking_stopped")]
    assert await records.ledger() == []


async def test_no_cell_is_left_behind_by_a_switch(records: Records) -> None:
    """Cells made while tracking is switched on track as well, whichever commits first."""
    await records.put()
    places = [CellKey("b", str(number)) for number in range(100, 120)]

    async def make(key: CellKey) -> None:
        await records.mongo.transactions.run(
            lambda session: records.boms.make_stock(session, records.shop, {"b": [key]})
        )

    await asyncio.gather(*(make(key) for key in places[:10]), records.put(tracks_pre_assembled=True))
    await asyncio.gather(*(make(key) for key in places[10:]))
    assert {document["never_agreed"] for document in (await records.documents()).values()} == {True}
    assert len(await records.counts()) == 22


async def test_a_first_count_may_be_zero(records: Records) -> None:
    """Where the BOM tracks, a count of zero is a count: given outright or by a delta of zero, and in the ledger."""
    await records.put(tracks_pre_assembled=True)
    seen = (await records.documents())[A]["rev"]
    assert (await records.count(0, "nothing there", seen)).cell.stock.count == 0
    await records.adjust(0, "the same by a message", place=B, cause="counted")
    assert await records.counts() == {A: 0, B: 0}
    assert await records.ledger() == [("count", None, 0, "counted")]
    assert await records.ledger(B) == [("count", None, 0, "counted")]


async def test_a_first_delta_counts_from_zero_whatever_shopify_holds(records: Records) -> None:
    """A base that was read before is no count: three built units are three."""
    await records.put(tracks_pre_assembled=True)
    await records.read(12)
    await records.adjust(3, "built")
    document = (await records.documents())[A]
    assert (document["count"], document["index"], document["manual_total"]) == (3, 12, 3)
    assert (document["never_agreed"], document["known_class"]) == (True, "no_base")
    await records.adjust(9, "the rest")
    document = (await records.documents())[A]
    assert (document["never_agreed"], document["known_class"]) == (False, None)
    await records.adjust(1, "from an agreed base")
    assert (await records.documents())[A]["known_class"] == "local_moved"


async def test_a_bom_tracks_from_its_first_count(records: Records) -> None:
    """The first count that is not zero switches tracking on in all cells, of which the others wait for theirs."""
    await records.put()
    await records.adjust(0, "zero")
    assert await records.counts() == {A: None, B: None}
    await records.adjust(4, "four")
    assert await records.counts() == {A: 4, B: None}
    assert (await records.boms.get(records.shop, ["b"]))["b"].tracks_pre_assembled
    assert await records.ledger() == [("count", None, 4, "corrected")]
    assert (await records.documents())[A]["manual_total"] == 4


async def test_a_repeated_adjustment_has_one_effect(records: Records) -> None:
    """Twenty deliveries of one adjustment at once move the count once; another one under the key is refused."""
    await records.put(tracks_pre_assembled=True)
    results = await asyncio.gather(*(records.adjust(5, "once") for _ in range(20)))
    assert await records.counts() == {A: 5, B: None}
    assert sum(not result.repeated for result in results) == 1
    with pytest.raises(RecordRefused, match="used before"):
        await records.adjust(6, "once")
    with pytest.raises(RecordRefused, match="used before"):
        await records.adjust(5, "once", place=B)


async def test_concurrent_adjustments_all_count(records: Records) -> None:
    """Adjustments of one cell at the same time add up, and the ledger is a chain."""
    await records.put()
    await asyncio.gather(*(records.adjust(1, f"k{n}") for n in range(15)))
    assert (await records.counts())[A] == 15
    chain = await records.ledger()
    assert all(late[1] == early[2] for early, late in pairwise(chain))


async def test_counting_ends_doubt(records: Records) -> None:
    """Only a person who has counted ends the doubt that a push of unknown outcome left."""
    await records.put(tracks_pre_assembled=True)
    await records.mongo.db["stock"].update_many({"shop": records.shop}, {"$set": {"unknown_outcome": True}})
    await records.adjust(1, "corrected")
    assert (await records.documents())[A]["unknown_outcome"]
    await records.adjust(0, "counted", cause="counted")
    assert not (await records.documents())[A]["unknown_outcome"]


async def test_an_absolute_count_needs_the_cell_as_seen(records: Records) -> None:
    """A count taken of a cell that has changed since is refused; under its `rev` it becomes the count."""
    await records.put(tracks_pre_assembled=True)
    seen = (await records.documents())[A]["rev"]
    await records.adjust(2, "other")
    with pytest.raises(RecordRefused) as refused:
        await records.count(9, "c1", seen)
    assert refused.value.kind is Refusal.OUTDATED
    done = await records.count(9, "c2", seen + 1)
    assert (done.delta, done.cell.stock.count) == (7, 9)
    assert (await records.count(9, "c2", seen + 1)).repeated


async def test_unknown_things_and_impossible_counts_are_refused(records: Records) -> None:
    """An unknown BOM or location, and a count beyond what Shopify takes, are refused and write nothing."""
    with pytest.raises(RecordRefused, match="no BOM b"):
        await records.adjust(1, "k")
    await records.put()
    with pytest.raises(RecordRefused, match="no location 3"):
        await records.adjust(1, "k", place="3")
    await records.adjust(1_000_000_000, "most")
    with pytest.raises(RecordRefused, match="would become"):
        await records.adjust(1, "more")
    assert await records.mongo.db["adjustments"].count_documents({"shop": records.shop}) == 1


async def test_a_location_learnt_later_gets_its_cell(records: Records) -> None:
    """A count at a location that came after the BOM is taken; its cell tracks like the others."""
    await records.put(tracks_pre_assembled=True)
    await records.boms.keep_locations(records.shop, [Location("9", "Nine", True, False)])
    await records.adjust(2, "k", place="9")
    assert (await records.counts())["9"] == 2


async def test_a_bom_in_a_job_is_not_removed(records: Records) -> None:
    """While a cell is open in a job its BOM stays."""
    await records.put()
    cell = {"_id": "c", "shop": records.shop, "job_id": "j", "bom_id": "b", "location_id": A, "open": True}
    await records.mongo.db["cells"].insert_one(cell)
    with pytest.raises(RecordRefused, match="Job j is still working"):
        await records.store.remove(records.shop, "b", reference="t")
    assert len(await records.documents()) == 2
    await records.mongo.db["cells"].update_one({"_id": "c"}, {"$unset": {"open": ""}})
    await records.store.remove(records.shop, "b", reference="t")
    assert await records.documents() == {}
    with pytest.raises(RecordRefused, match="no BOM b"):
        await records.store.remove(records.shop, "b", reference="t")


async def test_a_bom_that_comes_again_goes_on_with_its_ledger(records: Records) -> None:
    """Removed and made again, a BOM starts without values, and its ledger is one chain over both lives."""
    await records.put(tracks_pre_assembled=True)
    await records.read(7)
    await records.adjust(3, "first")
    old = (await records.documents())[A]
    await records.store.remove(records.shop, "b", reference="t")
    await records.put()
    assert await records.counts() == {A: None, B: None}
    await records.adjust(4, "second")
    ledger = await records.ledger()
    assert [entry[:3] for entry in ledger if entry[0] == "count"] == [
        ("count", None, 3),
        ("count", 3, None),
        ("count", None, 4),
    ]
    assert (await records.documents())[A]["tracks_rev"] > old["tracks_rev"]


async def test_a_doubt_belongs_to_the_item_that_was_pushed(records: Records) -> None:
    """It ends once the BOM has another item, also if the old one comes back; a BOM made anew with it is in doubt."""

    async def in_doubt() -> set[bool]:
        return {document["unknown_outcome"] for document in (await records.documents()).values()}

    await records.put(tracks_pre_assembled=True)
    await records.doubt()
    await records.put(item="99")
    assert await in_doubt() == {False}
    await records.put()
    assert await in_doubt() == {False}
    await records.doubt()
    await records.store.remove(records.shop, "b", reference="t")
    await records.put()
    assert await in_doubt() == {True}
    await forget_reads(records.mongo.db, records.shop)
    await records.stock.ask_for_bases(records.shop, [B])
    assert await wanted_reads(records.mongo.db, records.shop) == {CellKey("b", A)}
    await records.adjust(1, "corrected")
    assert (await records.documents())[A]["known_class"] == "both_moved"
    await records.store.remove(records.shop, "b", reference="t")
    await records.put(item="99")
    assert await in_doubt() == {False}


async def test_a_doubt_lasts_where_cells_are_made_one_by_one(records: Records) -> None:
    """As an import makes them: the BOM first, its cells later."""
    for item, lasts in ((BIG, True), ("99", False)):
        await records.put()
        await records.doubt()
        await records.store.remove(records.shop, "b", reference="t")
        bom = Bom("b", item, "Name of b", tracks_pre_assembled=True)
        await records.mongo.transactions.run(lambda s, bom=bom: records.boms.insert(s, records.shop, [bom]))  # type: ignore[misc]  # a bound default
        await records.boms.ensure_stock(records.shop, [SelectedCell(CellKey("b", A), bom)])
        document = (await records.documents())[A]
        assert (document["unknown_outcome"], document["never_agreed"], document["count"]) == (lasts, True, None)
        await records.store.remove(records.shop, "b", reference="t")


async def test_a_cell_without_values_leaves_its_counters(records: Records) -> None:
    """Counted, then mapped to another item and no longer tracked: the next life's counters go on all the same."""
    await records.put()
    await records.adjust(3, "built")
    await records.put(item="99")
    await records.put(item="99", tracks_pre_assembled=False)
    old = (await records.documents())[A]
    assert (old["index"], old["count"]) == (None, None)
    await records.store.remove(records.shop, "b", reference="t")
    await records.put()
    new = (await records.documents())[A]
    for name in ("rev", "tracks_rev", "ledger_seq"):
        assert new[name] > old[name], name
    for name in ("manual_total", "settle_no", "events_no"):
        assert new[name] == old[name], name
    assert (await records.ledger())[-1] == ("index", None, None, "removed")


async def test_restored_cells_are_outdated_page_by_page(records: Records) -> None:
    """Each cell of the shop once, and of no other: rows are void, and what differs is left to a person."""
    await records.put(tracks_pre_assembled=True)
    await records.put("also", "77")
    await records.read(7)
    await records.adjust(7, "agreed")
    await records.read(7, B)
    await records.adjust(9, "apart", place=B)
    other = Records(records.mongo, f"{records.shop}.other")
    await other.boms.keep_locations(other.shop, [Location(A, "A", True, False)])
    await other.put()
    before = await records.documents()
    seen: list[CellKey] = []
    while keys := await records.stock.after(records.shop, seen[-1] if seen else None, 3):
        seen += keys
        part = keys
        await records.mongo.transactions.run(lambda s, part=part: records.stock.outdate(s, records.shop, part))  # type: ignore[misc]  # a bound default
    assert sorted(seen) == sorted(CellKey(bom, place) for bom in ("b", "also") for place in (A, B))
    after = await records.documents()
    assert {place: (d["known_class"], d["settle_no"]) for place, d in after.items()} == {
        A: (None, 1),
        B: ("no_base", 1),
    }
    assert all(after[place]["rev"] == before[place]["rev"] + 1 for place in (A, B))
    assert {document["rev"] for document in (await other.documents()).values()} == {0}


async def test_a_broken_transaction_leaves_nothing(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure between the parts of an adjustment leaves neither count nor key behind."""
    await records.put(tracks_pre_assembled=True)

    async def broken(*_: object, **__: object) -> bool:
        raise ValueError("the process dies here")

    with monkeypatch.context() as patched:
        patched.setattr("shared.mongodb.stock.adjustments.AdjustmentLog.add", broken)
        with pytest.raises(ValueError, match="dies here"):
            await records.adjust(5, "k")
    assert await records.counts() == {A: None, B: None}
    await records.adjust(5, "k")
    assert await records.counts() == {A: 5, B: None}
