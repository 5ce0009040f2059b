"""Cells in drift in real time, on a bucket of points that is soon empty: nothing is throttled, or above a limit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from benchmarks.points import verified
from shared.domain.comparison import Direction
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads
from tests.integration.shop_world import ShopWorld, previewer, reconciler, shop_world
from tests.stored_access import StoredAccess

LOCATIONS = 4


@dataclass(frozen=True)
class Size:
    """How many BOMs at four locations, and the bucket: its points, and those restored in a second."""

    boms: int
    bucket: tuple[int, int]


SHORT = Size(50, (200, 200))
FULL = Size(500, (2000, 100))
"""2,000 cells on the Standard plan."""


@pytest.fixture(params=[pytest.param(SHORT, id="200"), pytest.param(FULL, id="2000", marks=pytest.mark.full)])
def size(request: pytest.FixtureRequest) -> Size:
    """Both sizes."""
    given: Size = request.param
    return given


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str, size: Size) -> AsyncIterator[ShopWorld]:
    """BOMs that track at 4 locations, each count two above Shopify's value."""
    async with shop_world(vhost_url, mongodb_uri, database_name, plan=size.bucket) as made:
        levels = {f"B{n:03}": [n + place for place in range(LOCATIONS)] for n in range(size.boms)}
        await made.add_boms(levels, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        yield made


@pytest.mark.parametrize(
    "points",
    [
        {},
        # More points for the pushes alone than the bucket may give, so that the job has to wait for it.
        {"nodes_cost_per_id": True, "points_per_quantity": 1},
    ],
    ids=["as documented", "dear rows"],
)
@pytest.mark.long
async def test_many_cells_are_never_throttled(world: ShopWorld, size: Size, points: dict[str, Any]) -> None:
    """Every cell ends updated; Shopify refuses no call for its cost, and none asks for more than 1000 points.

    The simulator's bucket gives no point that the plan does not: that nothing was throttled says we kept to it.
    """
    await world.control("/control/open_points", points)
    # Services that start now have learned nothing under other prices.
    settings = world.settings
    access = StoredAccess(world.mongo.db, settings.fernet_keys)
    client = ShopifyClient(world.http, access, settings.shopify_url, settings.shopify_api_version)
    world = replace(world, reads=ShopifyReads(client))
    before = await world.shopify()
    await world.control("calls/reset")
    async with reconciler(world), previewer(world):
        preview_id = await world.preview()
        job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
        await verified(world)

    assert job["totals"]["updated"] == size.boms * LOCATIONS, (job["totals"], job["codes"])
    assert await world.shopify() == {cell: value + 2 for cell, value in before.items()}
    answer = await world.control("calls", method="GET")
    assert sum(figures["throttled"] for figures in answer["operations"].values()) == 0
    assert max(call["requested"] for call in answer["log"]) <= 1000
    if points:
        assert answer["operations"]["inventorySetQuantities"]["points"] > size.bucket[0]
    print(answer["operations"])  # noqa: T201  # the figures, for pytest -s
