"""A document of an older build, or one changed by hand, may hold an id that Shopify never gave: its own cell fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from shared.contract.messages import JobOptions
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction, Row
from shared.mongodb.drift.missed import Sighting
from shared.mongodb.schema import key_of
from tests.integration.shop_world import SHOP, ShopWorld, previewer, reconciler, shop_world
from tests.integration.sweeper.drift_setup import GRACE, drift_world

BAD = {
    "zero": "0",
    "leading-zero": "091002",
    "too-long": "12345678901234567890",
    "nul": "12\x003",
    "words": "gid://shopify/Product/1",
    "line-end": "123\n",
    "arabic": "١٢٣",
    "negative": "-1",
    "space": " 7",
    "empty": "",
}
"""Item ids that nothing at Shopify has, each in a BOM of that name."""


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Two good BOMs in agreement, beside them one for each bad id as an older build may have left it."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(shop_world(vhost_url, mongodb_uri, database_name, locations=2))
        await made.add_boms({"A": [7, 7], "B": [7, 7]}, tracks=True)
        await made.agree()
        await spoil(made)
        await stack.enter_async_context(reconciler(made, watchdog_every=0.3))
        await stack.enter_async_context(previewer(made))
        yield made


async def spoil(world: ShopWorld, of: str = "A") -> None:
    """Copies of a BOM and its cells, each under another name and with a bad item id; and of a cell at no location."""
    boms, stock = world.mongo.db["boms"], world.mongo.db["stock"]
    bom = await boms.find_one({"_id": key_of(SHOP, of)})
    cells = [cell async for cell in stock.find({"shop": SHOP, "bom_id": of})]
    assert bom is not None
    assert len(cells) == 2
    for name, item_id in BAD.items():
        own = {"bom_id": name, "inventory_item_id": item_id}
        await boms.insert_one(bom | own | {"_id": key_of(SHOP, name), "name": name, "name_lower": name})
        for cell in cells:
            place = cell["location_id"]
            await stock.insert_one(cell | own | {"_id": key_of(SHOP, name, place)})
    for place in ("0", "12\x003"):
        await stock.insert_one(
            cells[0]
            | {"_id": key_of(SHOP, "zero", place), "bom_id": "zero", "location_id": place, "inventory_item_id": "0"}
        )


def bad_cells(world: ShopWorld) -> Iterator[CellKey]:
    """Every cell of a BOM with a bad id."""
    for name in BAD:
        for place in world.locations:
            yield CellKey(name, place)


async def test_a_preview_shows_it_at_its_own_cells(world: ShopWorld) -> None:
    """The whole selection, and a popover of one BOM: the good cells are compared, each bad one has its code."""
    preview_id = await world.preview()
    rows = {
        CellKey(row["bom_id"], row["location_id"]): row
        async for row in world.mongo.db["preview_rows"].find({"shop": SHOP, "preview_id": preview_id})
    }
    assert {rows[key]["code"] for key in bad_cells(world)} == {"ITEM_NOT_FOUND"}
    assert [rows[CellKey(bom, place)]["code"] for bom in "AB" for place in world.locations] == [None] * 4
    one = await world.preview({"cells": [{"bom_id": "zero", "location_id": world.locations[0]}]})
    found = await world.mongo.db["preview_rows"].find_one({"shop": SHOP, "preview_id": one})
    assert found is not None
    assert found["code"] == "ITEM_NOT_FOUND"


@pytest.mark.parametrize("direction", list(Direction))
async def test_a_job_ends_it_as_an_error_and_does_the_others(world: ShopWorld, direction: Direction) -> None:
    """With a preview and without one, in both directions, stocking allowed: no cell waits for it, no call fails."""
    await world.edit({("A", world.locations[0]): 9})
    preview_id = await world.preview()
    await world.control("calls/reset")
    for preview in (None, preview_id):
        options = JobOptions(activate=True) if direction is Direction.TO_SHOPIFY else JobOptions()
        job = await world.run(direction, preview_id=preview, options=options)
        assert job["codes"] == {"ITEM_NOT_FOUND": len(BAD) * 2}
        assert job["totals"]["errors"] == len(BAD) * 2
    log = (await world.control("calls", method="GET"))["log"]
    assert [call["operation"] for call in log if call["outcome"] != "ok"] == []


async def test_a_verifying_read_leaves_it_out(world: ShopWorld) -> None:
    """What is due beside it is verified, and it is not asked for again."""
    await world.edit({("A", place): 5 for place in world.locations})
    keys = [*bad_cells(world), *(CellKey("A", place) for place in world.locations), CellKey("zero", "0")]
    await world.stock.ask_verify(SHOP, keys)
    await world.verified()
    assert [(await world.cell("A", place)).count for place in world.locations] == [5, 5]


@pytest.mark.parametrize("full", [False, True], ids=["marker", "full"])
async def test_a_sweep_finds_what_was_missed_beside_it(
    vhost_url: str, mongodb_uri: str, database_name: str, *, full: bool
) -> None:
    """A look at what changed, a full read, and the second look at what is watched, one of them with a bad id."""
    async with drift_world(vhost_url, mongodb_uri, database_name, boms=2) as drift:
        world = drift.shop
        await spoil(world, of="B000")
        await drift.sweep(full=True)
        # Its webhook is lost; and a cell with a bad id is watched beside it.
        await world.edit({("B001", world.locations[0]): 4}, age=60)
        key, now = CellKey("zero", world.locations[0]), datetime.now(UTC)
        seen = Row.of(await world.cell(*key), 4, now, now)
        await drift.drift.watch(SHOP, [Sighting(key, "0", None, None, seen)], now=now, due_at=now)
        await drift.until(0, bom_id="zero")
        await drift.sweep(full=full)
        await drift.until(1, bom_id="B001")
        await drift.grace_passes(GRACE)
        await drift.until(1, bom_id="B001", state="resolved", outcome="repaired")
