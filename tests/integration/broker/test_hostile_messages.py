"""Whatever is published, by whomever: a message is applied, or kept with its reason after a few deliveries."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from prometheus_client import REGISTRY

from services.preview.bootstrap import PreviewService
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.contract.messages import BomUpsert, JobCancel, PreviewRequest
from shared.contract.seal import SEAL, Seals
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.errors import StoreUnavailable
from shared.mongodb.catalogue.boms import Bom
from shared.mongodb.inbox.dead_letters import DeadLetterStore
from shared.rabbitmq.consuming import frame
from shared.rabbitmq.consuming.frame import MAX_DELIVERIES
from shared.rabbitmq.topology import (
    BOM_UPSERT,
    CELLS_FINISHED,
    COMMANDS,
    DEAD,
    DELIVERY_LIMIT,
    JOB_CANCEL,
    JOB_FINISHED,
    JOB_REQUEST,
    PREVIEW_REQUEST,
    QUEUES,
    WEBHOOKS,
    Queue,
)
from tests.backends.places import DatabasePool, VhostPool
from tests.integration.broker.hostile_messages import HONEST
from tests.integration.shop_world import CLIENT_SECRET, SHOP, ShopWorld, new_id, reconciler, shop_world
from tests.waiting import until, writes_to


@dataclass(frozen=True)
class Running:
    """A shop with one BOM, every service, the ports of their /readyz, and the broker's address."""

    shop: ShopWorld
    operations: list[int]
    url: str


@pytest.fixture(scope="module")
async def running(
    amqp_url: str, vhosts: VhostPool, mongodb_uri: str, databases: DatabasePool
) -> AsyncIterator[Running]:
    """One for all tests: whatever was published before, the services go on."""
    vhost, database = vhosts.take(), databases.take()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(shop_world(url, mongodb_uri, database, locations=1))
        cells = await stack.enter_async_context(reconciler(made, watchdog_every=0.3))
        preview = await PreviewService.start(made.settings)
        stack.push_async_callback(preview.stop)
        ingest = await WebhookIngestService.start(made.settings, roles=["indexer"])
        stack.push_async_callback(ingest.stop)
        operations = [port for one in (cells, preview, ingest) if (port := one.operations_port) is not None]
        await made.add_boms({"A": [7]}, tracks=True)
        yield Running(made, operations, url)
    await vhosts.give_back(vhost)
    databases.give_back(database)


@pytest.fixture
async def world(running: Running) -> ShopWorld:
    """The shop with its BOM in drift; nothing is kept yet."""
    await running.shop.mongo.db["dead_letters"].delete_many({})
    await running.shop.agree()
    await running.shop.hand("A", running.shop.locations[0], 3)
    return running.shop


@pytest.fixture
def operations(running: Running) -> list[int]:
    """The ports of /readyz of the services of `world`."""
    return running.operations


@pytest.fixture
async def stranger(running: Running) -> AsyncIterator[AbstractChannel]:
    """A client of the broker that writes what it likes."""
    async with await aio_pika.connect(running.url) as connection:
        yield await connection.channel()


async def publish(
    channel: AbstractChannel, exchange: str, key: str, body: bytes, headers: Mapping[str, Any] | None = None
) -> None:
    """Publish one message, persistent as Trueup's own."""
    message = aio_pika.Message(body, headers=dict(headers or {}), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
    await (await channel.get_exchange(exchange, ensure=False)).publish(message, key)


async def drained(world: ShopWorld, channel: AbstractChannel, kept: int, *, keys: int = 1) -> list[dict[str, Any]]:
    """Wait until that many messages, of that many keys, are kept and no queue holds one; returns what is kept.

    A message whose acknowledgement was lost comes, and is kept, again.
    """
    letters = world.mongo.db["dead_letters"]

    async def so() -> bool:
        if await letters.count_documents({}) < kept or len(await letters.distinct("key")) < keys:
            return False
        queues = [await channel.declare_queue(queue.name, passive=True) for queue in QUEUES]
        return not any(queue.declaration_result.message_count for queue in queues)

    await until(so, what=f"{kept} messages kept, every queue empty", progress=writes_to(world.mongo.db))
    return [letter async for letter in letters.find({})]


KEYS: dict[str, str] = {key: queue.exchange for queue in QUEUES for key in queue.keys if key != "#"} | {
    "inventory_levels.update": WEBHOOKS,
    "nonsense.key": DEAD,
}
"""Every key of every queue, and where it is published; of a queue that takes any key, one."""

_WRONG_IDS: dict[str, Any] = {
    "job_id": "no ULID",
    "preview_id": "0" * 27,
    "bom_id": "a\0b",
    "location_id": "091002",
    "inventory_item_id": "0",
    "of_job_id": -1,
    "id": "none",
}
WRONG_TYPES: dict[str, Any] = {"job_id": {}, "selection": 7, "cells": "x", "bom_id": [], "inventory_item_id": True}


def _altered(key: str, **other: Any) -> bytes:
    """A message that is right but for these fields."""
    return json.dumps({"schema": 1, "shop": SHOP} | HONEST.get((KEYS[key], key), {}) | other).encode()


HOSTILE: dict[str, Callable[[str], bytes]] = {
    "not JSON": lambda _: b"\x00\xff\xfe",
    "deep nesting": lambda _: b"[" * 50_000,
    "deep objects": lambda _: b'{"a":' * 50_000,
    "huge numbers": lambda _: b'{"schema": 1, "shop": ' + b"9" * 5_000 + b"}",
    "wrong types": lambda key: _altered(key, **{name: [value] for name, value in WRONG_TYPES.items()}),
    "NUL": lambda key: _altered(key, shop="a\0b.myshopify.com", inventory_item_id="1\0"),
    "a lone surrogate": lambda _: b'{"schema": 1, "shop": "\\ud800.myshopify.com"}',
    "unknown schema": lambda key: _altered(key, schema=9),
    "5 MB": lambda _: b'"' + b"x" * 5_000_000 + b'"',
    "empty": lambda _: b"",
    "other shop": lambda key: _altered(key, shop="other.myshopify.com"),
    "wrong ids": lambda key: _altered(key, **_WRONG_IDS),
}
"""What a body may be that nothing can be done with, by the key it comes under."""

HINTS = {key for key in KEYS if key in {CELLS_FINISHED, JOB_FINISHED} or key.startswith("cell.")}
"""What only Trueup itself publishes, to say that documents have changed. Of a shop that has none it is done with."""

UNREAD = {key for key, exchange in KEYS.items() if exchange == DEAD}
"""Of no command, event or webhook: kept as they come, with where they were found as the reason."""


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_body_is_kept_wherever_it_is_published(
    world: ShopWorld, stranger: AbstractChannel, operations: list[int], name: str
) -> None:
    """In every queue: kept with what is wrong after one delivery, nothing left behind, each service ready; and the
    shop's next job runs.
    """
    assert {queue.name for queue in QUEUES} == {_queue_of(key).name for key in KEYS}
    bodies = {key: HOSTILE[name](key) for key in KEYS}
    seals, before = Seals([CLIENT_SECRET]), _given_back()
    for key, exchange in KEYS.items():
        # A webhook as the front passes it on: what is wrong is in its body.
        headers = seals.sealed(key, bodies[key], WEBHOOK) if exchange == WEBHOOKS else {}
        await publish(stranger, exchange, key, bodies[key], headers)
    wanted = KEYS.keys() - (HINTS if name == "other shop" else set())
    kept = await drained(world, stranger, len(wanted), keys=len(wanted))
    assert {letter["key"] for letter in kept} == wanted
    assert all(letter["reason"] for letter in kept)
    assert all(letter["cause"] for letter in kept if letter["key"] not in UNREAD)
    assert all(len(letter["body"]) <= 256 * 1024 for letter in kept)
    assert {letter["key"]: letter["size"] for letter in kept} == {key: len(bodies[key]) for key in wanted}
    assert _given_back() == before
    assert len(operations) == 3
    for port in operations:
        async with world.http.get(f"http://127.0.0.1:{port}/readyz") as ready:
            assert ready.status == 200, await ready.text()
    job = await world.run(Direction.TO_SHOPIFY, options=None)
    assert job["totals"]["updated"] == 1


WEBHOOK = {
    "x-shopify-topic": "inventory_levels/update",
    "x-shopify-shop-domain": SHOP,
    "x-shopify-webhook-id": "w1",
    "x-shopify-event-id": "e1",
    "x-shopify-triggered-at": "2026-11-30T00:00:00Z",
    "x-trueup-received-at": "2026-11-30T00:00:00+00:00",
}
"""What the front says of one."""


def _given_back() -> float:
    """How many messages were given back to their queues, in all."""
    return sum(
        REGISTRY.get_sample_value("trueup_messages_total", {"queue": queue.name, "outcome": "requeue"}) or 0.0
        for queue in QUEUES
    )


def _queue_of(key: str) -> Queue:
    """The queue that a message of this key comes into."""
    return next(queue for queue in QUEUES if queue.exchange == KEYS[key] and queue.takes(key))


FORGED: dict[str, dict[str, Any]] = {
    "the broker's, towards the webhooks": {
        "x-first-death-exchange": WEBHOOKS,
        "x-first-death-queue": "trueup.indexing",
        "x-first-death-reason": "delivery_limit",
    },
    "a list of deaths": {"x-death": [1, 2], "x-first-death-reason": "delivery_limit"},
    "deaths of another form": {"x-death": "x" * 5_000},
    "laps of 5,000 digits": {"x-trueup-laps": "9" * 5_000, "x-first-death-reason": "delivery_limit"},
    "an exchange that is none": {"x-first-death-exchange": "nowhere", "x-first-death-reason": "delivery_limit"},
    "a shop of surrogates": {"x-shopify-shop-domain": "\\ud800"},
    "a foreign seal": {SEAL: "0" * 64},
    "a count of deliveries": {"x-delivery-count": 2**40},
}


@pytest.mark.parametrize("name", FORGED)
async def test_what_a_publisher_says_of_a_messages_past_moves_it_nowhere(
    world: ShopWorld, stranger: AbstractChannel, name: str
) -> None:
    """The body of a webhook, sent as a preview request with forged headers, never becomes one: the shop stays."""
    webhook = {
        "x-shopify-topic": "app/uninstalled",
        "x-shopify-shop-domain": SHOP,
        "x-shopify-webhook-id": "forged",
        "x-trueup-received-at": "2026-11-30T00:00:00+00:00",
    }
    body = json.dumps({"id": 1, "myshopify_domain": SHOP}).encode()
    for key in (PREVIEW_REQUEST, "app.uninstalled"):
        await publish(stranger, COMMANDS if key == PREVIEW_REQUEST else DEAD, key, body, webhook | FORGED[name])
    kept = await drained(world, stranger, 2)
    assert {letter["key"] for letter in kept} == {PREVIEW_REQUEST, "app.uninstalled"}
    shop = await world.mongo.db["shops"].find_one({"_id": SHOP})
    assert shop is not None
    assert shop["status"] == "active"


async def test_only_what_the_front_has_sealed_is_a_webhook(world: ShopWorld, stranger: AbstractChannel) -> None:
    """Published past the signature, it has no effect and is kept; a seal over another body or shop is none."""
    headers = {
        "x-shopify-topic": "app/uninstalled",
        "x-shopify-shop-domain": SHOP,
        "x-shopify-webhook-id": "w1",
        "x-trueup-received-at": "2026-11-30T00:00:00+00:00",
    }
    body, other = json.dumps({"id": 1, "myshopify_domain": SHOP}).encode(), b'{"id": 2}'
    key, seals = "app.uninstalled", Seals([CLIENT_SECRET])
    forged = [
        headers,
        seals.sealed(key, other, headers),
        seals.sealed("products.delete", body, headers),
        seals.sealed(key, body, headers | {"x-shopify-shop-domain": "other.myshopify.com"}) | headers,
        Seals(["another secret"]).sealed(key, body, headers),
    ]
    for one in forged:
        await publish(stranger, WEBHOOKS, key, body, one)
    kept = await drained(world, stranger, len(forged))
    assert {letter["cause"] for letter in kept} == {
        "it bears no seal of the front, which alone has verified Shopify's signature"
    }
    shop = await world.mongo.db["shops"].find_one({"_id": SHOP})
    assert shop is not None
    assert shop["status"] == "active"


async def test_a_handler_that_fails_for_a_messages_sake_is_not_tried_without_bound(
    world: ShopWorld, stranger: AbstractChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours that one message brings to light costs a few deliveries, then the message is kept."""
    tries: list[str] = []

    async def fails(_: object, shop: str, *__: object, **___: object) -> None:
        tries.append(shop)
        raise RecursionError("too deep")

    monkeypatch.setattr("shared.mongodb.catalogue.app_records.RecordStore.upsert", fails)
    await world.publisher.command(BOM_UPSERT, BomUpsert(shop=SHOP, bom_id="B", inventory_item_id="1", name="B"))
    (letter,) = await drained(world, stranger, 1)
    assert len(tries) == MAX_DELIVERIES
    assert letter["cause"] == f"its handling failed {MAX_DELIVERIES} times: RecursionError"
    assert letter["shop"] == SHOP


async def test_the_requests_of_others_go_on_beside_them(world: ShopWorld, stranger: AbstractChannel) -> None:
    """200 hostile messages over all queues, then: nothing unacknowledged, an honest preview is taken."""
    bodies = [body(JOB_REQUEST) for name, body in HOSTILE.items() if name != "5 MB"]
    sent = 0
    for number in range(200):
        key, exchange = list(KEYS.items())[number % len(KEYS)]
        await publish(stranger, exchange, key, bodies[number % len(bodies)], FORGED["a list of deaths"])
        sent += 1
    await drained(world, stranger, sent)
    request = PreviewRequest(shop=SHOP, preview_id=new_id(), selection=SelectionBody(bom_ids="all"))
    await world.publisher.command(PREVIEW_REQUEST, request)
    preview = await world.document("previews", request.preview_id, lambda one: one["state"] in {"ready", "failed"})
    assert preview["state"] == "ready"


async def test_what_claims_to_have_been_dead_lettered_is_kept_at_once(
    world: ShopWorld, stranger: AbstractChannel
) -> None:
    """A forged list of deaths ends a broker's dead-lettering: such a message never gets near it, whatever its body."""
    request = JobCancel(shop=SHOP, job_id=new_id())
    forged: list[Any] = [
        [1, 2],
        [{"queue": "trueup.jobs", "reason": "expired", "count": "x", "exchange": "e", "routing-keys": ["a"]}],
        "text",
    ]
    for deaths in forged:
        await publish(stranger, COMMANDS, JOB_CANCEL, request.to_json(), {"x-death": deaths})
    kept = await drained(world, stranger, len(forged))
    assert {letter["cause"] for letter in kept} == {"it bears the header x-death, which only the broker writes"}


async def test_a_store_that_is_away_spends_no_deliveries(
    world: ShopWorld, stranger: AbstractChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it is away: what waits for it is held and tried again, and never comes to the broker's limit."""
    monkeypatch.setattr(frame, "RETRY_PAUSE", 0.001)
    monkeypatch.setattr(frame, "LONGEST_PAUSE", 0.001)
    tries, keeps, done = [0], [0], DeadLetterStore.keep

    async def away(*_: object, **__: object) -> tuple[Bom, bool]:
        tries[0] += 1
        if tries[0] <= 3 * DELIVERY_LIMIT:
            raise StoreUnavailable("away")
        return Bom("B", "1", "B"), True

    async def keep(store: DeadLetterStore, **letter: Any) -> str:
        keeps[0] += 1
        if keeps[0] <= 3 * DELIVERY_LIMIT:
            raise StoreUnavailable("away")
        return await done(store, **letter)

    monkeypatch.setattr("shared.mongodb.catalogue.app_records.RecordStore.upsert", away)
    monkeypatch.setattr(DeadLetterStore, "keep", keep)
    await world.publisher.command(BOM_UPSERT, BomUpsert(shop=SHOP, bom_id="B", inventory_item_id="1", name="B"))
    await publish(stranger, COMMANDS, JOB_CANCEL, b"{", {"x-death": [1, 2]})
    (letter,) = await drained(world, stranger, 1)
    await until(lambda: tries[0] > 3 * DELIVERY_LIMIT, what="the store's return", progress=lambda: tries[0])
    assert letter["key"] == JOB_CANCEL
    assert (tries[0], keeps[0]) == (3 * DELIVERY_LIMIT + 1, 3 * DELIVERY_LIMIT + 1)
