"""A BOM is removed and made again, or mapped to another item: nothing of its earlier life is acted on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.domain.stock import mark_unknown
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.stock.stock import StockWrite
from tests.integration.records.test_ledger_replay import replayed
from tests.integration.shop_world import SHOP, ShopWorld, previewer, reconciler, shop_world

TO_SHOPIFY, TO_LOCAL = Direction.TO_SHOPIFY, Direction.TO_LOCAL


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop in agreement with one location, of whose good A three more were built, and everything running."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made,
        reconciler(made),
        previewer(made),
    ):
        await made.add_boms({"A": [10], "B": [4]}, tracks=True)
        await made.run(TO_LOCAL)
        await made.hand("A", made.locations[0], 3)
        yield made


async def make_again(world: ShopWorld, *, item_of: str = "A", tracks: bool = True) -> None:
    """Remove BOM A and make it anew, with an item that is free by then."""
    store = RecordStore(world.mongo.db, world.mongo.transactions)
    for bom_id in {"A", item_of}:
        await store.remove(SHOP, bom_id, reference="tests")
    wanted = WantedBom("A", world.items[item_of], "BOM A", tracks_pre_assembled=tracks)
    await store.upsert(SHOP, wanted, reference="tests")


async def remap(world: ShopWorld, item: str) -> None:
    """Map BOM A to this item."""
    store = RecordStore(world.mongo.db, world.mongo.transactions)
    await store.upsert(SHOP, WantedBom("A", item, "BOM A"), reference="tests")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("made again", "TRACKING_CHANGED"),
        ("made again without tracking", "TRACKING_CHANGED"),
        ("made again for another item", "BOM_REMAPPED"),
        ("mapped away and back", "TRACKING_CHANGED"),
    ],
)
async def test_a_row_of_an_earlier_life_is_not_acted_on(world: ShopWorld, change: str, code: str) -> None:
    """What was approved of a BOM that was, is neither pushed nor pulled for the one that is; nor undone."""
    first = await world.run(TO_SHOPIFY, {"bom_ids": ["A"]}, preview_id=await world.preview({"bom_ids": ["A"]}))
    assert first["totals"]["updated"] == 1
    await world.verified()
    await world.hand("A", world.locations[0], 2)
    preview = await world.preview({"bom_ids": ["A"]})
    held = await world.shopify()
    if change == "mapped away and back":
        await remap(world, "1")
        await remap(world, world.items["A"])
    else:
        another, untracked = change.endswith("another item"), change.endswith("tracking")
        await make_again(world, item_of="B" if another else "A", tracks=not untracked)
    for direction in (TO_SHOPIFY, TO_LOCAL):
        job = await world.run(direction, {"bom_ids": ["A"]}, preview_id=preview)
        assert job["codes"] == {code: 1}
    undone = await world.run(TO_SHOPIFY, source=JobSource.UNDO, of_job_id=first["job_id"])
    assert undone["codes"] == {code: 1}
    assert await world.shopify() == held
    await replayed(world)


async def test_a_new_life_goes_through_all_there_is(world: ShopWorld) -> None:
    """Made again, a BOM gets its base by the next look, its count by a run, and is pushed and undone like any other."""
    cell = CellKey("A", world.locations[0])
    await make_again(world)
    preview = await world.preview({"bom_ids": ["A"]})
    stock = await world.cell(*cell)
    assert (stock.base, stock.count, stock.uncounted) == (10, None, True)
    pushed = await world.run(TO_SHOPIFY, {"bom_ids": ["A"]}, preview_id=preview)
    assert pushed["reasons"] == {"never_counted": 1}
    pulled = await world.run(TO_LOCAL, {"bom_ids": ["A"]})
    assert pulled["totals"]["updated"] == 1
    await world.hand(*cell, -4)
    again = await world.run(TO_SHOPIFY, {"bom_ids": ["A"]})
    assert (again["totals"]["updated"], (await world.shopify())[cell]) == (1, 6)
    await world.verified()
    undone = await world.run(TO_SHOPIFY, source=JobSource.UNDO, of_job_id=again["job_id"])
    assert (undone["totals"]["updated"], (await world.shopify())[cell]) == (1, 10)
    await world.verified()
    assert ((await world.cell(*cell)).base, (await world.cell(*cell)).count) == (10, 6)
    values = await replayed(world)
    assert (values[*cell, "index"], values[*cell, "count"]) == (10, 6)


@pytest.mark.parametrize("same_item", [True, False], ids=["same item", "another item"])
async def test_a_doubt_is_no_way_around(world: ShopWorld, same_item: bool) -> None:
    """A BOM in doubt that is made again with its item is refused by a push until a person has settled it."""
    cell = CellKey("A", world.locations[0])
    before = (await world.stock.load(SHOP, [cell]))[cell].stock
    write = StockWrite(cell, before, mark_unknown(before), "reconcile", "tests")
    await world.mongo.transactions.run(lambda session: world.stock.write(session, SHOP, [write]))
    await make_again(world, item_of="A" if same_item else "B")
    # Without any value it is shown, and skipped by nobody's guess.
    uncounted = await world.run(TO_SHOPIFY, {"bom_ids": ["A"]}, preview_id=await world.preview({"bom_ids": ["A"]}))
    assert uncounted["codes" if same_item else "reasons"] == {"OUTCOME_UNKNOWN" if same_item else "never_counted": 1}
    await world.hand(*cell, 9)
    job = await world.run(TO_SHOPIFY, {"bom_ids": ["A"]})
    if same_item:
        assert job["codes"] == {"OUTCOME_UNKNOWN": 1}
        await world.run(TO_LOCAL, {"bom_ids": ["A"]})
        assert not (await world.cell(*cell)).unknown_outcome
    else:
        assert job["totals"]["updated"] == 1
