"""Missing is never zero: cells that nobody has counted, and cells never read, from the first look to the undo."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.reconciler.sweeper.full_read import DriftedCell, FullRead
from shared.contract.messages import JobOptions
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.domain.stock import observe_event
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.boms import SelectedCell
from shared.mongodb.schema import Document, key_of
from shared.mongodb.stock.adjustments import Adjustment
from shared.mongodb.stock.stock import StockWrite
from shared.reading.locations import refresh_locations
from shared.reading.rows import RowReader
from tests.integration.shop_world import SHOP, ShopWorld, new_id, previewer, reconciler, shop_world
from tests.integration.sweeper.drift_setup import TIMES, drift_world

TO_SHOPIFY, TO_LOCAL = Direction.TO_SHOPIFY, Direction.TO_LOCAL


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with two locations, and everything running but the webhooks."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made,
        reconciler(made),
        previewer(made),
    ):
        yield made


def records(world: ShopWorld) -> RecordStore:
    """The app's own records."""
    return RecordStore(world.mongo.db, world.mongo.transactions)


async def count(world: ShopWorld, bom_id: str, place: str, **what: Any) -> None:
    """A hand adjustment, through the app's own door."""
    wanted = Adjustment(CellKey(bom_id, place), new_id(), "counted", "tests", **what)
    await records(world).adjust(SHOP, wanted)


async def rows(world: ShopWorld, preview_id: str) -> dict[CellKey, Document]:
    """The rows of a preview."""
    found = world.mongo.db["preview_rows"].find({"shop": SHOP, "preview_id": preview_id})
    return {CellKey(row["bom_id"], row["location_id"]): row async for row in found}


async def ledger(world: ShopWorld, bom_id: str, place: str) -> list[tuple[str, int | None, int | None]]:
    """The ledger of a cell: field, before, after."""
    cursor = world.mongo.db["ledger"].find({"shop": SHOP, "bom_id": bom_id, "location_id": place}).sort("seq", 1)
    return [(entry["field"], entry["before"], entry["after"]) async for entry in cursor]


async def new_location(world: ShopWorld, available: int, boms: str) -> str:
    """The shop opens a location, and stocks these BOMs' items there; returns its id."""
    made = await world.control("locations", {"locations": [{"name": "New"}]})
    place: str = made["locations"][0]["id"]
    for name in boms:
        await world.control("set_level", {"item_id": world.items[name], "location_id": place, "active": True})
    await world.edit({(name, place): available for name in boms})
    await refresh_locations(SHOP, world.boms, world.reads)
    return place


async def test_a_new_location_is_not_emptied(world: ShopWorld) -> None:
    """Shopify holds 12 at a location that nobody has counted: nothing is suggested, and a run pushes no zero."""
    await world.add_boms({"A": [10, 7]}, tracks=True)
    await world.agree()
    there = await new_location(world, 12, "A")
    cell = CellKey("A", there)
    for base in (None, 12):  # the second preview finds the base that the first one gave
        row = (await rows(world, await world.preview()))[cell]
        assert row["row"]["base"] == base
        assert (row["row"]["local"], row["row"]["shopify"], row["difference"]) == (None, 12, None)
        assert (row["cell_class"], row["suggested"], row["not_pushed"]) == ("no_base", None, "never_counted")
    for preview_id in (await world.preview(), None):
        job = await world.run(TO_SHOPIFY, preview_id=preview_id)
        assert (job["totals"]["errors"], job["reasons"]) == (0, {"in_sync": 2, "never_counted": 1})
    assert (await world.shopify())[cell] == 12
    stock = await world.cell(*cell)
    assert (stock.base, stock.count, stock.local) == (12, None, None)
    assert await world.ledger() == []


async def test_accepting_is_the_first_count_and_undoing_takes_it_back(world: ShopWorld) -> None:
    """toLocal makes Shopify's value the first count, with its ledger entry; its undo leaves no count, not a zero."""
    await world.add_boms({"A": [12, 0]}, tracks=True)
    here, there = world.locations
    job = await world.run(TO_LOCAL)
    assert (job["totals"]["updated"], job["totals"]["errors"]) == (2, 0)
    assert [(await world.cell("A", place)).count for place in (here, there)] == [12, 0]
    assert sorted(await ledger(world, "A", here)) == [("count", None, 12), ("index", None, 12)]
    assert ("count", None, 0) in await ledger(world, "A", there)
    await records(world).adjust(SHOP, Adjustment(CellKey("A", there), new_id(), "built", "tests", delta=2))
    undo = await world.run(TO_LOCAL, source=JobSource.UNDO, of_job_id=job["job_id"])
    assert (undo["totals"]["updated"], undo["totals"]["errors"]) == (2, 0), undo["codes"]
    stock = await world.cell("A", here)
    assert (stock.count, stock.base, stock.uncounted) == (None, 12, True)
    assert (await world.cell("A", there)).count == 2  # counted since: from zero
    assert (await ledger(world, "A", here))[-1] == ("count", 12, None)


@pytest.mark.parametrize("counted", [0, 5])
async def test_a_first_count_is_pushed_only_by_a_person(world: ShopWorld, counted: int) -> None:
    """Counted, and never agreed: a schedule leaves it, a person's run pushes it; from then on it is like any other."""
    await world.add_boms({"A": [12, 12]}, tracks=True)
    here, there = world.locations
    await world.preview()
    await count(world, "A", here, count=counted)
    row = (await rows(world, await world.preview()))[CellKey("A", here)]
    assert (row["cell_class"], row["suggested"], row["row"]["base"]) == ("no_base", None, 12)
    scheduled = await world.run(TO_SHOPIFY, source=JobSource.SCHEDULE)
    assert scheduled["reasons"] == {"never_agreed": 1, "never_counted": 1}
    assert await world.ledger() == []
    job = await world.run(TO_SHOPIFY, {"cells": [{"bom_id": "A", "location_id": here}]})
    assert job["totals"]["updated"] == 1, job["codes"]
    assert await world.shopify() == {CellKey("A", here): counted, CellKey("A", there): 12}
    await world.verified()
    await count(world, "A", here, count=counted + 1)
    assert (await rows(world, await world.preview()))[CellKey("A", here)]["cell_class"] == "local_moved"
    scheduled = await world.run(TO_SHOPIFY, source=JobSource.SCHEDULE)
    assert (scheduled["totals"]["updated"], scheduled["reasons"]) == (1, {"never_counted": 1})


async def test_a_first_count_since_the_preview_is_not_overwritten(world: ShopWorld) -> None:
    """A person who counts nothing there after the preview has counted."""
    await world.add_boms({"A": [12, 12]}, tracks=True)
    here, _ = world.locations
    preview_id = await world.preview()
    await count(world, "A", here, count=0)
    job = await world.run(TO_LOCAL, preview_id=preview_id)
    assert (job["totals"]["updated"], job["codes"]) == (1, {"LOCAL_CHANGED_SINCE_PREVIEW": 1})
    assert (await world.cell("A", here)).count == 0


async def test_nothing_is_stocked_for_a_cell_without_a_count(world: ShopWorld) -> None:
    """With the option to stock what is not stocked, a cell that nobody counted is left as it is."""
    await world.add_boms({"A": [12, 12]}, tracks=True)
    level = {"item_id": world.items["A"], "location_id": world.locations[1], "active": False}
    await world.control("set_level", level)
    job = await world.run(TO_SHOPIFY, options=JobOptions(activate=True))
    assert job["reasons"] == {"never_counted": 2}
    levels = (await world.control("levels", method="GET"))["levels"]
    assert [one["active"] for one in levels if one["location_id"] == world.locations[1]] == [False]


async def _api_bom(world: ShopWorld, name: str = "B", tracks: bool = False) -> None:
    """A BOM as the API adds it, of an item that has been there for long and does not move."""
    made = await world.control(
        "items",
        {
            "items": [
                {
                    "sku": name,
                    "levels": [
                        {"location_id": place, "available": 4 + n, "age_seconds": 9000}
                        for n, place in enumerate(world.locations)
                    ],
                }
            ]
        },
    )
    world.items[name] = made["items"][0]["id"]
    wanted = WantedBom(name, world.items[name], f"BOM {name}", tracks_pre_assembled=tracks)
    await records(world).upsert(SHOP, wanted, reference="tests")


@pytest.mark.parametrize("tracks", [False, True])
@pytest.mark.parametrize("reader", ["preview", "sweep", "run"])
async def test_whoever_reads_gives_a_first_base(world: ShopWorld, reader: str, tracks: bool) -> None:
    """The value read is kept: the base has its ledger entry, and no count has moved."""
    await _api_bom(world, tracks=tracks)
    if reader == "preview":
        await world.preview({"cells": [{"bom_id": "B", "location_id": place} for place in world.locations]})
    elif reader == "sweep":
        drifted: list[DriftedCell] = []

        async def found(cells: Sequence[DriftedCell]) -> None:
            drifted.extend(cells)

        reader_of_rows = RowReader(world.boms, world.stock, world.reads)
        await FullRead(world.boms, reader_of_rows, world.reads, world.publisher).sweep(SHOP, found)
        assert drifted == []
    else:
        await world.run(TO_SHOPIFY)
    for number, place in enumerate(world.locations):
        stock = await world.cell("B", place)
        assert (stock.base, stock.count) == (4 + number, None)
        assert stock.base_time is not None
        assert await ledger(world, "B", place) == [("index", None, 4 + number)]
    if not tracks:
        assert {row["cell_class"] for row in (await rows(world, await world.preview())).values()} == {"in_sync"}


async def test_a_remapped_bom_gets_its_base_anew(world: ShopWorld) -> None:
    """Mapped to another item, the next read gives the base; the count stays, and a person chooses."""
    await world.add_boms({"A": [10, 7]}, tracks=True)
    await world.agree()
    await _api_bom(world, "other")
    await records(world).remove(SHOP, "other", reference="tests")
    await records(world).upsert(SHOP, WantedBom("A", world.items["other"], "BOM A"), reference="tests")
    world.items["A"] = world.items.pop("other")
    await world.preview()
    stock = await world.cell("A", world.locations[0])
    assert (stock.base, stock.count, stock.never_agreed) == (4, 10, True)
    job = await world.run(TO_SHOPIFY, source=JobSource.SCHEDULE)
    assert job["reasons"] == {"never_agreed": 2}


@pytest.mark.parametrize("change", [{"tracked": False}, {"active": False}], ids=["untracked", "not_stocked"])
async def test_what_can_be_compared_again_gets_its_base(
    world: ShopWorld, change: dict[str, bool], request: pytest.FixtureRequest
) -> None:
    """An item not tracked, or not stocked, is known to be left out; tracked or stocked again it has its base."""
    await _api_bom(world)
    item, reason = world.items["B"], request.node.callspec.id
    for place in world.locations:
        if "active" in change:
            await world.control("set_level", {"item_id": item, "location_id": place, **change})
    if "tracked" in change:
        await world.control("set_item", {"item_id": item, **change})
    await world.preview()
    documents = [d async for d in world.mongo.db["stock"].find({"shop": SHOP})]
    assert {(d["index"], d["left_out"], d["known_class"]) for d in documents} == {(None, reason, "not_compared")}
    revs = {d["_id"]: d["rev"] for d in documents}
    await world.preview()
    assert {d["_id"]: d["rev"] async for d in world.mongo.db["stock"].find({"shop": SHOP})} == revs
    for place in world.locations:
        if "active" in change:
            await world.control("set_level", {"item_id": item, "location_id": place, "active": True, "available": 3})
    if "tracked" in change:
        await world.control("set_item", {"item_id": item, "tracked": True})
    await world.preview()
    documents = [d async for d in world.mongo.db["stock"].find({"shop": SHOP})]
    assert {(d["left_out"], d["known_class"]) for d in documents} == {(None, None)}
    assert all(d["index"] is not None for d in documents)


async def test_a_first_base_is_given_under_the_rev_noted(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell written between its document and the read is left to a verifying read: what was read may be older."""
    await _api_bom(world)
    here = CellKey("B", world.locations[0])
    bom = (await world.boms.get(SHOP, ["B"]))["B"]
    reader = RowReader(world.boms, world.stock, world.reads)
    items = world.reads.items

    async def slow(*args: object, **more: object) -> object:
        read = await items(*args, **more)  # type: ignore[arg-type]  # passed on as they came
        cell = (await world.stock.load(SHOP, [here]))[here]
        change = observe_event(cell.stock, None, datetime.now(UTC))
        write = StockWrite(here, cell.stock, change, "webhook", "tests")
        await world.mongo.transactions.run(lambda session: world.stock.write(session, SHOP, [write]))
        return read

    monkeypatch.setattr(world.reads, "items", slow)
    locations = await world.boms.locations(SHOP)
    await reader.take(SHOP, [SelectedCell(here, bom)], locations)
    monkeypatch.undo()
    await world.verified()
    assert (await world.cell(*here)).base == 4
    entry = await world.mongo.db["ledger"].find_one({"_id": key_of(SHOP, *here, "1")})
    assert entry is not None
    assert entry["cause"] == "verify"


async def test_a_bulk_sweep_gives_first_bases(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """A full sweep by one bulk query, and a look at what has changed, give bases too, also at a new location."""
    times = replace(TIMES, bulk_above=1, first_look=0.1)
    async with drift_world(vhost_url, mongodb_uri, database_name, times=times) as drift:
        world = drift.shop
        for name in "XYZ":
            await _api_bom(world, name, tracks=name == "Z")
        await drift.webhooks(drop_ratio=1.0)
        place = await new_location(world, 12, "XYZ")
        assert await ledger(world, "X", world.locations[0]) == []
        await drift.sweep(full=True)
        await world.verified()
        for name in "XYZ":
            stock = await world.cell(name, place)
            assert (stock.base, stock.count) == (12, None)
            assert (await world.cell(name, world.locations[0])).base == 4
        assert [document["state"] for document in await drift.documents()] == []


async def test_a_missed_webhook_of_an_uncounted_cell_moves_its_base_alone(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """No run takes Shopify's value for a first count, and no person is asked: a read takes the base along."""
    async with drift_world(vhost_url, mongodb_uri, database_name) as drift:
        world = drift.shop
        await _api_bom(world, "Z", tracks=True)
        await drift.sweep(full=True)
        here = world.locations[0]
        assert (await world.cell("Z", here)).base == 4
        await drift.webhooks(drop_next=1)
        await world.sell("Z", here, 1)
        await drift.sweep()
        (resolved,) = await drift.until(1, state="resolved")
        assert (resolved["bom_id"], resolved["cell_class"], resolved["job_id"]) == ("Z", "no_base", None)
        stock = await world.cell("Z", here)
        assert (stock.base, stock.count) == (3, None)
        assert await drift.jobs() == []
