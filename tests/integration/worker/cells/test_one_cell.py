"""One cell from end to end: request, cell message, Shopify, stock document, job document."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from tests.integration.shop_world import ShopWorld, reconciler, shop_world


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop of two locations with a running reconciler."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made, reconciler(made):
        yield made


async def test_to_shopify_pushes_the_local_count(world: ShopWorld) -> None:
    """A hand adjustment of +3 is pushed: Shopify, base and count end at 10."""
    await world.add_boms({"A": [7, 0]}, tracks=True)
    await world.agree()
    here = world.locations[0]
    await world.hand("A", here, 3)

    job = await world.run(Direction.TO_SHOPIFY, {"cells": [{"bom_id": "A", "location_id": here}]})

    assert job["state"] == "completed"
    assert job["totals"]["updated"] == job["totals"]["total"] == 1
    assert (await world.shopify())[CellKey("A", here)] == 10
    stock = await world.cell("A", here)
    assert (stock.base, stock.count) == (10, 10)


async def test_to_local_accepts_shopify(world: ShopWorld) -> None:
    """A silent edit at Shopify is accepted: the count's ledger entry comes before the base's."""
    await world.add_boms({"A": [7, 0]}, tracks=True)
    await world.agree()
    here = world.locations[0]
    await world.edit({("A", here): 4})

    job = await world.run(Direction.TO_LOCAL, {"bom_ids": ["A"]})

    assert job["totals"]["total"] == 2
    assert (job["totals"]["updated"], job["totals"]["skipped"]) == (1, 1)
    stock = await world.cell("A", here)
    assert (stock.base, stock.count) == (4, 4)
    entries = world.mongo.db["ledger"].find({"bom_id": "A", "location_id": here, "cause": "reconcile"}).sort("seq", 1)
    assert [(e["field"], e["before"], e["after"]) async for e in entries] == [("count", 7, 4), ("index", 7, 4)]
