"""The compliance webhooks: nothing of a customer is kept anywhere, and of a shop that has left nothing is left."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.domain.comparison import Direction
from shared.mongodb.inbox.dead_letters import DeadLetterStore
from shared.mongodb.schema import INDEXES, key_of
from tests.integration.ingest.ingest_setup import counted, headers_of, sign
from tests.integration.shop_world import CLIENT_SECRET, SHOP, ShopWorld, previewer, reconciler, shop_world
from tests.waiting import until, writes_to

OF_NO_SHOP = {"partitions", "replicas", "constants"}
"""Collections that hold nothing of any shop."""

DATA_REQUEST = {
    "shop_id": 954889,
    "shop_domain": SHOP,
    "orders_requested": [299938, 280263],
    "customer": {"id": 191167, "email": "john@example.com", "phone": "555-625-1199"},
    "data_request": {"id": 9999},
}
REDACT = {key: value for key, value in DATA_REQUEST.items() if key not in {"orders_requested", "data_request"}} | {
    "orders_to_redact": [299938]
}
PERSONAL = ("191167", "john@example.com", "555-625-1199", "299938", "280263")


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with two BOMs that track at two locations."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({"B0": [5, 6], "B1": [7, 8]}, tracks=True)
        await made.agree()
        yield made


async def send(world: ShopWorld, service: WebhookIngestService, topic: str, content: dict[str, Any]) -> None:
    """A signed webhook, which must be taken."""
    body = json.dumps(content).encode()
    headers = headers_of(topic, SHOP, body, hmac_sha256=sign(body, CLIENT_SECRET))
    url = f"http://127.0.0.1:{service.port}/webhooks/shopify"
    async with world.http.post(url, data=body, headers=headers) as response:
        assert response.status == 200


async def everything(world: ShopWorld) -> dict[str, list[str]]:
    """Every document of every collection there is, as text."""
    names = await world.mongo.db.list_collection_names()
    return {name: [repr(document) async for document in world.mongo.db[name].find({})] for name in names}


async def test_requests_about_customers_are_noted_and_no_customer_is(world: ShopWorld) -> None:
    """Both are answered 200 and noted with the truth, that nothing is held; no document holds what names the person."""
    service = await WebhookIngestService.start(world.settings)
    try:
        await send(world, service, "customers/data_request", DATA_REQUEST)
        await send(world, service, "customers/redact", REDACT)
        await send(world, service, "customers/redact", {"customer": {"email": "john@example.com"}})  # of no form

        async def noted() -> bool:
            return await world.mongo.db["compliance"].count_documents({"shop": SHOP}) == 2

        await until(noted, what="two notes", progress=writes_to(world.mongo.db))
        notes = [document async for document in world.mongo.db["compliance"].find({}).sort("topic", 1)]
        assert [(note["topic"], note["answer"]) for note in notes] == [
            ("customers/data_request", "no_customer_data_held"),
            ("customers/redact", "no_customer_data_held"),
        ]
    finally:
        await service.stop()
    for name, documents in (await everything(world)).items():
        assert not [text for text in documents for word in PERSONAL if word in text], name


async def filled(world: ShopWorld) -> None:
    """Something of the shop in every collection: made by use where that is short, put there where it is not."""
    async with reconciler(world, watchdog_every=0.2), previewer(world):
        await world.preview()
        await world.mongo.db["stock"].update_many({}, {"$inc": {"count": 1, "manual_total": 1, "rev": 1}})
        await world.run(Direction.TO_SHOPIFY)
    letters = DeadLetterStore(world.mongo.db)
    await letters.keep(shop=SHOP, key="k", body=SHOP.encode(), size=len(SHOP), headers={}, reason="r")
    for name in sorted(set(INDEXES) - OF_NO_SHOP):
        if await world.mongo.db[name].find_one({"shop": SHOP}) is None:
            await world.mongo.db[name].insert_one({"_id": key_of(SHOP, "x"), "shop": SHOP, "note": SHOP})


async def test_after_shop_redact_nothing_of_the_shop_is_left_in_any_collection(world: ShopWorld) -> None:
    """The database's own list of collections is gone through, so that a new one cannot be forgotten; others stay."""
    await filled(world)
    other = "other.myshopify.com"
    for name in sorted(set(INDEXES) - OF_NO_SHOP):
        await world.mongo.db[name].insert_one(
            {"_id": other if name == "shops" else key_of(other, "x"), "shop": other, "key": "x", "location_id": name}
        )
    held = {name for name, documents in (await everything(world)).items() if any(SHOP in text for text in documents)}
    assert held == set(INDEXES) - OF_NO_SHOP  # else this test shows nothing
    await world.control("uninstall")
    service = await WebhookIngestService.start(world.settings)
    try:
        async with reconciler(world, watchdog_every=0.1):
            await send(world, service, "app/uninstalled", {"id": 1, "myshopify_domain": SHOP})
            await send(world, service, "shop/redact", {"shop_id": 1, "shop_domain": SHOP})

            async def gone() -> bool:
                return await world.mongo.db["shops"].count_documents({"_id": SHOP}) == 0

            await until(gone, what="the end of the shop", progress=writes_to(world.mongo.db))
        seen = counted("webhooks_total", topic="inventory_levels/update", outcome="suspicious")
        level = {"inventory_item_id": 1, "location_id": 2, "available": 3, "updated_at": datetime.now(UTC).isoformat()}
        await send(world, service, "inventory_levels/update", level)
        await send(world, service, "shop/redact", {"shop_id": 1, "shop_domain": SHOP})

        def later_ones_are_suspicious() -> bool:
            return counted("webhooks_total", topic="inventory_levels/update", outcome="suspicious") == seen + 1

        await until(later_ones_are_suspicious, what="a suspicious webhook")
    finally:
        await service.stop()
    for name, documents in (await everything(world)).items():
        assert not [text for text in documents if SHOP in text], name
        assert name in OF_NO_SHOP or [text for text in documents if other in text], name


async def test_a_shop_that_has_the_app_is_not_redacted(world: ShopWorld) -> None:
    """Installed again within the two days: nothing goes, and the next call settles it; gone unseen: all goes."""
    service = await WebhookIngestService.start(world.settings)
    redact = {"shop_id": 1, "shop_domain": SHOP}
    try:
        await send(world, service, "shop/redact", redact)

        async def asked() -> bool:
            return await world.mongo.db["shops"].count_documents({"redact_told_at": {"$exists": True}}) == 1

        await until(asked, what="a wish to be forgotten", progress=writes_to(world.mongo.db))
        async with reconciler(world, watchdog_every=0.1):

            async def answered() -> bool:
                return not await asked()

            await until(answered, what="what becomes of the wish", progress=writes_to(world.mongo.db))
            assert await world.mongo.db["stock"].count_documents({"shop": SHOP}) == 4
            await world.control("expire_token", {})  # as after an uninstall of which nobody told
            await send(world, service, "shop/redact", redact)

            async def gone() -> bool:
                return await world.mongo.db["shops"].count_documents({}) == 0

            await until(gone, what="the end of the shop", progress=writes_to(world.mongo.db))
            assert await world.mongo.db["stock"].count_documents({}) == 0
    finally:
        await service.stop()
        await asyncio.sleep(0)
