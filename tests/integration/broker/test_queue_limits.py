"""Every queue has a largest size, the broker a largest message, and neither loses what was taken."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.exceptions import AMQPError

from services.webhook_ingest.front import front
from shared.contract.messages import BomUpsert, JobCancel, PreviewRequest
from shared.contract.selection import CellRef, SelectionBody
from shared.errors import BrokerUnavailable, QueueDiffers
from shared.metrics import REGISTRY
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.consuming.delivery import Delivery
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import BOM_UPSERT, INDEXING, JOB_CANCEL, JOBS, MAX_MESSAGE, PREVIEWS, QUEUES, RECORDS
from tests.backends.management import Management
from tests.waiting import arrival, until

SHOP = "limits.myshopify.com"
ULID = "01M88VNCS15QS29MB0YK3GJBC6"


@pytest.fixture
def url(amqp_url: str, fresh_vhost: str) -> str:
    """AMQP URL of a new vhost: policies and queues of another kind are left in it."""
    return urlsplit(amqp_url)._replace(path=f"/{fresh_vhost}").geturl()


def cancel(number: int) -> JobCancel:
    """A small command."""
    return JobCancel(shop=SHOP, job_id=f"{ULID[:-4]}{number:04}")


async def oldest(queue: str) -> float:
    """The metric of the oldest delivery of a queue that is not answered."""
    return REGISTRY.get_sample_value("trueup_message_oldest_seconds", {"queue": queue}) or 0.0


def test_every_queue_has_a_largest_size_that_refuses() -> None:
    """Messages and bytes, beyond which publishers are refused: nothing that was taken is dropped."""
    for queue in QUEUES:
        arguments = queue.declare_arguments()
        assert 0 < arguments["x-max-length"] <= 2_000_000, queue.name
        assert 0 < arguments["x-max-length-bytes"] <= 2 * 1024**3, queue.name
        assert arguments["x-overflow"] == "reject-publish", queue.name


def test_an_honest_message_is_never_too_large() -> None:
    """A selection of the most cells, with ids as long as ULIDs and Shopify's, and the longest record fit in."""
    cells = [CellRef(bom_id=f"{number:026}", location_id=f"{10**13 + number}") for number in range(100_000)]
    request = PreviewRequest(shop=SHOP, preview_id=ULID, selection=SelectionBody(cells=cells))
    assert len(request.to_json()) < PREVIEWS.largest == JOBS.largest
    tags = ["\u00e4" * 200 for _ in range(100)]
    bom = BomUpsert(shop=SHOP, bom_id="B", inventory_item_id="1", name="\u00e4" * 500, tags=tags)
    assert len(json.dumps(json.loads(bom.to_json()))) < RECORDS.largest
    assert INDEXING.largest >= front.BODY_LIMIT


async def test_a_full_queue_refuses_and_holds_up_no_other(url: str, fresh_vhost: str, management: Management) -> None:
    """A publisher into a full queue is told, others go on, and as soon as there is room it is taken again."""
    await declare_topology(url)
    policy = {"pattern": f"^{JOBS.name}$", "definition": {"max-length": 5}, "apply-to": "queues"}
    management.request("PUT", f"/policies/{fresh_vhost}/small", policy)
    publisher = await Publisher.open(url, "test")
    taken: list[Delivery] = []

    async def refused() -> bool:
        try:
            await publisher.command(JOB_CANCEL, cancel(len(taken)))
        except BrokerUnavailable:
            return True
        return False

    await until(refused, what="a full queue")
    other = BomUpsert(shop=SHOP, bom_id="B", inventory_item_id="1", name="B")
    await publisher.command(BOM_UPSERT, other)
    consumer = await Consumer.open(url, "test")

    async def take(delivery: Delivery) -> None:
        taken.append(delivery)
        await delivery.ack()

    async def has_room() -> bool:
        return not await refused()

    try:
        await consumer.deliver(JOBS, take, prefetch=1)
        await until(has_room, what="room in the queue", progress=lambda: len(taken))
    finally:
        await consumer.stop()
        await consumer.close()
        await publisher.close()


async def test_a_queue_of_an_earlier_build_is_taken_as_it_is(url: str) -> None:
    """Queues that were declared before there were limits let every service start, and their consumers open again."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        for queue in (JOBS, RECORDS):
            await channel.declare_queue(queue.name, durable=True, arguments=queue.arguments_without_room())
        await declare_topology(url)
        consumer = await Consumer.open(url, "test")
        publisher = await Publisher.open(url, "test")
        came = asyncio.Event()

        async def take(delivery: Delivery) -> None:
            await delivery.ack()
            came.set()

        subscription = await consumer.deliver(JOBS, take, prefetch=1)
        await subscription.close()
        await until(subscription.alive, what="a consumer that is opened again")
        await publisher.command(JOB_CANCEL, cancel(1))
        await arrival(came.wait(), what="a message of the queue")
        await consumer.stop()
        await consumer.close()
        await publisher.close()


async def test_a_queue_of_another_kind_stops_the_start_with_its_name(url: str) -> None:
    """A classic queue would lose messages with its node: one line names it and says what to do."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(RECORDS.name, durable=True)
    with pytest.raises(QueueDiffers, match=r"trueup\.records .* drain") as caught:
        await declare_topology(url)
    assert "\n" not in str(caught.value)


async def test_the_broker_takes_no_message_that_is_too_large(url: str) -> None:
    """16 MiB are taken, one byte more is refused to its publisher, before any consumer has to read it."""
    await declare_topology(url)
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(JOBS.exchange, ensure=False)
        await exchange.publish(aio_pika.Message(b"x" * MAX_MESSAGE), JOB_CANCEL)
        with pytest.raises(AMQPError, match="larger than configured max size"):
            await exchange.publish(aio_pika.Message(b"x" * (MAX_MESSAGE + 1)), JOB_CANCEL)


async def test_the_age_of_what_is_unacknowledged_is_told(url: str) -> None:
    """From its delivery on a message has an age in the metrics, which grows, until it is answered."""
    await declare_topology(url)
    consumer = await Consumer.open(url, "test")
    publisher = await Publisher.open(url, "test")
    held: asyncio.Queue[Delivery] = asyncio.Queue()
    try:
        await consumer.deliver(JOBS, held.put, prefetch=10)
        assert await oldest(JOBS.name) == 0
        for number in range(2):
            await publisher.command(JOB_CANCEL, cancel(number))
        first, second = await arrival(held.get(), what="a message"), await arrival(held.get(), what="another")
        age = await oldest(JOBS.name)
        assert age > 0
        await first.ack()
        younger = await oldest(JOBS.name)
        assert younger > 0
        await second.ack()
        assert await oldest(JOBS.name) == 0
    finally:
        await consumer.stop()
        await consumer.close()
        await publisher.close()
