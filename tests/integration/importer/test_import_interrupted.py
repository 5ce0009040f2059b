"""An import that is killed or locked out goes on; two are never at work at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from services.command_line.commands.shops.import_boms import importing_of
from services.command_line.connections.client import connected
from shared.importing.importing import Source
from shared.mongodb.catalogue.imports import ImportStore
from shared.shopify.bulk.exports import Exports
from tests.integration.importer.import_runs import (
    add_many,
    complete,
    killed_import,
    levels,
    run_import,
)
from tests.integration.shop_world import SHOP, ShopWorld
from tests.waiting import arrival, writes_to


@pytest.mark.parametrize("kill_at", ["items read", "BOMs made", "with their levels", "have their bases"])
async def test_an_import_killed_anywhere_goes_on_when_it_is_started_again(world: ShopWorld, kill_at: str) -> None:
    """kill -9 in each phase, then the same command again: complete, and nothing twice.

    The lease of the killed one is ended here; that it ends by itself, tests/chaos/test_import_killed.py shows.
    """
    await add_many(world, 60)
    await killed_import(world.settings, "--all-variants", kill_at=kill_at)
    imports = world.mongo.db["imports"]
    await imports.update_one({"state": "running"}, {"$set": {"until": datetime.now(UTC)}})
    # The kill of the last phase may come after its last write: then there is nothing left to do.
    new = 0 if await imports.count_documents({"state": "done"}) else 60
    again = await run_import(world.settings, "--all-variants")
    assert again.code == 0, again.progress
    assert (again.report["items"], again.report["boms"]["new"]) == (60, new)
    assert await imports.count_documents({"state": "done"}) == (1 if new else 2)
    await complete(world, 60)


async def test_a_transaction_that_a_killed_process_left_open_is_outlasted(world: ShopWorld) -> None:
    """kill -9 within a transaction leaves its documents locked until the server ends it: the next import waits."""
    await add_many(world, 3)
    (item, *_) = {item_id for item_id, _ in await levels(world)}
    blocked = asyncio.Event()

    def told(phase: str, _done: int, _total: int | None) -> None:
        if phase == "blocked":
            blocked.set()

    async with connected(world.settings) as client, await world.mongo.client.start_session() as killed:
        killed.start_transaction()
        left = {"shop": SHOP, "bom_id": item, "inventory_item_id": item}
        await world.mongo.db["boms"].insert_one(left, session=killed)
        calls = client.shopify()
        importing = importing_of(client, calls, Exports(calls), told)
        run = asyncio.ensure_future(importing.run(SHOP, Source.of(None, tracks=None)))
        moves = writes_to(world.mongo.db)
        either = asyncio.wait({run, asyncio.ensure_future(blocked.wait())}, return_when=asyncio.FIRST_COMPLETED)
        await arrival(either, what="the import meets the lock", progress=moves)
        await killed.abort_transaction()
        await arrival(run, what="the import goes on", progress=moves)
    await complete(world, 3)


async def test_two_processes_do_not_import_at_once(world: ShopWorld) -> None:
    """An import has one process at it; another goes on with the same one when it is given back, or its holder dies."""
    imports = ImportStore(world.mongo.db)
    first = await imports.take(SHOP, "x", "me")
    assert first is not None
    assert await imports.take(SHOP, "x", "somebody else") is None
    assert await imports.another_at_work(SHOP, "y")
    assert not await imports.renew(SHOP, first.import_id, "somebody else")
    await imports.give_back(SHOP, first.import_id, "me")
    second = await imports.take(SHOP, "x", "somebody else")
    assert second is not None
    assert second.import_id == first.import_id
    ran = await run_import(world.settings, "--all-variants")
    assert ran.code == 0
    assert ran.progress[0].startswith("waiting")
