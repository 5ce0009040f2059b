"""Of a shop that never used us, or has been deleted, nothing is stored, whoever names it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from services.preview.records import RecordsConsumer
from services.webhook_ingest.bootstrap import WebhookIngestService
from services.webhook_ingest.topics import TOPICS
from shared.contract.messages import BomRemove, BomUpsert, CountAdjust, JobCancel, JobRequest, Message, PreviewRequest
from shared.contract.seal import Seals
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.kept_messages import KeptMessages
from shared.mongodb.catalogue.app_records import RecordStore
from shared.mongodb.inbox.dead_letters import DeadLetterStore
from shared.mongodb.shops.audit import AuditLog
from shared.rabbitmq import topology
from shared.rabbitmq.consuming.consumer import Consumer
from tests.integration.ingest.ingest_setup import counted, headers_of, sign
from tests.integration.shop_world import CLIENT_SECRET, ShopWorld, new_id, previewer, reconciler, shop_world
from tests.waiting import until, writes_to

STRANGER = "stranger.myshopify.com"
LEVEL = {"inventory_item_id": 1, "location_id": 2, "available": 3, "updated_at": datetime.now(UTC).isoformat()}
PLACE = {"id": 1, "name": "A", "active": True}
CUSTOMER = {"shop_id": 1, "shop_domain": STRANGER, "customer": {"id": 5}}
GOOD = {
    "inventory_levels/update": LEVEL,
    "inventory_levels/connect": LEVEL,
    "inventory_levels/disconnect": {"inventory_item_id": 1, "location_id": 2},
    "inventory_items/create": {"id": 1, "tracked": True},
    "inventory_items/update": {"id": 1, "tracked": True},
    "inventory_items/delete": {"id": 1},
    "products/update": {"id": 1, "variants": []},
    "products/delete": {"id": 1},
    "locations/create": PLACE,
    "locations/update": PLACE,
    "locations/activate": PLACE,
    "locations/deactivate": PLACE | {"active": False},
    "locations/delete": {"id": 1},
    "bulk_operations/finish": {"admin_graphql_api_id": "gid://shopify/BulkOperation/1", "status": "completed"},
    "app/uninstalled": {"id": 1, "myshopify_domain": STRANGER},
    "app/scopes_update": {"current": ["read_products"]},
    "customers/data_request": CUSTOMER | {"data_request": {"id": 9}},
    "customers/redact": CUSTOMER | {"orders_to_redact": []},
    "shop/redact": {"shop_id": 1, "shop_domain": STRANGER},
}


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop that is known."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made:
        yield made


async def holding(world: ShopWorld) -> dict[str, int]:
    """How many documents name the stranger, by collection."""
    names = await world.mongo.db.list_collection_names()
    found = {name: [repr(d) async for d in world.mongo.db[name].find({})] for name in names}
    return {name: number for name, all_of in found.items() if (number := sum(STRANGER in text for text in all_of))}


@asynccontextmanager
async def records_consumed(world: ShopWorld) -> AsyncIterator[None]:
    """What takes BOMs and counts from their queue."""
    seals = Seals(world.settings.client_secrets)
    keeper = KeptMessages(DeadLetterStore(world.mongo.db), seals)
    consumer = await Consumer.open(world.settings.amqp_url.get_secret_value(), "records", keeper)
    audit = AuditLog(world.mongo.db)
    records = RecordsConsumer(RecordStore(world.mongo.db, world.mongo.transactions), world.shops, audit)
    await consumer.handle(topology.RECORDS, records.handle, prefetch=4)
    try:
        yield
    finally:
        await consumer.stop()
        await consumer.close()


async def test_webhooks_of_an_unknown_shop_leave_nothing(world: ShopWorld) -> None:
    """Every topic, with a body that fits it and with one that does not: no document names the shop."""
    assert set(GOOD) == set(TOPICS)
    service = await WebhookIngestService.start(world.settings)
    seen = counted("webhooks_total", topic="locations/create", outcome="suspicious")
    try:
        for topic in [*GOOD, "locations/create"]:
            for content in (GOOD[topic], {"wrong": STRANGER}):
                body = json.dumps(content).encode()
                headers = headers_of(topic, STRANGER, body, hmac_sha256=sign(body, CLIENT_SECRET))
                url = f"http://127.0.0.1:{service.port}/webhooks/shopify"
                async with world.http.post(url, data=body, headers=headers) as response:
                    assert response.status == 200

        def all_seen() -> bool:
            # Those that fit go one after another, those that do not are told from the start.
            return counted("webhooks_total", topic="locations/create", outcome="suspicious") == seen + 4

        await until(all_seen, what="every webhook")
    finally:
        await service.stop()
    assert await holding(world) == {}


async def test_messages_about_an_unknown_shop_make_nothing(world: ShopWorld) -> None:
    """Previews, jobs, BOMs and counts: the message itself is kept among the dead letters with what is wrong."""
    everything = SelectionBody(bom_ids="all")
    job_id = new_id()
    messages: list[tuple[str, Message]] = [
        (topology.PREVIEW_REQUEST, PreviewRequest(shop=STRANGER, preview_id=new_id(), selection=everything)),
        (
            topology.JOB_REQUEST,
            JobRequest(shop=STRANGER, job_id=job_id, direction=Direction.TO_LOCAL, selection=everything),
        ),
        (topology.JOB_CANCEL, JobCancel(shop=STRANGER, job_id=job_id)),
        (topology.BOM_UPSERT, BomUpsert(shop=STRANGER, bom_id="b", inventory_item_id="1", name="B")),
        (topology.BOM_REMOVE, BomRemove(shop=STRANGER, bom_id="b")),
        (
            topology.COUNT_ADJUST,
            CountAdjust(shop=STRANGER, bom_id="b", location_id="1", delta=1, idempotency_key="k"),
        ),
    ]
    async with previewer(world), records_consumed(world), reconciler(world, roles={"planner"}):
        for key, message in messages:
            await world.publisher.command(key, message)

        async def all_kept() -> bool:
            return await world.mongo.db["dead_letters"].count_documents({}) == len(messages)

        await until(all_kept, what="the messages among the dead letters", progress=writes_to(world.mongo.db))
    assert await holding(world) == {"dead_letters": len(messages)}
    causes = await world.mongo.db["dead_letters"].distinct("cause")
    assert set(causes) - {None} == {f"the shop {STRANGER} is not known; add it first"}
