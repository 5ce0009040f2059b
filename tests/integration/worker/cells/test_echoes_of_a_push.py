"""Shopify tells us of our own writes, too: 400 such echoes change nothing, and the next genuine change is applied."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.domain.comparison import Direction
from tests.integration.shop_world import SHOP
from tests.integration.sweeper.drift_setup import DriftWorld, drift_world
from tests.waiting import until, writes_to

CELLS = 400


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[DriftWorld]:
    """100 BOMs that track at 4 locations, each count 2 above Shopify's value."""
    async with drift_world(vhost_url, mongodb_uri, database_name, boms=100, locations=4) as made:
        await made.shop.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        yield made


async def quantities(world: DriftWorld) -> dict[str, tuple[int, int]]:
    """Base and count of every cell."""
    return {d["_id"]: (d["index"], d["count"]) async for d in world.shop.mongo.db["stock"].find({"shop": SHOP})}


async def test_echoes_of_400_cells_change_nothing_and_a_later_change_is_applied(world: DriftWorld) -> None:
    """No quantity, no entry of the ledger, no job and no accusation; then a sale of one of the cells counts."""
    stock, ledger = world.shop.mongo.db["stock"], world.shop.mongo.db["ledger"]
    await world.webhooks(paused=True)
    job = await world.shop.run(Direction.TO_SHOPIFY)
    assert job["totals"]["updated"] == CELLS
    await world.shop.verified()
    before, entries = await quantities(world), await ledger.count_documents({})
    assert set(before.values()) == {(52, 52)}

    await world.webhooks(paused=False)
    await world.shop.control("webhooks/drain", {})

    async def all_heard() -> bool:
        return await stock.count_documents({"events_no": {"$gte": 1}}) == CELLS

    await until(all_heard, what="an echo of every cell", progress=writes_to(world.shop.mongo.db))
    await world.shop.verified()
    await world.sweep()
    await world.no_watch_is_left()
    assert await quantities(world) == before
    assert await ledger.count_documents({}) == entries
    assert [one["job_id"] for one in await world.jobs()] == [job["job_id"]]
    assert await world.documents() == []

    place = world.shop.locations[2]
    await world.shop.sell("B042", place, 3)
    await world.drained()
    cell = await world.shop.cell("B042", place)
    assert (cell.base, cell.count) == (49, 49)
    assert await ledger.count_documents({}) == entries + 2
