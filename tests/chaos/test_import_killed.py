"""`trueup boms import` killed in the midst of making BOMs, and started again: of 600 items, and in full of 10,000."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.integration.importer.import_runs import add_many, complete, killed_import, levels, run_import
from tests.integration.shop_world import SHOP, ShopWorld, shop_world


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with two locations."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        yield made


@asynccontextmanager
async def _held_up(world: ShopWorld, item: str) -> AsyncIterator[None]:
    """Somebody else's open transaction holds the place of this item's BOM, however long an import takes to get there.

    A transaction's life is what the server's limit is as it begins, so only this one is given a long one.
    """
    admin = world.mongo.client.get_database("admin")
    limit = "transactionLifetimeLimitSeconds"
    before = (await admin.command({"getParameter": 1, limit: 1}))[limit]
    async with await world.mongo.client.start_session() as other:
        await admin.command({"setParameter": 1, limit: 3600})
        try:
            other.start_transaction()
            await world.mongo.db["boms"].insert_one(
                {"shop": SHOP, "bom_id": item, "inventory_item_id": item}, session=other
            )
        finally:
            await admin.command({"setParameter": 1, limit: before})
        yield
        await other.abort_transaction()


async def _is_complete(world: ShopWorld, items: int) -> None:
    """After a killed run: the same command again goes on, reads no export a second time, and leaves everything once."""
    assert 0 < await world.mongo.db["boms"].count_documents({}) < items
    again = await run_import(world.settings, "--all-variants")
    assert again.code == 0, again.progress
    assert again.report["boms"]["new"] == again.report["items"] == items
    assert len(again.report["lists"]["untracked"]) == items // 50
    # One export of the items, by the run that was killed, and one of the levels.
    assert (await world.calls())["bulkOperationRunQuery"]["calls"] == 2
    await complete(world, items)


@pytest.mark.long
@pytest.mark.parametrize("items", [600, pytest.param(10_000, marks=pytest.mark.full, id="full")])
async def test_items_killed_half_way_are_complete_and_there_once(world: ShopWorld, items: int) -> None:
    """kill -9 within the batch of BOMs half-way, which another's lock holds up; then the same command again."""
    await add_many(world, items)
    held = sorted({item_id for item_id, _ in await levels(world)})[items // 2]
    async with _held_up(world, held):
        killed = await killed_import(world.settings, "--all-variants", kill_at="waiting for MongoDB")
    assert killed.progress[-1].startswith("waiting for MongoDB")
    await _is_complete(world, items)
