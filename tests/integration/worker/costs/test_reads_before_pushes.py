"""A job that lasts longer than its preview is recent reads Shopify again before it pushes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from benchmarks.points import verified
from services.reconciler.bootstrap import ALL_ROLES
from services.reconciler.worker.cells.first_steps import RECENT
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from tests.integration.shop_world import ShopWorld, previewer, reconciler, shop_world

BOMS = ("A", "B", "C")


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Three BOMs at two locations, each count two above Shopify's value."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({name: [7, 7] for name in BOMS}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        async with reconciler(made, roles=ALL_ROLES - {"sweeper"}), previewer(made):
            yield made


async def _aged(world: ShopWorld, minutes: int) -> str:
    preview_id = await world.preview()
    earlier: Any = {"$dateSubtract": {"startDate": "$row.taken_at", "unit": "minute", "amount": minutes}}
    await world.mongo.db["preview_rows"].update_many({}, [{"$set": {"row.taken_at": earlier}}])
    await world.control("calls/reset")
    return preview_id


async def _asked_before_the_push(world: ShopWorld) -> int:
    log = (await world.control("calls", method="GET"))["log"]
    return [call["operation"] for call in log].index("inventorySetQuantities")


@pytest.mark.parametrize(("minutes", "reads"), [(0, 0), (2, 1)])
async def test_rows_older_than_a_minute_are_read_again(world: ShopWorld, minutes: int, reads: int) -> None:
    """Once, before the first push; recent ones are not."""
    assert (minutes * 60 > RECENT.total_seconds()) == bool(reads)
    preview_id = await _aged(world, minutes)
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert job["totals"]["updated"] == len(BOMS) * 2, (job["totals"], job["codes"])
    # A worker that has just started asks for Shopify's time first.
    assert await _asked_before_the_push(world) == 1 + reads
    assert set((await world.shopify()).values()) == {9}


async def test_what_is_stocked_no_longer_gets_no_push(world: ShopWorld) -> None:
    """Nothing tells of it but the read: no event has come, and its number is the same."""
    await world.control("/control/open_points", {"unstocked_set_adds": True})
    preview_id = await _aged(world, 2)
    here = world.locations[0]
    await world.control("set_level", {"item_id": world.items["A"], "location_id": here, "active": False})
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert job["totals"]["updated"] == len(BOMS) * 2 - 1, (job["totals"], job["codes"])


@pytest.mark.parametrize("told", [True, False])
async def test_a_sale_since_is_kept_whether_it_was_told_of_or_not(world: ShopWorld, told: bool) -> None:
    """Whether its webhook has come or not: the read before the push sees it."""
    preview_id = await _aged(world, 2)
    here = world.locations[0]
    await world.sell("A", here, 3)
    if told:
        # As the webhook of the sale leaves it.
        change = {"index": -3, "count": -3, "events_no": 1, "rev": 1}
        await world.mongo.db["stock"].update_one({"bom_id": "A", "location_id": here}, {"$inc": change})
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert job["totals"]["updated"] == len(BOMS) * 2, (job["totals"], job["codes"])
    sets = (await world.calls())["inventorySetQuantities"]["calls"]
    assert sets == 1
    await verified(world)
    held = await world.shopify()
    assert held.pop(CellKey("A", here)) == 6
    assert set(held.values()) == {9}
    stock = await world.cell("A", here)
    assert (stock.base, stock.count) == (6, 6)
