"""A shop's life: installed by its first session token, its tokens renewed one at a time, gone and back again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from services.preview.bootstrap import PreviewService
from services.webhook_ingest.topics import TOPICS as TAKEN
from shared.errors import ShopifyUnclear, ShopPaused
from shared.mongodb.inbox.webhook_inbox import WebhookInbox
from shared.mongodb.schema import Document
from shared.mongodb.shops.tokens import TokenStore
from shared.shop_life.access import ShopAccess
from shared.shop_life.wiring import ShopLife
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.tokens import Grant, TokenEndpoint
from shared.shopify.reads.reads import ShopifyReads
from shared.shopify.writes.subscriptions import TOPICS
from tests.integration.api.access.session_tokens import session_token
from tests.integration.shop_world import SHOP, ShopWorld, shop_world

HOOK = "http://127.0.0.1:9/webhooks/shopify"
UNKNOWN_TO_THE_SIMULATOR = {"APP_SCOPES_UPDATE"}


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop in the simulator that has not installed the app."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        made.settings = made.settings.model_copy(update={"webhook_url": HOOK})
        await made.mongo.db["shops"].delete_many({})
        await made.mongo.db["locations"].delete_many({})
        await made.control("calls/reset")
        yield made


async def shop_document(world: ShopWorld) -> Document:
    """The shop as it is stored."""
    found: Document | None = await world.mongo.db["shops"].find_one({"_id": SHOP})
    assert found is not None
    return found


async def token_calls(world: ShopWorld) -> int:
    """How often the token endpoint was asked."""
    return (await world.calls()).get("access_token", {"calls": 0})["calls"]


async def install(world: ShopWorld) -> ShopLife:
    """Install the shop, as one replica."""
    life = ShopLife.of(world.settings, world.mongo, world.http, webhook_url=world.settings.webhook_url)
    await life.installation.by_session_token(SHOP, session_token())
    await world.control("calls/reset")
    return life


async def read(life: ShopLife) -> int:
    """A read as any part makes it; returns how many locations there are."""
    return len(await ShopifyReads(life.client).locations(SHOP))


async def get(world: ShopWorld, service: PreviewService, path: str) -> tuple[int, Any]:
    """A request of the shop's page, with a fresh session token."""
    headers = {"Authorization": f"Bearer {session_token()}"}
    async with world.http.get(f"http://127.0.0.1:{service.port}/api{path}", headers=headers) as response:
        return response.status, await response.json()


async def test_the_first_session_token_installs_the_shop(world: ShopWorld) -> None:
    """Ten requests at once make one exchange; tokens are sealed, every topic is subscribed to, locations are read."""
    service = await PreviewService.start(world.settings)
    try:
        answers = await asyncio.gather(*(get(world, service, "/locations") for _ in range(10)))
        assert {status for status, _ in answers} == {200}
        _, locations = await get(world, service, "/locations")
    finally:
        await service.stop()
    assert sorted(location["location_id"] for location in locations["items"]) == world.locations
    assert await token_calls(world) == 1
    document = await shop_document(world)
    assert document["status"] == "active"
    assert document["scopes"] == ["read_inventory", "read_locations", "read_products", "write_inventory"]
    assert "set_up_due" not in document
    assert b"shpat_" not in document["token"]
    assert b"shprt_" not in document["refresh_token"]
    listed = (await world.control("webhooks", method="GET"))["subscriptions"]
    assert sorted(one["topic"] for one in listed) == sorted(set(TOPICS) - UNKNOWN_TO_THE_SIMULATOR)
    assert {one["uri"] for one in listed} == {HOOK}


def test_every_topic_with_an_effect_is_subscribed_to() -> None:
    """The list is that of the indexer, without the compliance topics and the one that is only logged."""
    named = {topic.upper().replace("/", "_") for topic in TAKEN}
    not_subscribed = {"CUSTOMERS_DATA_REQUEST", "CUSTOMERS_REDACT", "SHOP_REDACT", "BULK_OPERATIONS_FINISH"}
    assert set(TOPICS) == named - not_subscribed


async def test_a_refused_session_token_leaves_nothing_behind(world: ShopWorld) -> None:
    """Where Shopify refuses the exchange the answer is 403, where it is away 503, and no shop is kept."""
    service = await PreviewService.start(world.settings)
    try:
        for status, expected in ((400, 403), (500, 503)):
            fault = {"operation": "access_token", "kind": "status", "status": status}
            await world.control("/control/faults", fault)
            answered, problem = await get(world, service, "/boms")
            assert (answered, problem["errors"][0]["field"]) == (expected, "header.Authorization")
            assert await world.mongo.db["shops"].count_documents({}) == 0
    finally:
        await service.stop()


async def test_a_set_up_that_failed_is_made_up_for(world: ShopWorld) -> None:
    """The tokens are kept when the locations cannot be read; the next turn finishes the set-up."""
    await world.control("/control/faults", {"operation": "locations", "kind": "status", "status": 503})
    life = ShopLife.of(world.settings, world.mongo, world.http, webhook_url=world.settings.webhook_url)
    await life.installation.by_session_token(SHOP, session_token())
    assert (await shop_document(world))["set_up_due"]
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": {"set_up_at": datetime.now(UTC) - timedelta(1)}})
    await life.installation.set_up_due()
    assert "set_up_due" not in await shop_document(world)
    assert len(await world.boms.locations(SHOP)) == 2


async def test_a_missing_subscription_is_made_again_and_one_elsewhere_removed(world: ShopWorld) -> None:
    """Only what is missing is made; a subscription of ours at an older address goes, or events would come twice."""
    life = await install(world)
    tenant = world.running.simulator.tenants[SHOP]
    ours = [s for s in tenant.webhooks.subscriptions.values() if s.topic == "INVENTORY_LEVELS_UPDATE"]
    ours[0].uri = "http://127.0.0.1:9/older"
    subscriptions = life.installation._subscriptions
    assert set(await subscriptions.missing(SHOP, HOOK)) - UNKNOWN_TO_THE_SIMULATOR == {"INVENTORY_LEVELS_UPDATE"}
    made = await subscriptions.ensure(SHOP, HOOK)
    assert made.made == ("INVENTORY_LEVELS_UPDATE",)
    assert {s.uri for s in tenant.webhooks.subscriptions.values()} == {HOOK}


async def test_a_refused_token_is_refreshed_once_by_two_replicas(world: ShopWorld) -> None:
    """Eight calls of two replicas meet 401 at the same time: one refresh, and every call gets its answer."""
    first = await install(world)
    async with aiohttp.ClientSession() as http:
        second = ShopLife.of(world.settings, world.mongo, http)
        await world.control("/control/latency", {"seconds": 0.05})
        await world.control("expire_token")
        assert await asyncio.gather(*(read(life) for life in [first, second] * 4)) == [2] * 8
    assert await token_calls(world) == 1
    assert (await shop_document(world))["status"] == "active"


@pytest.mark.parametrize("left", [timedelta(seconds=60), timedelta(seconds=-5)])
async def test_a_token_about_to_expire_or_expired_is_refreshed_before_the_call(
    world: ShopWorld, left: timedelta
) -> None:
    """No call is wasted on a token known to be of no use, and one refresh serves all."""
    life = await install(world)
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": {"token_expires_at": datetime.now(UTC) + left}})
    await asyncio.gather(*(read(life) for _ in range(6)))
    assert await token_calls(world) == 1
    log = (await world.control("calls", method="GET"))["log"]
    assert {call["status"] for call in log} == {200}
    assert (await shop_document(world))["token_no"] == 2


class LosesAnswers(TokenEndpoint):
    """A token endpoint whose next answers are lost after Shopify has given them."""

    lost = 1

    async def refresh(self, shop: str, refresh_token: str) -> Grant:
        """Refresh; the answer may not arrive."""
        grant = await super().refresh(shop, refresh_token)
        if self.lost:
            self.lost -= 1
            raise ShopifyUnclear("the answer was lost")
        return grant


def losing_access(world: ShopWorld, lost: int) -> tuple[ShopAccess, ShopifyReads]:
    """A replica that loses so many answers of the token endpoint."""
    settings = world.settings
    endpoint = LosesAnswers(world.http, settings.shopify_url, settings.shopify_client_id, settings.client_secrets)
    endpoint.lost = lost
    tokens = TokenStore(world.mongo.db, [key.get_secret_value() for key in settings.token_keys])
    access = ShopAccess(world.shops, tokens, endpoint)
    client = ShopifyClient(world.http, access, settings.shopify_url, settings.shopify_api_version)
    return access, ShopifyReads(client)


async def test_a_lost_answer_of_a_refresh_is_made_good(world: ShopWorld) -> None:
    """The refresh token used stays valid until its replacement is first used: asking again with it works."""
    await install(world)
    await world.control("expire_token")
    _, reads = losing_access(world, 1)
    assert len(await reads.locations(SHOP)) == 2
    assert await token_calls(world) == 2
    await world.control("expire_token")
    assert len(await reads.locations(SHOP)) == 2


async def test_a_replica_that_dies_over_a_refresh_is_replaced(world: ShopWorld) -> None:
    """Its answer is lost for good, its right to refresh ends, and another replica refreshes with the old token."""
    life = await install(world)
    await world.control("expire_token")
    _, reads = losing_access(world, 2)
    with pytest.raises(ShopifyUnclear):
        await reads.locations(SHOP)
    assert (await shop_document(world))["status"] == "active"
    await world.mongo.db["shops"].update_one(
        {"_id": SHOP}, {"$set": {"refresh_until": datetime.now(UTC) + timedelta(seconds=0.3)}}
    )
    assert await read(life) == 2
    await world.control("expire_token")
    assert await read(life) == 2


async def test_a_refresh_that_shopify_refuses_pauses_until_the_next_session_token(world: ShopWorld) -> None:
    """No refresh token works any more: the shop is paused, nothing more is called, and opening the app renews it."""
    life = await install(world)
    world.running.simulator.tenants[SHOP].tokens.revoke()
    with pytest.raises(ShopPaused):
        await read(life)
    with pytest.raises(ShopPaused):
        await read(life)
    assert (await shop_document(world))["pause_reason"] == "unauthorized"
    assert sum(one["calls"] for one in (await world.calls()).values()) == 2
    service = await PreviewService.start(world.settings)
    try:
        assert (await get(world, service, "/boms"))[0] == 200
    finally:
        await service.stop()
    assert (await shop_document(world))["status"] == "active"
    assert await read(life) == 2


async def test_an_uninstall_older_than_the_installation_has_no_effect(world: ShopWorld) -> None:
    """A late `app/uninstalled` of an earlier installation does not end the present one; a later one does."""
    life = await install(world)
    installed_at = (await shop_document(world))["installed_at"]
    events = WebhookInbox(world.mongo.db)
    for told_at, effect in ((timedelta(seconds=-1), False), (timedelta(seconds=1), True)):
        done = await world.mongo.transactions.run(
            lambda session, told_at=told_at: events.uninstall(session, SHOP, installed_at + told_at)  # type: ignore[misc]  # mypy cannot infer a bound default
        )
        assert done is effect
    with pytest.raises(ShopPaused, match="uninstalled"):
        await read(life)
    shop = await life.installation.by_session_token(SHOP, session_token())
    assert shop.status == "active"
    assert await read(life) == 2


async def test_paused_shops_are_probed_by_one_replica_at_growing_intervals(world: ShopWorld) -> None:
    """A frozen shop costs one call per probe whoever probes, and the one that answers resumes it."""
    life = await install(world)
    await world.control("status", {"status": "frozen"})
    with pytest.raises(ShopPaused):
        await read(life)
    await world.control("calls/reset")
    other = ShopLife.of(world.settings, world.mongo, world.http, webhook_url=world.settings.webhook_url)
    await asyncio.gather(life.pause_probe.run(), other.pause_probe.run())
    assert await world.calls() == {}
    later = {"paused_at": datetime.now(UTC) - timedelta(seconds=16)}
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": later})
    for _ in range(3):
        await asyncio.gather(life.pause_probe.run(), other.pause_probe.run())
    log = (await world.control("calls", method="GET"))["log"]
    assert [call["status"] for call in log] == [402]
    (paused,) = await world.shops.paused()
    assert life.pause_probe._due(paused) - datetime.now(UTC) > timedelta(seconds=25)
    assert life.pause_probe._due(replace(paused, probes=30)) - datetime.now(UTC) < timedelta(minutes=11)
    await world.control("status", {"status": "active"})
    earlier = {"probed_at": datetime.now(UTC) - timedelta(seconds=31)}
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": earlier})
    await life.pause_probe.run()
    assert (await shop_document(world))["status"] == "active"
