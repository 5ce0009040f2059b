"""A partner's user on the real broker: it asks for what is public, hears what clients are told, and that is all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError, DeliveryError

from services.preview.bootstrap import PreviewService
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.contract.messages import BomUpsert, CellWork, CountAdjust, JobRequest, PreviewRequest
from shared.contract.seal import SEAL, Seals
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.rabbitmq.access.rights import CLIENT_QUEUES, PUBLIC_KEYS
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.topology import (
    BOM_UPSERT,
    CELLS_FINISHED,
    CLIENTS,
    COMMANDS,
    COUNT_ADJUST,
    DEAD,
    DEAD_LETTERS,
    EVENTS,
    EXCHANGES,
    JOB_CANCEL,
    JOB_REQUEST,
    LISTENER_KEYS,
    PREVIEW_READY,
    PREVIEW_REQUEST,
    QUEUES,
    WEBHOOKS,
    cell_key,
)
from tests.backends.management import Management
from tests.integration.shop_world import SHOP, ShopWorld, new_id, reconciler, shop_world
from tests.integration.whole.role_users import BrokerUsers, broker_users
from tests.waiting import arrival, changed, stored, until, writes_to

SHOPIFY_HEADERS = {
    "x-shopify-topic": "app/uninstalled",
    "x-shopify-shop-domain": SHOP,
    "x-shopify-webhook-id": "forged",
    "x-trueup-received-at": "2026-11-30T00:00:00+00:00",
}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _death(queue: str, reason: str, exchange: str, key: str) -> dict[str, Any]:
    return {"queue": queue, "reason": reason, "exchange": exchange, "routing-keys": [key], "count": 1}


FORGED: dict[str, dict[str, Any]] = {
    "x-first-death: of the webhooks": {
        "headers": {
            "x-first-death-exchange": WEBHOOKS,
            "x-first-death-queue": "trueup.indexing",
            "x-first-death-reason": "delivery_limit",
        }
    },
    "x-first-death: of a cell": {
        "headers": {"x-first-death-queue": "trueup.cells.3", "x-first-death-reason": "delivery_limit"}
    },
    "x-death: of a cell": {"headers": {"x-death": [_death("trueup.cells.3", "delivery_limit", COMMANDS, "cell.3")]}},
    "x-death: of the webhooks": {
        "headers": {"x-death": [_death("trueup.indexing", "delivery_limit", WEBHOOKS, "app.uninstalled")]}
    },
    "x-death: of the dead letters": {"headers": {"x-death": [_death(DEAD_LETTERS.name, "expired", DEAD, "#")]}},
    "x-death: numbers": {"headers": {"x-death": [1, 2]}},
    "x-death: a text": {"headers": {"x-death": "x" * 5_000, "x-first-death-reason": "delivery_limit"}},
    "x-death: tables of another form": {"headers": {"x-death": [{"queue": 1, "reason": [2], "count": "x"}]}},
    "CC: every cell queue": {"headers": {"CC": [cell_key(n) for n in range(16)]}},
    "CC: events and webhooks": {"headers": {"CC": [CELLS_FINISHED, "job.finished", "app.uninstalled"]}},
    "BCC: every cell queue": {"headers": {"BCC": [cell_key(n) for n in range(16)]}},
    "CC and BCC: public and not": {"headers": {"CC": [BOM_UPSERT, cell_key(1)], "BCC": [COUNT_ADJUST, "#"]}},
    "reply-to: a queue of Trueup's": {"reply_to": "trueup.cells.3", "correlation_id": "1"},
    "reply-to: the broker's own": {"headers": {"reply-to": "trueup.indexing"}, "correlation_id": "x" * 200},
    "a seal that is none": {"headers": {SEAL: "0" * 64}},
    "a seal by another secret": {"headers": Seals(["another"]).sealed(JOB_REQUEST, b"{}", {})},
    "a webhook's headers": {"headers": SHOPIFY_HEADERS | {SEAL: "f" * 64}},
    "laps": {"headers": {"x-trueup-laps": "0", "x-delivery-count": 99, "x-trueup-anything": "1"}},
    "a trace": {"headers": {"traceparent": TRACE, "tracestate": "a=b", "baggage": "shop=other"}},
    "a long life and a high priority": {"priority": 255, "timestamp": 4_000_000_000},
    "a type, an app, a content": {
        "type": "cell.3",
        "app_id": "trueup",
        "content_type": "application/x-python",
        "content_encoding": "gzip",
        "message_id": "../../x",
    },
    "a delay and a way of failing": {
        "headers": {"x-delay": 1, "x-dead-letter-exchange": COMMANDS, "x-dead-letter-routing-key": "cell.3"}
    },
    "a host of headers": {"headers": {f"h{n}": "x" * 100 for n in range(200)}},
    "a clustered message's": {"headers": {"x-message-ttl": 1, "x-exchange": WEBHOOKS, "x-routing-key": "cell.3"}},
}
"""Properties and headers that might lead a broker or a careless consumer somewhere."""


@pytest.fixture
def broker(management: Management, amqp_url: str, vhost: str) -> Iterator[BrokerUsers]:
    """Users on the broker."""
    with broker_users(management, amqp_url, vhost) as made:
        yield made


@pytest.fixture
async def partner(broker: BrokerUsers, vhost_url: str) -> AsyncIterator[AbstractConnection]:
    """The partner's connection."""
    await declare_topology(vhost_url)
    async with await aio_pika.connect(broker.partner_url) as connection:
        yield connection


async def _done(connection: AbstractConnection, attempt: Any) -> bool:
    """Whether the broker lets it be done; a channel of its own each, since a refusal closes it."""
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    try:
        await attempt(channel)
    except AMQPError as error:
        if "ACCESS_REFUSED" not in str(error):
            raise
        return False
    await channel.close()
    return True


async def _publish(channel: AbstractChannel, exchange: str, key: str, body: bytes = b"{}", **more: Any) -> None:
    target = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
    await target.publish(aio_pika.Message(body, **more), key, mandatory=False)


async def test_a_partner_may_do_what_is_documented_and_nothing_else(
    broker: BrokerUsers, partner: AbstractConnection
) -> None:
    """Public keys on the exchange of clients, queues under its own name, the events told to clients: no more."""
    own = f"{CLIENT_QUEUES}{broker.partner}."

    async def listen(channel: AbstractChannel, key: str) -> None:
        queue = await channel.declare_queue(f"{own}events", durable=True)
        await queue.bind(EVENTS, key)

    for key in PUBLIC_KEYS:
        assert await _done(partner, lambda c, key=key: _publish(c, CLIENTS, key)), key
    for key in LISTENER_KEYS:
        assert await _done(partner, lambda c, key=key: listen(c, key)), key
    for key in ("#", "*.*", CELLS_FINISHED, "cells.#"):
        assert not await _done(partner, lambda c, key=key: listen(c, key)), key
    for key in (cell_key(3), CELLS_FINISHED, "app.uninstalled", "job.requests", "xjob.request", "#"):
        assert not await _done(partner, lambda c, key=key: _publish(c, CLIENTS, key)), key
    for exchange in ("", *sorted(set(EXCHANGES) - {CLIENTS}), "amq.topic", "amq.direct", "amq.fanout", "amq.headers"):
        for key in (JOB_REQUEST, cell_key(3), "trueup.cells.3", f"{own}events"):
            assert not await _done(partner, lambda c, e=exchange, k=key: _publish(c, e, k)), (exchange, key)
    await _no_queue_is_another_way(broker, partner)


async def _no_queue_is_another_way(broker: BrokerUsers, partner: AbstractConnection) -> None:
    own = f"{CLIENT_QUEUES}{broker.partner}."
    for queue in QUEUES:
        assert not await _done(partner, lambda c, q=queue: _get(c, q.name)), queue.name
        assert not await _done(partner, lambda c, q=queue: c.queue_delete(q.name)), queue.name
        assert not await _done(partner, lambda c, q=queue: _purge(c, q.name)), queue.name
        assert not await _done(partner, lambda c, q=queue: _bind(c, q.name)), queue.name
    refused = [f"{CLIENT_QUEUES}other.events", "trueup.mine", f"{CLIENT_QUEUES}{broker.partner}x.events", "q", ""]
    for name in refused:
        assert not await _done(partner, lambda c, n=name: c.declare_queue(n or None)), name
    # A queue that dies into Trueup's exchanges, and an exchange that leads there, would publish for the partner.
    for exchange in sorted(set(EXCHANGES) - {CLIENTS}):
        dying = {"x-dead-letter-exchange": exchange, "x-dead-letter-routing-key": "cell.3", "x-message-ttl": 1}
        assert not await _done(partner, lambda c, a=dying: c.declare_queue(f"{own}dying", arguments=a)), exchange
        leading = {"alternate-exchange": exchange}
        assert not await _done(
            partner, lambda c, a=leading: c.declare_exchange(f"{own}leading", "fanout", arguments=a)
        ), exchange
        assert not await _done(partner, lambda c, e=exchange: _lead(c, f"{own}plain", e)), exchange
    assert not await _done(partner, lambda c: c.exchange_delete(CLIENTS))


async def _get(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).get(fail=False)


async def _purge(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).purge()


async def _bind(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).bind(CLIENTS, JOB_REQUEST)


async def _lead(channel: AbstractChannel, name: str, exchange: str) -> None:
    """An exchange of the partner's own that leads to one of Trueup's."""
    source = await channel.declare_exchange(name, "fanout", durable=False)
    await (await channel.get_exchange(exchange, ensure=False)).bind(source, "")


class Spy:
    """Hears everything that is published to Trueup's own exchanges, by whomever."""

    def __init__(self) -> None:
        """Nothing heard yet."""
        self.heard: list[tuple[str, str, bytes, dict[str, Any]]] = []

    async def listen(self, url: str) -> AbstractConnection:
        """Begin; the connection is the caller's to close."""
        connection = await aio_pika.connect(url)
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        for exchange in (COMMANDS, EVENTS, WEBHOOKS):
            await queue.bind(exchange, "#")
        await queue.consume(self._hear, no_ack=True)
        return connection

    async def _hear(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        told = (message.exchange or "", message.routing_key or "", message.body, dict(message.headers))
        self.heard.append(told)


async def test_no_header_of_a_partners_makes_trueup_send_for_it(
    partner: AbstractConnection, vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """Whatever its headers: taken by its key for the partner's own request, or kept; never sent on as anything else.

    First with nobody there and a life of a millisecond, when the broker would put every message among the dead letters
    by what its headers say; then with every part at work.
    """
    spy, mark = Spy(), "the partner's own"
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(await spy.listen(vhost_url))
        world = await stack.enter_async_context(shop_world(vhost_url, mongodb_uri, database_name, locations=1))
        await world.add_boms({"A": [7]}, tracks=True)
        await world.agree()
        (place,) = world.locations
        cell = CellWork(shop=SHOP, job_id=new_id(), bom_id="A", location_id=place).to_json()
        channel = await partner.channel(publisher_confirms=True, on_return_raises=True)
        sent = 0
        for properties in FORGED.values():
            for key, body in ((JOB_REQUEST, cell), (JOB_CANCEL, json.dumps({"shop": SHOP, "x": mark}).encode())):
                await _publish(channel, CLIENTS, key, body, expiration=0.001, delivery_mode=2, **properties)
                sent += 1
        admin = await (await stack.enter_async_context(await aio_pika.connect(vhost_url))).channel()

        async def waiting() -> int:
            queues = [await admin.declare_queue(queue.name, passive=True) for queue in QUEUES]
            return sum(queue.declaration_result.message_count or 0 for queue in queues)

        async def none() -> bool:
            return await waiting() == 0

        await until(none, what=f"the end of {sent} messages", progress=waiting, every=0.2)
        await stack.enter_async_context(reconciler(world, watchdog_every=0.3))
        preview = await PreviewService.start(world.settings)
        stack.push_async_callback(preview.stop)
        ingest = await WebhookIngestService.start(world.settings, roles=["indexer"])
        stack.push_async_callback(ingest.stop)
        asked: dict[str, str] = {}
        # A header that only the broker writes: such a message is kept at once.
        of_deaths = {name for name, properties in FORGED.items() if "x-death" in properties.get("headers", {})}
        for name, properties in FORGED.items():
            request = JobRequest(
                shop=SHOP,
                job_id=new_id(),
                direction=Direction.TO_LOCAL,
                selection=SelectionBody(bom_ids=["none"]),
                source=JobSource.DRIFT,
                requested_by="user:42",
            )
            asked[name] = request.job_id
            await _publish(channel, CLIENTS, JOB_REQUEST, request.to_json(), delivery_mode=2, **properties)
            await _publish(channel, CLIENTS, JOB_REQUEST, cell, delivery_mode=2, **properties)

        for name in asked.keys() - of_deaths:
            job_id = asked[name]
            job = await world.ended(job_id)
            assert (job["requested_by"], job["source"]) == ("amqp:user:42", "api"), name
            assert TRACE.split("-")[1] not in str(job.get("trace")), name
        letters = world.mongo.db["dead_letters"]

        async def kept() -> bool:
            return await letters.count_documents({"body": cell}) >= len(FORGED)

        await changed(letters, kept, what="every body that is none of its key's is kept")
        assert not [key async for key in _keys(letters) if key.startswith(("cell.", "cells.", "app."))]
    told = [(exchange, key) for exchange, key, body, _ in spy.heard if body == cell or mark.encode() in body]
    assert told == []
    assert not [key for exchange, key, *_ in spy.heard if exchange == WEBHOOKS]
    assert not [key for exchange, key, *_ in spy.heard if exchange == COMMANDS and key in PUBLIC_KEYS]
    assert not [headers for *_, headers in spy.heard if set(headers) - {"traceparent"}]


async def _keys(letters: Any) -> AsyncIterator[str]:
    for key in await letters.distinct("key"):
        yield key


async def test_a_partners_words_are_marked_as_its_own(
    broker: BrokerUsers, partner: AbstractConnection, vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """Who asks, and why, is kept as the client's word, with its broker user where that is proven; Trueup's as it is."""
    async with AsyncExitStack() as stack:
        world: ShopWorld = await stack.enter_async_context(
            shop_world(vhost_url, mongodb_uri, database_name, locations=1)
        )
        await world.add_boms({"A": [7]}, tracks=True)
        await world.agree()
        await stack.enter_async_context(reconciler(world))
        preview = await PreviewService.start(world.settings)
        stack.push_async_callback(preview.stop)
        channel = await partner.channel(publisher_confirms=True, on_return_raises=True)
        queue = await channel.declare_queue(f"{CLIENT_QUEUES}{broker.partner}.events", durable=True)
        await queue.bind(EVENTS, PREVIEW_READY)

        request = PreviewRequest(
            shop=SHOP, preview_id=new_id(), selection=SelectionBody(bom_ids="all"), requested_by="user:42"
        )
        await _publish(channel, CLIENTS, PREVIEW_REQUEST, request.to_json(), user_id=broker.partner)
        made = await world.document("previews", request.preview_id, lambda one: one["state"] == "ready")
        assert made["requested_by"] == f"amqp({broker.partner}):user:42"
        event = await arrival(_next(queue), what="the event that a client is told", progress=writes_to(world.mongo.db))
        assert event["preview_id"] == request.preview_id

        for source, kept in ((JobSource.SCHEDULE, "api"), (JobSource.ADMIN, "api"), (JobSource.RETRY, "api")):
            job = JobRequest(
                shop=SHOP,
                job_id=new_id(),
                direction=Direction.TO_LOCAL,
                selection=SelectionBody(bom_ids="all"),
                source=source,
                requested_by="",
            )
            await _publish(channel, CLIENTS, JOB_REQUEST, job.to_json())
            ended = await world.ended(job.job_id)
            assert (ended["source"], ended["requested_by"]) == (kept, "amqp:")
        own = await world.run(Direction.TO_LOCAL, source=JobSource.SCHEDULE)
        assert (own["source"], own["requested_by"]) == ("schedule", "tests")

        (place,) = world.locations
        adjust = CountAdjust(
            shop=SHOP, bom_id="A", location_id=place, delta=2, idempotency_key="k", actor="user:42", cause="counted"
        )
        await _publish(channel, CLIENTS, COUNT_ADJUST, adjust.to_json(), user_id=broker.partner)
        noted = await stored(world.mongo.db["adjustments"], {"shop": SHOP, "key": "k"})
        assert noted["actor"] == f"amqp({broker.partner}):user:42"
        item = BomUpsert(shop=SHOP, bom_id="C", inventory_item_id="77", name="C")
        await _publish(channel, CLIENTS, BOM_UPSERT, item.to_json())
        await stored(world.mongo.db["boms"], {"shop": SHOP, "bom_id": "C"})

    # The proof is the broker's: another's name closes the channel.
    with pytest.raises((AMQPError, DeliveryError)):
        await _publish(channel, CLIENTS, JOB_REQUEST, b"{}", user_id="guest")


async def _next(queue: aio_pika.abc.AbstractQueue) -> Any:
    async with queue.iterator(no_ack=True) as messages:
        return json.loads((await anext(messages)).body)
