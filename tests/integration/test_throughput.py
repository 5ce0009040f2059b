"""2,000 cells in drift in real time on the Standard plan: what we send is never throttled, never above a limit."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.points import verified
from shared.domain.comparison import Direction
from shared.shopify.client import ShopifyClient
from shared.shopify.reads import ShopifyReads
from tests.integration.shop_world import ShopWorld, previewer, reconciler, shop_world

BOMS, LOCATIONS = 500, 4


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """500 BOMs that track at 4 locations, each count two above Shopify's value."""
    async with shop_world(vhost_url, mongodb_uri, database_name) as made:
        await made.add_boms({f"B{n:03}": [n + place for place in range(LOCATIONS)] for n in range(BOMS)}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        yield made


@pytest.mark.parametrize(
    "points",
    [
        {},
        # 2,096 points for the pushes alone: more than the bucket may give, so that the job has to wait for it.
        {"nodes_cost_per_id": True, "points_per_quantity": 1},
    ],
    ids=["as documented", "dear rows"],
)
@pytest.mark.long
async def test_2000_cells_are_never_throttled(world: ShopWorld, points: dict[str, Any]) -> None:
    """Every cell ends updated; Shopify refuses no call for its cost, and none asks for more than 1000 points."""
    await world.control("/control/open_points", points)
    # Services that start now have learned nothing under other prices.
    settings = world.settings
    client = ShopifyClient(world.http, world.shops, settings.shopify_url, settings.shopify_api_version)
    world = replace(world, reads=ShopifyReads(client))
    before = await world.shopify()
    await world.control("calls/reset")
    started = time.monotonic()
    async with reconciler(world), previewer(world):
        preview_id = await world.preview()
        job = await world.ended(await world.request(Direction.TO_SHOPIFY, preview_id=preview_id), within=90)
        await verified(world)
    seconds = time.monotonic() - started

    assert job["totals"]["updated"] == BOMS * LOCATIONS, (job["totals"], job["codes"])
    assert await world.shopify() == {cell: value + 2 for cell, value in before.items()}
    answer = await world.control("calls", method="GET")
    assert sum(figures["throttled"] for figures in answer["operations"].values()) == 0
    assert max(call["requested"] for call in answer["log"]) <= 1000
    spent = sum(figures["points"] for figures in answer["operations"].values())
    assert spent <= 2000 + 100 * seconds
    if points:
        assert answer["operations"]["inventorySetQuantities"]["points"] > 2000
    print(f"{seconds:.1f} s, {spent} points, {answer['operations']}")  # noqa: T201  # the figures, for pytest -s
