"""What Trueup relies on of RabbitMQ, run over whichever back-end the tests were given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.contract.messages import BomRemove, CellsFinished
from shared.errors import BrokerUnavailable
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.consuming.delivery import Delivery, Reject
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import BOM_REMOVE, CELLS_FINISHED, DEAD_LETTERS, FINISHED, RECORDS
from tests.backends.management import Management
from tests.waiting import arrival, time_passes, until

MESSAGE = BomRemove(shop="port.myshopify.com", bom_id="A")


@pytest.fixture
async def broker(vhost_url: str) -> AsyncIterator[tuple[Publisher, Consumer]]:
    """The topology in a vhost of its own, with both connections."""
    await declare_topology(vhost_url)
    publisher, consumer = await Publisher.open(vhost_url, "port"), await Consumer.open(vhost_url, "port")
    yield publisher, consumer
    await consumer.stop()
    await consumer.close()
    await publisher.close()


async def test_a_confirmed_command_arrives(broker: tuple[Publisher, Consumer]) -> None:
    """The body arrives byte for byte under its key."""
    publisher, consumer = broker
    arrived: asyncio.Queue[Delivery] = asyncio.Queue()

    async def keep(delivery: Delivery) -> None:
        await arrived.put(delivery)

    await consumer.handle(RECORDS, keep, prefetch=5)
    await publisher.command(BOM_REMOVE, MESSAGE)
    delivery = await arrival(arrived.get(), what="the message")
    assert (delivery.key, delivery.body) == (BOM_REMOVE, MESSAGE.to_json())


async def test_an_unroutable_command_raises(broker: tuple[Publisher, Consumer]) -> None:
    """A command that no queue takes is never lost silently; an event without listeners is no error."""
    publisher, _ = broker
    with pytest.raises(BrokerUnavailable):
        await publisher.command("no.such.key", MESSAGE)
    await publisher.event("drift.detected", MESSAGE)


async def test_a_publisher_that_has_nothing_to_publish_comes_back(
    broker: tuple[Publisher, Consumer], management: Management, vhost: str
) -> None:
    """Readiness makes a lost connection anew: who is not ready is sent nothing, and publishes nothing."""
    publisher, _ = broker

    async def cut() -> bool:
        if await asyncio.to_thread(management.cut_connections, vhost) == 0:
            await time_passes(0.3, why="the management API learns of connections every few seconds only")
        return not publisher.ready

    await until(cut, what="the loss of the connection")
    await until(publisher.reachable, what="a new connection")
    await publisher.command(BOM_REMOVE, MESSAGE)


async def test_what_can_never_be_handled_goes_to_the_dead_letters(broker: tuple[Publisher, Consumer]) -> None:
    """A rejected message leaves its queue and arrives among the dead letters as it was published."""
    publisher, consumer = broker
    dead: asyncio.Queue[Delivery] = asyncio.Queue()

    async def refuse(_: Delivery) -> None:
        raise Reject("not today")

    async def keep(delivery: Delivery) -> None:
        await dead.put(delivery)

    ended = CellsFinished(shop=MESSAGE.shop, job_id="01K0000000000000000000000A", cells=[])
    await consumer.handle(FINISHED, refuse, prefetch=5)
    await consumer.handle(DEAD_LETTERS, keep, prefetch=5)
    await publisher.finished_event(CELLS_FINISHED, ended)
    delivery = await arrival(dead.get(), what="the dead letter")
    assert (delivery.key, delivery.body) == (CELLS_FINISHED, ended.to_json())


async def test_what_failed_comes_again(broker: tuple[Publisher, Consumer]) -> None:
    """A handler that fails gives the message back; it comes again, marked as redelivered."""
    publisher, consumer = broker
    seen: asyncio.Queue[bool] = asyncio.Queue()

    async def fail_once(delivery: Delivery) -> None:
        await seen.put(delivery.redelivered)
        if not delivery.redelivered:
            raise ValueError("the store is away")

    await consumer.handle(RECORDS, fail_once, prefetch=5)
    await publisher.command(BOM_REMOVE, MESSAGE)
    assert [await arrival(seen.get(), what="a delivery") for _ in range(2)] == [False, True]


async def test_a_consumer_comes_back_to_a_queue_that_was_deleted(
    broker: tuple[Publisher, Consumer], vhost_url: str
) -> None:
    """Somebody deletes the queue under the consumer: it is declared again with its bindings, and messages arrive."""
    publisher, consumer = broker
    arrived: asyncio.Queue[Delivery] = asyncio.Queue()

    async def keep(delivery: Delivery) -> None:
        await arrived.put(delivery)

    await consumer.handle(RECORDS, keep, prefetch=5)
    await _delete(vhost_url, RECORDS.name)

    async def published() -> bool:
        try:
            await publisher.command(BOM_REMOVE, MESSAGE)
        except BrokerUnavailable:  # unroutable until the consumer's look-round has declared the queue again
            return False
        return True

    await until(published, what="the queue declared again")
    assert (await arrival(arrived.get(), what="the message")).key == BOM_REMOVE


async def _delete(url: str, queue: str) -> None:
    import aio_pika  # noqa: PLC0415  # the foreign hand that deletes the queue, not the adapter

    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        await channel.queue_delete(queue)
