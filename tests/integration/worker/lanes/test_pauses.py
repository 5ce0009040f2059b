"""A shop that stops taking calls in mid-job, and a token that Shopify refuses in mid-job: nothing is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.preview.bootstrap import PreviewService
from shared.domain.cell import CellKey
from shared.mongodb.schema import Document
from shared.shop_life.wiring import ShopLife
from tests.integration.api.access.session_tokens import session_token
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world
from tests.waiting import time_passes

SOLD = 12
BUNDLE = "B050"


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """100 BOMs that track at 4 locations, each count 2 above Shopify's value."""
    async with shop_world(vhost_url, mongodb_uri, database_name) as made:
        await made.add_boms({f"B{n:03}": [n, n + 1, n + 2, n + 3] for n in range(100)}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        # Bad rows that Shopify does not name are found by halving: a job of many calls.
        await made.control("/control/open_points", {"stale_lists_all": False, "stale_paths": False})
        yield made


async def ask(world: ShopWorld, service: PreviewService, method: str, path: str, body: Any = None) -> Any:
    """A request of the shop's page."""
    headers = {"Authorization": f"Bearer {session_token()}"}
    url = f"http://127.0.0.1:{service.port}/api{path}"
    async with world.http.request(method, url, json=body, headers=headers) as response:
        assert response.status < 300, await response.text()
        return await response.json()


async def previewed(world: ShopWorld, service: PreviewService) -> str:
    """A preview of everything, after which some units are sold."""
    preview_id = str((await ask(world, service, "POST", "/previews", {"selection": {"bom_ids": "all"}}))["preview_id"])
    await world.document("previews", preview_id, lambda preview: preview["state"] == "ready")
    for n in range(SOLD):
        await world.sell(f"B{8 * n:03}", world.locations[n % 4])
    await world.control("set_item", {"item_id": world.items[BUNDLE], "bundle": True})
    await world.control("calls/reset")
    return preview_id


async def settled(world: ShopWorld, before: dict[CellKey, int], job: Document) -> None:
    """All but the bundle's cells were updated, and Shopify holds the approved value less what was sold."""
    assert job["codes"] == {"BUNDLE_PARENT": 4}
    assert job["totals"]["updated"] == 396
    wanted = {cell: value + (0 if cell.bom_id == BUNDLE else 2) for cell, value in before.items()}
    for n in range(SOLD):
        wanted[CellKey(f"B{8 * n:03}", world.locations[n % 4])] -= 1
    assert await world.shopify() == wanted


async def log_of(world: ShopWorld) -> list[dict[str, Any]]:
    """The simulator's log of calls."""
    log: list[dict[str, Any]] = (await world.control("calls", method="GET"))["log"]
    return log


async def test_402_on_call_7_pauses_the_job_which_then_runs_to_its_end(world: ShopWorld) -> None:
    """After 402 on the seventh call at most two more are made by any part, the job says why it stands still, and it
    ends by itself, no cell lost, once the shop answers again."""
    before = await world.shopify()
    service = await PreviewService.start(world.settings)
    try:
        async with reconciler(world, watchdog_every=0.3, first_probe=timedelta(hours=1)):
            preview_id = await previewed(world, service)
            await world.control("/control/faults", {"kind": "status", "status": 402, "after": 6, "count": 1000})
            body = {"direction": "toShopify", "preview_id": preview_id}
            job_id = (await ask(world, service, "POST", "/jobs", body))["job_id"]
            await world.document_where("shops", {"status": "paused"})
            shown = await ask(world, service, "GET", f"/jobs/{job_id}")
            assert shown["paused"]["reason"] == "frozen"
            assert shown["paused"]["remedy"]
            assert shown["totals"]["updated"] < 400
            await time_passes(1, why="that nothing more is called")
            statuses = [call["status"] for call in await log_of(world)]
            assert statuses[:7] == [200] * 6 + [402], statuses
            assert len(statuses) <= 9, statuses
            await world.control("/control/faults", method="DELETE")
            # The hour until the first probe passes.
            earlier = {"paused_at": datetime.now(UTC) - timedelta(hours=1, seconds=1)}
            await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": earlier})
            job = await world.ended(job_id)
            await settled(world, before, job)
            assert (await ask(world, service, "GET", f"/jobs/{job_id}"))["paused"] is None
            assert [call["status"] for call in await log_of(world)].count(402) <= 3
    finally:
        await service.stop()


async def test_401_in_mid_job_of_two_replicas_costs_one_refresh_and_no_cell(world: ShopWorld) -> None:
    """The token is refused while two reconcilers and a preview are at work: one refresh, and the job ends whole."""
    before = await world.shopify()
    await world.mongo.db["shops"].delete_many({})
    life = ShopLife.of(world.settings, world.mongo, world.http, webhook_url=world.settings.webhook_url)
    await life.installation.by_session_token(SHOP, session_token())
    service = await PreviewService.start(world.settings)
    try:
        async with reconciler(world, watchdog_every=0.3), reconciler(world, watchdog_every=0.3):
            preview_id = await previewed(world, service)
            await world.control("/control/latency", {"seconds": 0.05})
            body = {"direction": "toShopify", "preview_id": preview_id}
            job_id = (await ask(world, service, "POST", "/jobs", body))["job_id"]
            await world.document_where("cells", {"job_id": job_id, "state": "updated"})
            await world.control("expire_token")
            other = {"selection": {"bom_ids": "all"}}
            second = (await ask(world, service, "POST", "/previews", other))["preview_id"]
            job = await world.ended(job_id)
            await settled(world, before, job)
            await world.document("previews", second, lambda preview: preview["state"] == "ready")
    finally:
        await service.stop()
    log = await log_of(world)
    assert [call["operation"] for call in log].count("access_token") == 1
    assert 401 in {call["status"] for call in log}
    assert {cell["attempts"] for cell in (await world.cells(job_id)).values()} == {1}
