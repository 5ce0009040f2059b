"""The whole way over HTTP: preview, job, its events, undo and retry, with the reconciler and a shop behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from services.preview.bootstrap import PreviewService
from shared.domain.cell import CellKey
from shared.mongodb.catalogue.app_records import RecordStore
from tests.integration.api.api_setup import CLIENT_ID, SECRET, ApiShop, ApiWorld, session_token
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world


@asynccontextmanager
async def admin_of(world: ShopWorld) -> AsyncIterator[ApiShop]:
    """The shop's admin in front of a running preview service."""
    # Session tokens are signed with the previous secret: what is published is sealed with the one of all services.
    secrets = {"shopify_client_id": CLIENT_ID, "shopify_client_secret_previous": SecretStr(SECRET)}
    settings = world.settings.model_copy(update=secrets)
    service = await PreviewService.start(settings, port=0)
    api = ApiWorld(service, settings, world.mongo, world.http, "")
    try:
        yield ApiShop(SHOP, api, RecordStore(world.mongo.db, world.mongo.transactions), session_token(SHOP))
    finally:
        await service.stop()


async def last(shop: ApiShop, path: str) -> Any:
    """The last state of an event stream."""
    return [state async for state in shop.events(path)][-1]


async def preview(shop: ApiShop) -> str:
    """A preview of everything, waited for by its events."""
    asked = await shop.call("POST", "/previews", {"selection": {"bom_ids": "all"}})
    assert asked.status == 202
    preview_id: str = asked.json["preview_id"]
    state = await last(shop, f"/previews/{preview_id}/events")
    assert state["state"] == "ready", state
    return preview_id


async def run(shop: ApiShop, path: str, body: dict[str, Any]) -> Any:
    """Start a job and wait for its end by its events."""
    asked = await shop.call("POST", path, body)
    assert asked.status == 202, asked.text
    job_id = asked.json.get("job", asked.json)["job_id"]
    return await last(shop, f"/jobs/{job_id}/events")


async def level(world: ShopWorld, place: str) -> int:
    """What the shop holds of BOM a."""
    return (await world.shopify())[CellKey("a", place)]


async def test_preview_push_undo(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """A hand adjustment over HTTP shows in the preview, is pushed to Shopify by the job, and taken back by its undo."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as world,
        reconciler(world),
        admin_of(world) as shop,
    ):
        await world.add_boms({"a": [7, 7], "b": [4, 4]}, tracks=True)
        await world.agree()
        place = world.locations[0]
        adjusted = await shop.call("PATCH", f"/cells/a/{place}", {"delta": 3}, Idempotency_Key="k")
        assert adjusted.json["local_value"] == 10
        preview_id = await preview(shop)
        found = (await shop.call("GET", f"/previews/{preview_id}/rows?class=local_moved")).json["items"]
        assert [(row["bom_id"], row["difference"], row["suggested"]) for row in found] == [("a", -3, "toShopify")]
        job = await run(shop, "/jobs", {"direction": "toShopify", "preview_id": preview_id})
        assert (job["state"], job["totals"]["updated"], job["totals"]["skipped"]) == ("completed", 1, 3)
        assert await level(world, place) == 10
        progress = (await shop.call("GET", f"/jobs/{job['job_id']}/boms")).json["items"]
        assert [(bom["bom_id"], bom["totals"]["total"]) for bom in progress] == [("a", 2), ("b", 2)]
        planned = (await shop.call("GET", f"/jobs/{job['job_id']}/undo")).json["items"]
        assert [(c["possible"], c["shopify_then"], c["local_then"]) for c in planned] == [(True, 7, 10)]
        undone = await run(shop, f"/jobs/{job['job_id']}/undo", {})
        assert (undone["state"], undone["source"]) == ("completed", "undo")
        assert await level(world, place) == 7
        assert (await shop.call("GET", f"/cells/a/{place}")).json["local_value"] == 10  # as before the job
        assert (await shop.call("POST", f"/jobs/{job['job_id']}/undo")).status == 409
        assert (await shop.call("POST", f"/jobs/{job['job_id']}/retry")).status == 409


async def test_retry_of_what_was_refused(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """Negative targets end as errors with a remedy, and no retry takes them by itself; once the shop allows them one
    that says so pushes just those."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as world,
        reconciler(world),
        admin_of(world) as shop,
    ):
        await world.add_boms({"a": [1, 1]}, tracks=True)
        await world.agree()
        place = world.locations[0]
        await shop.call("PATCH", f"/cells/a/{place}", {"delta": -3}, Idempotency_Key="k")
        job = await run(shop, "/jobs", {"direction": "toShopify", "preview_id": await preview(shop)})
        assert job["state"] == "completed_with_errors"
        assert [(code["code"], code["count"]) for code in job["codes"]] == [("NEGATIVE_TARGET", 1)]
        assert job["first_errors"][0]["remedy"]
        refused = await shop.call("POST", f"/jobs/{job['job_id']}/retry", {})
        assert (refused.status, refused.json["type"]) == (409, "urn:trueup:problem:needs-person")
        assert "allow negative targets" in refused.json["detail"]
        await world.shops.add(SHOP, "shpat_tests", allow_negative=True)
        again = await run(shop, f"/jobs/{job['job_id']}/retry", {"mended": True})
        assert (again["state"], again["totals"]["total"], again["of_job_id"]) == ("completed", 1, job["job_id"])
        assert await level(world, place) == -2
