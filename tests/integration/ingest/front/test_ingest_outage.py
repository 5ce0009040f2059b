"""The broker or the store away: answers in time, and no webhook lost."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import pytest

from deploy.local.mongodb import MongoDbReplicaSet
from deploy.local.rabbitmq import RabbitMqNode
from services.webhook_ingest.bootstrap import WebhookIngestService
from services.webhook_ingest.front import front
from shared.rabbitmq import connection
from shared.rabbitmq.publishing import publisher
from tests.integration.ingest.ingest_setup import at, counted, headers_of, running, settings_for
from tests.integration.relay import Relay
from tests.waiting import arrival, until

SHOPIFY_WAITS = 5.0
"""Seconds that Shopify gives a webhook."""


@dataclass
class Breakable:
    """A broker that can be frozen, killed and started again."""

    url: str
    freeze: Callable[[], None]
    kill: Callable[[], Awaitable[None]]
    start: Callable[[], Awaitable[None]]


@pytest.fixture(params=["relay", pytest.param("node", marks=pytest.mark.full)])
async def broker(
    request: pytest.FixtureRequest, vhost_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Breakable]:
    """What stands before the shared broker, with short time limits; or a node of its own, with those of the product."""
    if request.param == "node":
        node: RabbitMqNode = request.getfixturevalue("private_rabbitmq")

        async def kill() -> None:
            node.kill()

        async def start() -> None:
            await asyncio.to_thread(node.start)

        yield Breakable(node.url, node.freeze, kill, start)
        return
    monkeypatch.setattr(publisher, "PUBLISH_TIMEOUT", 0.5)
    async with Relay(vhost_url) as relay:

        async def come_back() -> None:
            relay.come_back()

        yield Breakable(relay.url, relay.freeze, relay.go, come_back)


def test_every_limit_of_the_front_is_below_shopifys() -> None:
    """Whichever ends a wait for the broker, Shopify has its answer in time and the front is no hang for it."""
    assert max(front.DEADLINE, publisher.PUBLISH_TIMEOUT, connection.CONNECT_TIMEOUT) < SHOPIFY_WAITS


async def test_broker_away_is_503_within_its_limit_and_then_200(
    broker: Breakable, mongodb_uri: str, database_name: str
) -> None:
    """A webhook while the broker is frozen or down: 503 by the front's own limit, never a hang; then 200 (case 30)."""
    settings = settings_for(broker.url, mongodb_uri, database_name)
    service = await WebhookIngestService.start(settings, roles={"front"})
    url = f"http://127.0.0.1:{service.port}/webhooks/shopify"
    headers = headers_of("shop/redact", "a.myshopify.com", b"{}")

    async def post() -> int:
        async with client.post(url, data=b"{}", headers=headers) as response:
            return response.status

    async def taken() -> bool:
        return await post() == 200

    async def ready() -> bool:
        async with client.get(f"http://127.0.0.1:{service.operations_port}/readyz") as response:
            return response.status == 200

    async def not_ready() -> bool:
        return not await ready()

    async def answers() -> set[int]:
        return set(await arrival(asyncio.gather(*(post() for _ in range(10))), what="ten answers of the front"))

    async def all_refused() -> bool:
        return await answers() == {503}

    try:
        async with aiohttp.ClientSession() as client:
            assert await answers() == {200}
            broker.freeze()
            await until(all_refused, what="503 of a frozen broker")  # a signal may take a moment to be felt
            await broker.kill()
            await until(not_ready, what="a service that is not ready")
            # Nothing listens now. Should the broker be back within the wait, 200 is right as well.
            refused, _ = await asyncio.gather(answers(), broker.start())
            assert refused <= {503, 200}
            await until(taken, what="a webhook that is taken")
            assert await ready()
    finally:
        await service.stop()
        # aio-pika closes a connection that never came up in its finaliser, which needs the loop to be running.
        gc.collect()
        await asyncio.sleep(0)


async def test_a_store_away_holds_webhooks_and_dead_letters_none(
    vhost_url: str, private_mongodb: MongoDbReplicaSet, database_name: str
) -> None:
    """While MongoDB is down webhooks are taken and wait; when it is back each is applied once, in order."""
    async with running(vhost_url, private_mongodb.uri, database_name) as world:
        shop = await world.shop()
        await shop.bom("b", item="7", tracks=False)
        dead = counted("dead_letters_total", queue="trueup.indexing")
        await asyncio.to_thread(private_mongodb.stop)
        for value in range(1, 31):
            await shop.update("7", value, at(value))
        await asyncio.to_thread(private_mongodb.start)
        await shop.settled()
        assert [after for _, _, after in await shop.ledger("b")] == list(range(1, 31))
        assert counted("dead_letters_total", queue="trueup.indexing") == dead


async def test_stopping_finishes_what_was_taken_and_leaves_the_rest(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """A stop in the middle of a burst loses nothing and does nothing twice: the next start has the rest."""
    async with running(vhost_url, mongodb_uri, database_name) as world:
        shop = await world.shop()
        await shop.bom("b", item="7")
        for value in range(1, 201):
            await shop.update("7", value, at(value))
        await world.service.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await world.post(b"{}", {})
        world.service = await WebhookIngestService.start(world.settings)
        await shop.settled()
        stock = await shop.stock("b")
        assert (stock["index"], stock["events_no"]) == (200, 200)
