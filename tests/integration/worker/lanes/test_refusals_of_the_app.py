"""What Shopify refuses the whole app is no fault of rows: one call, a pause with its reason, and on by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.contract.messages import JobOptions, PreviewRequest
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.rabbitmq import topology
from shared.shopify.bulk.bulk import NoBulkQuery
from shared.shopify.bulk.bulk_reads import BulkReads
from shared.shopify.bulk.exports import Exports
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.shop_queries import BULK_LEVELS
from tests.integration.api.jobs.job_page import shown
from tests.integration.command_line.command_line_runs import trueup
from tests.integration.shop_world import SHOP, ShopWorld, new_id, previewer, reconciler, shop_world
from tests.stored_access import StoredAccess
from tests.waiting import until, writes_to

ALL = ["read_inventory", "write_inventory", "read_products", "read_locations"]
FIRST_PROBE = timedelta(seconds=0.2)


def without(scope: str) -> list[str]:
    """Every scope but one; who may write may read, too."""
    return [one for one in ALL if one != scope and one != scope.replace("read_", "write_")]


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """129 cells whose count is 2 above Shopify's value."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=3) as made:
        await made.add_boms({f"B{n:03}": [n, n + 1, n + 2] for n in range(43)}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        await made.control("calls/reset")
        yield made


async def log_of(world: ShopWorld) -> list[dict[str, Any]]:
    """The simulator's log of calls."""
    log: list[dict[str, Any]] = (await world.control("calls", method="GET"))["log"]
    return log


async def denied(world: ShopWorld) -> list[str]:
    """The operations that were denied, in order."""
    return [call["operation"] for call in await log_of(world) if call["outcome"] in {"ACCESS_DENIED", "SHOP_INACTIVE"}]


async def asked(world: ShopWorld, operation: str) -> int:
    """How often an operation was called."""
    return [call["operation"] for call in await log_of(world)].count(operation)


async def probed_again(world: ShopWorld, times: int) -> None:
    """Some probes pass."""
    before = await asked(world, "currentAppInstallation")

    async def passed() -> bool:
        return await asked(world, "currentAppInstallation") >= before + times

    await until(passed, what=f"{times} probes", progress=writes_to(world.mongo.db))


async def test_a_job_without_write_inventory_waits_and_ends_once_it_is_granted(world: ShopWorld) -> None:
    """One denied call; page and command line name the scope; after it is granted the run ends by itself."""
    await world.control("scopes", {"scopes": without("write_inventory")})
    async with reconciler(world, watchdog_every=0.2, first_probe=FIRST_PROBE):
        job_id = await world.request(Direction.TO_SHOPIFY)
        await world.document_where("shops", {"status": "paused"})
        await probed_again(world, 2)
        assert await denied(world) == ["inventorySetQuantities"]
        page = (await shown(world, job_id))["paused"]
        assert (page["reason"], page["detail"]) == ("forbidden", "write_inventory")
        assert "write_inventory" in page["message"]
        for arguments in (["jobs", "list"], ["jobs", "show", job_id]):
            told = await trueup(world.settings, *arguments, "--shop", SHOP)
            assert "write_inventory" in told.output, told
        listed = await trueup(world.settings, "jobs", "show", job_id, "--shop", SHOP, "--json")
        assert listed.document["paused"]["detail"] == "write_inventory"
        await world.control("scopes", {"scopes": ALL})
        job = await world.ended(job_id)
    assert (job["state"], job["totals"]["updated"], job["codes"]) == ("completed", 129, {})
    assert await denied(world) == ["inventorySetQuantities"]
    assert (await world.mongo.db["shops"].find_one({"_id": SHOP}) or {})["pause_detail"] is None


async def test_reads_that_are_denied_wait_for_the_scope_as_well(world: ShopWorld) -> None:
    """Without read_inventory a run waits, and a preview says which permission is missing and what to do."""
    await world.control("scopes", {"scopes": without("read_inventory")})
    message = PreviewRequest(shop=SHOP, preview_id=new_id(), selection=SelectionBody.model_validate({"bom_ids": "all"}))
    async with previewer(world):
        await world.publisher.command(topology.PREVIEW_REQUEST, message)
        preview = await world.document("previews", message.preview_id, lambda p: p["state"] in {"ready", "failed"})
    assert preview["failure"]["code"] == "SHOP_PAUSED"
    assert "read_inventory" in preview["failure"]["message"]
    assert "approve" in preview["failure"]["remedy"]
    assert len(await denied(world)) == 1
    async with reconciler(world, watchdog_every=0.2, first_probe=FIRST_PROBE):
        job_id = await world.request(Direction.TO_LOCAL)
        await probed_again(world, 2)
        assert len(await denied(world)) == 1
        await world.control("scopes", {"scopes": ALL})
        job = await world.ended(job_id)
    assert (job["totals"]["updated"], job["codes"]) == (129, {})


@pytest.mark.parametrize("scope", ["read_locations", "read_products"])
async def test_a_scope_that_runs_do_not_need_stops_none(world: ShopWorld, scope: str) -> None:
    """Locations are listed with `read_inventory` as well, and no run asks for a product: nothing is denied."""
    await world.control("scopes", {"scopes": without(scope)})
    async with reconciler(world, watchdog_every=0.2, first_probe=FIRST_PROBE):
        for direction in (Direction.TO_LOCAL, Direction.TO_SHOPIFY):
            job = await world.run(direction)
            assert job["state"] == "completed"
    assert await denied(world) == []


@pytest.mark.parametrize("operation", ["bulkOperationRunQuery", "bulkOperation"])
async def test_a_bulk_query_that_is_denied_is_read_another_way(world: ShopWorld, operation: str) -> None:
    """There are other ways to read: only those tell whether the permission is missing. The shop is not paused."""
    fault = {"kind": "error", "code": "ACCESS_DENIED", "message": "Access denied", "count": 1000}
    await world.control("/control/faults", fault | {"operation": operation})
    settings = world.settings
    access = StoredAccess(world.mongo.db, settings.fernet_keys)
    client = ShopifyClient(world.http, access, settings.shopify_url, settings.shopify_api_version)
    with pytest.raises(NoBulkQuery):
        await Exports(client, first_look=0.01).run(SHOP, BULK_LEVELS)
    with pytest.raises(NoBulkQuery):
        await BulkReads(client).run(SHOP, BULK_LEVELS)
    assert (await world.mongo.db["shops"].find_one({"_id": SHOP}) or {})["status"] == "active"


async def test_stocking_that_is_denied_waits_as_a_push_does(world: ShopWorld) -> None:
    """`inventoryActivate` needs the same scope: denied once, and the cell is stocked and pushed afterwards."""
    await world.control("scopes", {"scopes": without("write_inventory")})
    place = world.locations[0]
    await world.control("set_level", {"item_id": world.items["B000"], "location_id": place, "active": False})
    selection = {"cells": [{"bom_id": "B000", "location_id": place}]}
    async with reconciler(world, watchdog_every=0.2, first_probe=FIRST_PROBE):
        job_id = await world.request(Direction.TO_SHOPIFY, selection, options=JobOptions(activate=True))
        await probed_again(world, 1)
        assert await denied(world) == ["inventoryActivate"]
        await world.control("scopes", {"scopes": ALL})
        job = await world.ended(job_id)
    assert (job["state"], job["totals"]["updated"]) == ("completed", 1)


@pytest.mark.parametrize("operation", ["inventorySetQuantities", None])
async def test_a_shop_that_is_not_active_pauses_whatever_was_asked(world: ShopWorld, operation: str | None) -> None:
    """SHOP_INACTIVE speaks of the shop as ACCESS_DENIED does of the app: a pause, and no cell ends by it."""
    fault = {"kind": "error", "code": "SHOP_INACTIVE", "message": "The shop is not active.", "count": 1}
    await world.control("/control/faults", fault | ({} if operation is None else {"operation": operation}))
    async with reconciler(world, watchdog_every=0.2, first_probe=timedelta(hours=1)):
        job_id = await world.request(Direction.TO_SHOPIFY)
        shop = await world.document_where("shops", {"status": "paused"})
        assert shop["pause_reason"] == "inactive"
        assert len(await denied(world)) == 1
        await world.shops.resume(SHOP)
        job = await world.ended(job_id)
    assert (job["totals"]["updated"], job["codes"]) == (129, {})


@pytest.mark.parametrize("operation", ["webhookSubscriptionCreate", "webhookSubscriptions"])
async def test_a_scope_that_is_only_needed_for_a_subscription_stops_nothing(world: ShopWorld, operation: str) -> None:
    """A topic that is denied is refused alone, or all are: runs need no webhooks."""
    fault = {"kind": "error", "code": "ACCESS_DENIED", "message": "Access denied", "count": 1}
    await world.control("/control/faults", fault | {"operation": operation})
    world.settings = world.settings.model_copy(update={"webhook_url": "http://127.0.0.1:9/webhooks/shopify"})
    added = await trueup(world.settings, "shop", "add", SHOP, "--token-file", "-", words="shpat_tests\n")
    assert (added.code, added.errors) == (0, "")
    assert (await world.mongo.db["shops"].find_one({"_id": SHOP}) or {})["status"] == "active"
