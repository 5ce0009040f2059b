"""The broker or the store away: answers in time, and no webhook lost."""

import asyncio
import gc
from time import monotonic

import aiohttp
import pytest

from deploy.local.mongodb import MongoDbReplicaSet
from deploy.local.rabbitmq import RabbitMqNode
from services.webhook_ingest.bootstrap import WebhookIngestService
from tests.integration.ingest_setup import at, counted, headers_of, running, settings_for, until


async def test_broker_away_is_503_within_five_seconds_and_then_200(
    private_rabbitmq: RabbitMqNode, mongodb_uri: str, database_name: str
) -> None:
    """A webhook while the broker is frozen or down: 503 within 5 s, never a hang; once it is back: 200 (case 30)."""
    settings = settings_for(private_rabbitmq.url, mongodb_uri, database_name)
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
        began = monotonic()
        statuses = set(await asyncio.gather(*(post() for _ in range(10))))
        assert monotonic() - began < 5
        return statuses

    async def all_refused() -> bool:
        return await answers() == {503}

    try:
        async with aiohttp.ClientSession() as client:
            assert await answers() == {200}
            private_rabbitmq.freeze()
            await until(all_refused, 20)  # the signal may take a moment to be felt
            private_rabbitmq.kill()
            await until(not_ready)
            # Nothing listens now. Should the broker be back within the wait, 200 is right as well.
            refused, _ = await asyncio.gather(answers(), asyncio.to_thread(private_rabbitmq.start))
            assert refused <= {503, 200}
            await until(taken)
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
