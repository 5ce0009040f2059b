"""`trueup import` of 10,000 items, killed half-way and started again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

import pytest
import structlog

from tests.integration.import_runs import add_many, complete, run_import
from tests.integration.shop_world import ShopWorld, shop_world

ITEMS = 10_000


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """10,000 items at two locations."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await add_many(made, ITEMS)
        yield made


def _half(line: str) -> bool:
    done, *rest = line.split()
    return rest[-2:] == ["BOMs", "made"] and int(done) >= ITEMS // 2


@pytest.mark.timeout(300)
@pytest.mark.long
async def test_10000_items_killed_half_way_are_complete_and_there_once(world: ShopWorld) -> None:
    """kill -9 after half of the BOMs, then the same command again: complete, nothing twice; prints both times."""
    started = monotonic()
    killed = await run_import(world.settings, "--all-variants", kill_at=_half)
    first = monotonic() - started
    assert killed.code == -9, killed.progress
    assert 0 < await world.mongo.db["boms"].count_documents({}) < ITEMS
    started = monotonic()
    again = await run_import(world.settings, "--all-variants")
    assert again.code == 0, again.progress
    second = monotonic() - started
    structlog.get_logger().info("import_killed_half_way", items=ITEMS, first=round(first, 1), second=round(second, 1))
    assert again.report["boms"]["new"] == again.report["items"] == ITEMS
    assert len(again.report["lists"]["untracked"]) == ITEMS // 50
    await complete(world, ITEMS)
