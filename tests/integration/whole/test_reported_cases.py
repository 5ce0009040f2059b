"""Trouble that other people had doing this job, each an input and the right answer. `docs/cases.md` has the list."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.errors import ShopifyUnclear
from shared.shopify.reads.reads import request_body
from shared.shopify.writes.writes import SetRow, set_body
from tests.integration.shop_world import SHOP, ShopWorld, previewer, reconciler, shop_world

SET = "inventorySetQuantities"
BIG_ITEM, BIG_PLACE = "820982911946154508", "271878346596884015"


@pytest.fixture
async def empty(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with one location and nothing in it; services running."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made,
        reconciler(made, watchdog_every=0.5, silent_after=timedelta(seconds=2)),
        previewer(made),
    ):
        yield made


async def _drift(world: ShopWorld, names: list[str]) -> None:
    """BOMs with 7 units at each location of which somebody has counted one more."""
    await world.add_boms({name: [7] * len(world.locations) for name in names}, tracks=True)
    await world.agree()
    for name in names:
        for location in world.locations:
            await world.hand(name, location, 1)


async def test_case_08_throttled_is_told_by_its_code(empty: ShopWorld) -> None:
    """THROTTLED with HTTP 200 is tried again; an error whose message says "Throttled" under another code is not."""
    await _drift(empty, ["A"])
    await empty.control("/control/faults", {"kind": "throttled", "operation": SET, "count": 2})
    job = await empty.run(Direction.TO_SHOPIFY)
    assert job["totals"]["updated"] == 1
    await empty.hand("A", empty.locations[0], 1)
    before = (await empty.calls())[SET]["calls"]
    fault = {"kind": "error", "message": "Throttled", "code": "NEVER_SEEN", "operation": SET, "count": 9}
    await empty.control("/control/faults", fault)
    job = await empty.run(Direction.TO_SHOPIFY)
    assert job["codes"] == {"PUSH_REFUSED": 1}
    assert (await empty.calls())[SET]["calls"] == before + 1


async def test_case_09_replies_without_cost_data(empty: ShopWorld) -> None:
    """No extensions and no throttleStatus on every reply: the job runs to its end all the same."""
    await _drift(empty, ["A", "B"])
    for kind in ("no_extensions", "no_throttle_status"):
        await empty.control("/control/faults", {"kind": kind, "count": 500})
        job = await empty.run(Direction.TO_SHOPIFY)
        assert job["totals"]["errors"] == 0
        await empty.control("/control/faults", method="DELETE")
        for name in "AB":
            await empty.hand(name, empty.locations[0], 1)


@pytest.mark.parametrize("rows", [80, pytest.param(250, marks=pytest.mark.full)])
@pytest.mark.parametrize(("partial", "paths"), [(False, True), (True, True), (False, False), (True, False)])
async def test_case_10_one_bundle_among_250_rows(empty: ShopWorld, partial: bool, paths: bool, rows: int) -> None:
    """Row 71 is a bundle: all others applied and one error that names the BOM, however Shopify tells it."""
    await empty.control("/control/open_points", {"mixed_batch_partial": partial, "stale_paths": paths})
    names = [f"B{number:03d}" for number in range(rows)]
    await empty.add_boms({name: [7] for name in names}, tracks=True)
    await empty.agree()
    await empty.mongo.db["stock"].update_many({"shop": SHOP}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
    preview_id = await empty.preview()
    await empty.control("set_item", {"item_id": empty.items["B071"], "bundle": True})
    job = await empty.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert (job["totals"]["updated"], job["codes"]) == (rows - 1, {"BUNDLE_PARENT": 1})
    [error] = job["first_errors"]
    assert (error["bom_id"], error["bom_name"]) == ("B071", "BOM B071")
    assert sorted(set((await empty.shopify()).values())) == [7, 9]
    assert len(await empty.ledger()) == rows - 1


async def test_case_11_an_error_that_comes_again_each_time(empty: ShopWorld) -> None:
    """A refusal without a row and without an end: bounded tries, an error for every cell, and the job ends."""
    names = [f"B{number:02d}" for number in range(20)]
    await _drift(empty, names)
    await empty.control("/control/faults", {"kind": "error", "code": "NEVER_SEEN", "operation": SET, "count": 10_000})
    job = await empty.run(Direction.TO_SHOPIFY)
    assert (job["state"], job["codes"]) == ("completed_with_errors", {"PUSH_REFUSED": 20})
    # Halving 20 rows to one takes five levels, and each row goes alone once.
    assert (await empty.calls())[SET]["calls"] <= 2 * 20
    assert (await empty.shopify())[CellKey("B00", empty.locations[0])] == 7


def test_case_12_the_value_compared_with_is_in_the_bytes() -> None:
    """`changeFromQuantity` is in every row of the text sent, zeros and nulls included."""
    rows = [SetRow("1", "2", 5, 0), SetRow("3", "2", -1, -4)]
    sent = json.loads(set_body(rows, key="k", reference="gid://trueup/Job/1"))["variables"]["input"]["quantities"]
    assert [row["changeFromQuantity"] for row in sent] == [0, -4]
    assert '"changeFromQuantity":null' in request_body("query", {"changeFromQuantity": None})


async def test_case_14_every_level_or_an_error(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """251 locations with a level each are all seen; where a further page fails, so does the read."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=251) as world:
        assert len(await world.boms.locations(SHOP)) == 251
        await world.add_boms({"A": list(range(251))}, tracks=True)
        item = world.items["A"]
        read = (await world.reads.items(SHOP, [item], locations=251)).items[item]
        assert read is not None
        assert [read.levels[place].available for place in world.locations] == list(range(251))
        await world.control("/control/faults", {"kind": "status", "status": 500, "operation": "inventoryItem"})
        with pytest.raises(ShopifyUnclear):
            await world.reads.items(SHOP, [item], locations=251)
        await world.control("/control/faults", {"kind": "status", "operation": "locations", "after": 1})
        with pytest.raises(ShopifyUnclear):
            await world.reads.locations(SHOP)


@pytest.mark.parametrize("old", [False, True])
async def test_case_15_a_location_deactivated_under_the_job(
    vhost_url: str, mongodb_uri: str, database_name: str, old: bool
) -> None:
    """Deactivated between preview and job: its cells end with a reason or a code, those of the other are pushed."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as world,
        reconciler(world, watchdog_every=0.5),
        previewer(world),
    ):
        await _drift(world, ["A", "B", "C"])
        preview_id = await world.preview()
        if old:
            earlier: Any = {"$dateSubtract": {"startDate": "$row.taken_at", "unit": "minute", "amount": 2}}
            await world.mongo.db["preview_rows"].update_many({}, [{"$set": {"row.taken_at": earlier}}])
        closed, open_place = world.locations
        await world.control("deactivate_location", {"location_id": closed})
        job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
        assert job["totals"]["updated"] == 3
        told = job["reasons"] if old else job["codes"]
        assert told == ({"location_inactive": 3} if old else {"LOCATION_NOT_FOUND": 3})
        shopify = await world.shopify()
        assert {shopify[CellKey(name, open_place)] for name in "ABC"} == {8}
        assert {shopify[CellKey(name, closed)] for name in "ABC"} == {7}


async def test_case_19_ids_beyond_two_to_the_53(empty: ShopWorld) -> None:
    """The longest ids are exact in MongoDB, in the text sent and in Shopify's ledger."""
    made = await empty.control("locations", {"id": BIG_PLACE, "name": "Big"})
    assert made["locations"][0]["id"] == BIG_PLACE
    level = {"location_id": BIG_PLACE, "available": 7, "age_seconds": 3600}
    await empty.control("items", {"items": [{"id": BIG_ITEM, "levels": [level]}]})
    empty.items["BIG"] = BIG_ITEM
    bom = {"_id": f"{SHOP}|BIG", "shop": SHOP, "bom_id": "BIG", "inventory_item_id": BIG_ITEM, "name": "Big"}
    rest = {"name_lower": "big", "tags": [], "tracks_pre_assembled": True, "externally_managed": False, "cells_no": 0}
    await empty.mongo.db["boms"].insert_one(bom | rest)
    await empty.preview()  # it reads the locations
    cell = {"bom_id": "BIG", "location_id": BIG_PLACE}
    job = await empty.run(Direction.TO_LOCAL, {"cells": [cell]})
    assert job["totals"]["errors"] == 0
    await empty.hand("BIG", BIG_PLACE, 1)
    job = await empty.run(Direction.TO_SHOPIFY, {"cells": [cell]})
    assert job["totals"]["updated"] == 1
    [entry] = await empty.ledger()
    assert (entry["item_id"], entry["location_id"], entry["delta"]) == (BIG_ITEM, BIG_PLACE, 1)
    stock = await empty.mongo.db["stock"].find_one({"shop": SHOP, "bom_id": "BIG", "location_id": BIG_PLACE})
    assert stock is not None
    assert (stock["item_id"], stock["location_id"]) == (BIG_ITEM, BIG_PLACE)
    push = await empty.mongo.db["pushes"].find_one({"shop": SHOP})
    assert push is not None
    assert f'"gid://shopify/InventoryItem/{BIG_ITEM}"' in push["body"]
    assert f'"gid://shopify/Location/{BIG_PLACE}"' in push["body"]


@pytest.mark.parametrize("direction", list(Direction))
async def test_case_20_no_value_is_never_zero(empty: ShopWorld, direction: Direction) -> None:
    """An untracked item and a BOM whose level is missing are skipped with a reason, and neither side is written."""
    [here] = empty.locations
    await _drift(empty, ["A", "B"])
    await empty.control("set_item", {"item_id": empty.items["A"], "tracked": False})
    made = await empty.control("items", {"items": [{"sku": "no level"}]})
    await empty.mongo.db["boms"].update_one({"bom_id": "B"}, {"$set": {"inventory_item_id": made["items"][0]["id"]}})
    await empty.mongo.db["stock"].update_one({"bom_id": "B"}, {"$set": {"item_id": made["items"][0]["id"]}})
    job = await empty.run(direction, preview_id=await empty.preview())
    assert job["reasons"] == {"untracked": 1, "not_stocked": 1}
    assert await empty.ledger() == []
    assert [(await empty.cell(name, here)).count for name in "AB"] == [8, 8]
