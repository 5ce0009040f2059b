"""Webhooks name people: under whatever topic a body comes, no queue, no document and no line holds them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import pytest
from structlog.testing import capture_logs

from services.webhook_ingest.bootstrap import WebhookIngestService
from services.webhook_ingest.front.personal import reduced
from services.webhook_ingest.topics import TOPICS, routing_key
from shared.rabbitmq.topology import INDEXING, WEBHOOKS
from tests.integration.ingest.ingest_setup import headers_of, sign
from tests.integration.ingest.test_compliance import DATA_REQUEST, PERSONAL, REDACT, everything
from tests.integration.shop_world import CLIENT_SECRET, SHOP, ShopWorld, shop_world
from tests.waiting import until, writes_to

OF_EVERY_KIND: list[dict[str, Any]] = [
    DATA_REQUEST,
    REDACT,
    # What an app, or Shopify, might add to any body, and personal data in the place of what is used.
    {"id": 1, "name": "A", "active": True, "phone": "555-625-1199", "address1": "john@example.com"},
    {"id": {"email": "john@example.com"}, "name": ["john@example.com"], "active": "191167"},
    {
        "id": 1,
        "variants": [{"inventory_item_id": 7, "title": "john@example.com"}],
        "variant_gids": ["john@example.com"],
    },
    {"inventory_item_id": 1, "location_id": 2, "available": {"phone": "555-625-1199"}, "updated_at": "2026-01-01"},
    {"current": [{"email": "john@example.com"}], "status": "john@example.com", "tracked": "john@example.com"},
    {"data_request": {"id": {"x": "john@example.com"}, "email": "john@example.com"}, "customer": "john@example.com"},
    {"customer": {"deep": [{"email": "john@example.com"}]}, "shop_id": ["191167"], "shop_domain": {"x": "299938"}},
]


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made:
        yield made


async def left_in(channel: aio_pika.abc.AbstractChannel) -> int:
    """Messages in the queue of webhooks."""
    queue = await channel.declare_queue(INDEXING.name, passive=True)
    return queue.declaration_result.message_count or 0


async def test_no_topic_carries_a_persons_data_into_a_queue_or_a_document(world: ShopWorld) -> None:
    """Every body under every topic: what waits in the queue, is applied, is refused or is logged names nobody."""
    front = await WebhookIngestService.start(world.settings, roles=["front"])
    connection = await aio_pika.connect(world.settings.amqp_url.get_secret_value())
    async with connection, connection.channel() as channel:
        with capture_logs() as lines:
            try:
                for topic in TOPICS:
                    for content in OF_EVERY_KIND:
                        body = json.dumps(content).encode()
                        headers = headers_of(topic, SHOP, body, hmac_sha256=sign(body, CLIENT_SECRET))
                        url = f"http://127.0.0.1:{front.port}/webhooks/shopify"
                        async with world.http.post(url, data=body, headers=headers) as response:
                            assert (response.status, await response.text()) == (200, "")
            finally:
                await front.stop()
            queue = await channel.get_queue(INDEXING.name, ensure=False)
            waiting = []
            while (message := await queue.get(fail=False)) is not None:
                waiting.append(message)
            assert len(waiting) == len(TOPICS) * len(OF_EVERY_KIND)
            shown = "".join(f"{message.body!r} {message.headers}" for message in waiting)
            assert not [word for word in PERSONAL if word in shown]
            for message in waiting:
                await message.nack(requeue=True)
            indexer = await WebhookIngestService.start(world.settings, roles=["indexer"])
            try:

                async def done() -> bool:
                    return await left_in(channel) == 0

                await until(done, what="an empty queue", progress=writes_to(world.mongo.db))
            finally:
                await indexer.stop()
    assert await world.mongo.db["dead_letters"].count_documents({}) > len(TOPICS)
    for name, documents in (await everything(world)).items():
        assert not [text for text in documents for word in PERSONAL if word in text], name
    assert not [line for line in lines for word in PERSONAL if word in repr(line)]


async def test_a_webhook_that_the_front_has_not_seen_is_kept_without_its_body(world: ShopWorld) -> None:
    """Whoever may publish to the broker may publish a customer's data; nothing of them is kept, or replayed."""
    connection = await aio_pika.connect(world.settings.amqp_url.get_secret_value())
    indexer = await WebhookIngestService.start(world.settings, roles=["indexer"])
    try:
        async with connection, connection.channel() as channel:
            exchange = await channel.get_exchange(WEBHOOKS, ensure=False)
            for topic in TOPICS:
                headers: dict[str, Any] = {"x-shopify-shop-domain": SHOP, "x-shopify-topic": topic}
                message = aio_pika.Message(json.dumps(REDACT).encode(), headers=headers)
                await exchange.publish(message, routing_key(topic))

            async def kept() -> bool:
                return await world.mongo.db["dead_letters"].count_documents({"shop": SHOP}) >= len(TOPICS)

            await until(kept, what="the dead letters", progress=writes_to(world.mongo.db))
    finally:
        await indexer.stop()
    letters = [letter async for letter in world.mongo.db["dead_letters"].find({})]
    assert {(letter["body"], letter["size"], letter["altered"]) for letter in letters} == {
        (b"", len(json.dumps(REDACT)), True)
    }


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize(
    "content", [*map(json.dumps, OF_EVERY_KIND), "[]", "", "\xff", '{"a":' * 5_000, '{"id": 1e999}']
)
def test_what_is_reduced_stays_as_it_is(topic: str, content: str) -> None:
    """The seal is over what goes on: taking away again takes nothing away."""
    once = reduced(content.encode(), TOPICS[topic].body)
    assert reduced(once, TOPICS[topic].body) == once
