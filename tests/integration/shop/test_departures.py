"""A webhook alone proves nothing of a shop: what is signed of it may be old, so Shopify is asked before it counts."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.mongodb.schema import Document
from shared.mongodb.shops.departures import Departures
from shared.shop_life.wiring import ShopLife
from shared.shopify.reads.reads import ShopifyReads
from tests.integration.api.access.session_tokens import session_token
from tests.integration.ingest.ingest_setup import counted, headers_of, sign
from tests.integration.shop_world import CLIENT_SECRET, SHOP, ShopWorld, reconciler, shop_world
from tests.waiting import stored, until, writes_to

UNINSTALLED = {"id": 1, "myshopify_domain": SHOP}
REDACT = {"shop_id": 1, "shop_domain": SHOP}
BOTH = {"app/uninstalled": UNINSTALLED, "shop/redact": REDACT}
SOON = timedelta(seconds=0.1)
ONLY_ASKING: dict[str, Any] = {"roles": {"sweeper"}, "watchdog_every": 0.1, "first_probe": SOON}
"""A reconciler that makes no call of its own but those that these tests are about."""

KEPT_OF_WEBHOOKS = {"webhook_events", "compliance"}
"""What is kept of every webhook, whatever its effect."""


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with a BOM that tracks at two locations."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({"B0": [5, 6]}, tracks=True)
        await made.agree()
        await made.control("calls/reset")
        yield made


@pytest.fixture
async def front(world: ShopWorld) -> AsyncIterator[WebhookIngestService]:
    """The webhook service of the shop."""
    service = await WebhookIngestService.start(world.settings)
    try:
        yield service
    finally:
        await service.stop()


async def send(
    world: ShopWorld, front: WebhookIngestService, topic: str, content: dict[str, Any], **headers: str
) -> None:
    """A signed body under headers that are all new, which must be taken."""
    body = json.dumps(content).encode()
    new = {"event_id": str(uuid.uuid4()), "triggered_at": (datetime.now(UTC) + timedelta(days=400)).isoformat()}
    all_headers = headers_of(topic, SHOP, body, hmac_sha256=sign(body, CLIENT_SECRET), **(new | headers))
    url = f"http://127.0.0.1:{front.port}/webhooks/shopify"
    async with world.http.post(url, data=body, headers=all_headers) as response:
        assert response.status == 200


async def documents(world: ShopWorld, *, but: set[str] = KEPT_OF_WEBHOOKS) -> dict[str, list[Document]]:
    """All that is stored of the shop, but for the turns of its sweeps: whoever asks takes them as well."""
    names = sorted(set(await world.mongo.db.list_collection_names()) - but)
    found = {name: [d async for d in world.mongo.db[name].find({"shop": SHOP}).sort("_id", 1)] for name in names}
    for turns in ("sweep", "sweep_lease"):
        for shop in found["shops"]:
            shop.pop(turns, None)
    return found


async def shop_document(world: ShopWorld) -> Document:
    """The shop as it is stored."""
    found: Document | None = await world.mongo.db["shops"].find_one({"_id": SHOP})
    assert found is not None
    return found


async def claimed(world: ShopWorld, *topics: str) -> None:
    """Wait until these claims are kept."""
    fields = {"app/uninstalled": "uninstall_told_at", "shop/redact": "redact_told_at"}
    await stored(world.mongo.db["shops"], {"_id": SHOP} | {fields[topic]: {"$ne": None} for topic in topics})


async def settled(world: ShopWorld) -> None:
    """Wait until nothing is claimed any more, or the shop is gone."""

    async def none() -> bool:
        claims = {"$or": [{"uninstall_told_at": {"$ne": None}}, {"redact_told_at": {"$ne": None}}]}
        return await world.mongo.db["shops"].count_documents(claims) == 0

    await until(none, what="the end of every claim", progress=writes_to(world.mongo.db))


async def asked(world: ShopWorld) -> int:
    """How often Shopify was asked whether it takes the token; nothing else may have been asked."""
    calls = await world.calls()
    assert set(calls) <= {"shop", "access_token"}
    return calls.get("shop", {"calls": 0})["calls"]


async def test_old_bodies_under_new_headers_change_nothing_and_one_call_says_why(
    world: ShopWorld, front: WebhookIngestService
) -> None:
    """Replayed `app/uninstalled` and `shop/redact`, however often: one call, nothing changed, noted, counted."""
    before = await documents(world)
    suspicious = {topic: counted("webhooks_total", topic=topic, outcome="suspicious") for topic in BOTH}
    for _ in range(3):
        for topic, body in BOTH.items():
            await send(world, front, topic, body)
    await claimed(world, *BOTH)
    async with reconciler(world, **ONLY_ASKING):
        await settled(world)
        assert await asked(world) == 1
    assert await documents(world) == before
    notes = {note["topic"]: note["answer"] async for note in world.mongo.db["compliance"].find({"shop": SHOP})}
    assert notes == dict.fromkeys(BOTH, "shop_has_the_app")
    for topic, seen in suspicious.items():
        assert counted("webhooks_total", topic=topic, outcome="suspicious") == seen + 1


@pytest.mark.parametrize("status", [401, 403])
async def test_where_shopify_refuses_the_token_it_takes_effect(
    world: ShopWorld, front: WebhookIngestService, status: int
) -> None:
    """An uninstall ends the shop; two days later, the token long dead, the redaction deletes it: each asked for."""
    fault = {"operation": "shop", "kind": "status", "status": status, "count": 1000}
    await world.control("/control/faults", fault)
    async with reconciler(world, **ONLY_ASKING):
        await send(world, front, "app/uninstalled", UNINSTALLED)
        await stored(world.mongo.db["shops"], {"_id": SHOP, "status": "uninstalled"})
        await stored(world.mongo.db["audit"], {"shop": SHOP, "act": "shop.uninstall", "by": "shopify"})
        await settled(world)
        assert (await shop_document(world))["token"]
        assert await world.mongo.db["stock"].count_documents({"shop": SHOP}) == 2
        await send(world, front, "shop/redact", REDACT)
        await claimed_or_gone(world)
        await settled(world)
    assert await world.mongo.db["shops"].count_documents({"_id": SHOP}) == 0
    assert await world.mongo.db["stock"].count_documents({"shop": SHOP}) == 0
    assert await asked(world) == 2


async def claimed_or_gone(world: ShopWorld) -> None:
    """Wait until a redaction is claimed, or is done already."""

    async def so() -> bool:
        shop = await world.mongo.db["shops"].find_one({"_id": SHOP})
        return shop is None or shop.get("redact_told_at") is not None

    await until(so, what="a claim", progress=writes_to(world.mongo.db))


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 402},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 423},
        {"kind": "reset_before"},
        {"kind": "throttled"},
        {"kind": "non_json"},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}",
)
async def test_where_shopify_cannot_say_it_waits_and_other_webhooks_do_not(
    world: ShopWorld, front: WebhookIngestService, fault: dict[str, Any]
) -> None:
    """Nothing takes effect, the queue goes on, and the claim is asked about again until there is an answer."""
    await world.control("/control/faults", {"operation": "shop", "count": 3} | fault)
    for topic, body in BOTH.items():
        await send(world, front, topic, body)
    await claimed(world, *BOTH)
    async with reconciler(world, **ONLY_ASKING):
        await stored(world.mongo.db["shops"], {"_id": SHOP, "departure_asks": {"$gte": 2}})
        level = {
            "inventory_item_id": int(world.items["B0"]),
            "location_id": int(world.locations[0]),
            "available": 3,
            "updated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        await send(world, front, "inventory_levels/update", level)
        await stored(world.mongo.db["stock"], {"shop": SHOP, "index": 3})
        await settled(world)
    shop = await shop_document(world)
    assert (shop["status"], shop["pause_reason"]) == ("active", None)


async def installed(world: ShopWorld) -> ShopLife:
    """The shop installed by a session token: its token expires and can be refreshed."""
    life = ShopLife.of(world.settings, world.mongo, world.http)
    await world.mongo.db["shops"].delete_many({})
    await life.installation.by_session_token(SHOP, session_token())
    await world.control("calls/reset")
    return life


async def test_a_token_that_has_only_expired_is_renewed_before_it_says_anything(
    world: ShopWorld, front: WebhookIngestService
) -> None:
    """An access token lives an hour: that it is refused says nothing while its refresh token works."""
    await installed(world)
    await world.control("expire_token")
    for topic, body in BOTH.items():
        await send(world, front, topic, body)
    await claimed(world, *BOTH)
    async with reconciler(world, **ONLY_ASKING):
        await settled(world)
    shop = await shop_document(world)
    assert (shop["status"], shop["token_no"]) == ("active", 2)


async def test_a_client_secret_that_shopify_does_not_take_deletes_no_shop(
    world: ShopWorld, front: WebhookIngestService
) -> None:
    """The refusal of a refresh is ours where the secret is wrong: it says nothing of the shop."""
    await installed(world)
    await world.control("expire_token")
    for topic, body in BOTH.items():
        await send(world, front, topic, body)
    await claimed(world, *BOTH)
    right, world.settings = world.settings, wrong_secret(world)
    async with reconciler(world, **ONLY_ASKING):
        await stored(world.mongo.db["shops"], {"_id": SHOP, "departure_asks": {"$gte": 2}})
    assert (await shop_document(world))["status"] == "active"
    world.settings = right
    async with reconciler(world, **ONLY_ASKING):
        await settled(world)
    assert (await shop_document(world))["status"] == "active"


def wrong_secret(world: ShopWorld) -> Any:
    """The settings with another client secret."""
    return world.settings.model_copy(update={"shopify_client_secret": SecretStr("another secret of a fair length")})


async def test_a_shop_that_is_installed_again_is_not_redacted(world: ShopWorld, front: WebhookIngestService) -> None:
    """A claim ends with the new installation, whoever was about to ask, and a late one is about the earlier life."""
    life = await installed(world)
    world.running.simulator.tenants[SHOP].tokens.revoke()
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": {"status": "uninstalled"}})
    await send(world, front, "shop/redact", REDACT)
    await claimed(world, "shop/redact")
    departures = Departures(world.mongo.db)
    (departure,) = await departures.claimed()
    await life.installation.by_session_token(SHOP, session_token())
    assert not await departures.confirmed(departure)
    shop = await shop_document(world)
    assert (shop["status"], shop.get("redact_told_at")) == ("active", None)
    earlier = (shop["installed_at"] - timedelta(seconds=1)).isoformat()
    await send(world, front, "shop/redact", REDACT, triggered_at=earlier)
    await send(world, front, "app/uninstalled", UNINSTALLED, triggered_at=earlier)
    await send(world, front, "app/uninstalled", UNINSTALLED)
    await claimed(world, "app/uninstalled")
    assert "redact_told_at" not in await shop_document(world)


async def test_a_shop_without_a_token_is_not_asked_about(world: ShopWorld, front: WebhookIngestService) -> None:
    """Nobody can call for it, so it does not have the app: both take effect at once, where nobody installs it now."""
    tokens = {"token": "", "refresh_token": ""}
    until_then = datetime.now(UTC) + timedelta(minutes=1)
    change: dict[str, Any] = {"$unset": tokens, "$set": {"status": "installing", "install_until": until_then}}
    await world.mongo.db["shops"].update_one({"_id": SHOP}, change)
    ignored = await seen(world)
    for topic, body in BOTH.items():
        await send(world, front, topic, body)

    async def both_seen() -> bool:
        return await seen(world) > ignored

    await until(both_seen, what="an uninstall", progress=writes_to(world.mongo.db))
    assert (await shop_document(world))["status"] == "installing"
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$unset": {"install_until": ""}})
    await send(world, front, "shop/redact", REDACT)

    async def gone() -> bool:
        return await world.mongo.db["shops"].count_documents({}) == 0

    await until(gone, what="the end of the shop", progress=writes_to(world.mongo.db))
    assert await world.mongo.db["stock"].count_documents({}) == 0
    assert await asked(world) == 0


async def seen(world: ShopWorld) -> int:
    """How many uninstalls were looked at."""
    number: int = await world.mongo.db["webhook_events"].count_documents({"key": {"$regex": "^id.app/uninstalled"}})
    return number


async def test_a_location_of_which_a_webhook_told_is_read(world: ShopWorld, front: WebhookIngestService) -> None:
    """An old `locations/deactivate` under new headers closes a location only until Shopify was asked, by one call."""
    place = world.locations[0]
    await send(world, front, "locations/deactivate", {"id": int(place), "name": "Old", "active": False})
    await stored(world.mongo.db["locations"], {"shop": SHOP, "location_id": place, "active": False})
    async with reconciler(world, **ONLY_ASKING):
        await stored(world.mongo.db["locations"], {"shop": SHOP, "location_id": place, "active": True})
        await stored(world.mongo.db["shops"], {"_id": SHOP, "locations_due_at": {"$exists": False}})
    assert {name: one["calls"] for name, one in (await world.calls()).items()} == {"locations": 1}


async def test_scopes_that_a_webhook_told_last_until_the_token_is_refreshed(
    world: ShopWorld, front: WebhookIngestService
) -> None:
    """An old `app/scopes_update` is only kept and logged, and Shopify's own word replaces it within the hour."""
    life = await installed(world)
    granted = (await shop_document(world))["scopes"]
    await send(world, front, "app/scopes_update", {"current": ["read_orders"]})
    await stored(world.mongo.db["shops"], {"_id": SHOP, "scopes": ["read_orders"]})
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": {"token_expires_at": datetime.now(UTC)}})
    await ShopifyReads(life.client).locations(SHOP)
    assert (await shop_document(world))["scopes"] == granted


async def test_notes_of_requests_do_not_grow_with_repeats(world: ShopWorld, front: WebhookIngestService) -> None:
    """However often an old request comes under new headers, one note stands for it and says how often it came."""
    customer = {**REDACT, "customer": {"id": 191167}}
    for _ in range(5):
        await send(world, front, "customers/redact", customer | {"orders_to_redact": []})
        await send(world, front, "customers/data_request", customer | {"data_request": {"id": 9999}})

    async def all_noted() -> bool:
        notes = [note async for note in world.mongo.db["compliance"].find({"shop": SHOP})]
        return len(notes) in {2, 3} and sum(note["times"] for note in notes) == 10  # 3: at midnight

    await until(all_noted, what="ten requests noted", progress=writes_to(world.mongo.db))
