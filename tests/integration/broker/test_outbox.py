"""Messages that are written together are confirmed one by one: what becomes of one is no other's affair."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.exceptions import ChannelInvalidStateError, DeliveryError, PublishError
from aiormq import Channel
from aiormq.exceptions import ChannelNotFoundEntity
from pamqp.common import FieldTable

from shared.rabbitmq.publishing.frames import Outgoing
from shared.rabbitmq.publishing.outbox import Confirmed, Outbox

FULL: FieldTable = {"x-queue-type": "quorum", "x-max-length": 3, "x-overflow": "reject-publish"}


@pytest.fixture
def url(amqp_url: str, fresh_vhost: str) -> str:
    """AMQP URL of a new vhost."""
    return urlsplit(amqp_url)._replace(path=f"/{fresh_vhost}").geturl()


def to(queue: str, number: int, *, body: bytes = b"{}", mandatory: bool = True, exchange: str = "") -> Outgoing:
    """A message with its number."""
    return Outgoing(exchange, queue, body, {"number": str(number)}, mandatory)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[aio_pika.abc.AbstractChannel, Channel, Outbox]]:
    """A channel with confirms, as the publisher has one, and its outbox."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        inside = await channel.get_underlay_channel()
        assert isinstance(inside, Channel)
        yield channel, inside, Outbox(inside)


async def ends_of(confirmed: list[Confirmed]) -> list[type[BaseException] | None]:
    """How each ended: None where the broker has it."""
    ended = await asyncio.gather(*confirmed, return_exceptions=True)
    return [type(one) if isinstance(one, BaseException) else None for one in ended]


async def taken(channel: aio_pika.abc.AbstractChannel, queue: str, count: int) -> list[tuple[str, bytes]]:
    """So many messages out of a queue: their numbers and bodies."""
    source = await channel.get_queue(queue)
    got = [await source.get(no_ack=True, fail=False) for _ in range(count)]
    return [(str(one.headers["number"]), one.body) for one in got if one is not None]


async def test_many_are_written_together_and_come_in_order(url: str) -> None:
    """Hundreds at once, some of many frames: each is in the queue as it was handed over, in that order."""
    async with opened(url) as (channel, inside, outbox):
        await channel.declare_queue("together")
        bodies = [b"{}" if number % 100 else bytes(300_000) for number in range(500)]
        confirmed = [outbox.publish(to("together", number, body=body)) for number, body in enumerate(bodies)]
        assert await ends_of(confirmed) == [None] * 500
        assert await taken(channel, "together", 500) == [(str(number), body) for number, body in enumerate(bodies)]
        assert not inside.confirmations
        assert not inside.message_id_delivery_tag


async def test_one_that_cannot_be_routed_comes_back_alone(url: str) -> None:
    """The others of the same write are confirmed; one that need not be routed is confirmed, too."""
    async with opened(url) as (channel, _, outbox):
        await channel.declare_queue("here")
        queues = ["here", "nowhere", "here"]
        confirmed = [outbox.publish(to(queue, number)) for number, queue in enumerate(queues)]
        confirmed.append(outbox.publish(to("nowhere", 3, mandatory=False)))
        assert await ends_of(confirmed) == [None, PublishError, None, None]
        assert await taken(channel, "here", 3) == [("0", b"{}"), ("2", b"{}")]


async def test_what_a_full_queue_refuses_is_known_one_by_one(url: str) -> None:
    """Of many messages for a full queue those that it took are confirmed, and all others are refused."""
    async with opened(url) as (channel, _, outbox):
        await channel.declare_queue("full", durable=True, arguments=FULL)
        ended: list[type[BaseException] | None] = []
        # A quorum queue notices a little late that it is full.
        while DeliveryError not in ended:
            ended += await ends_of([outbox.publish(to("full", len(ended) + more)) for more in range(5)])
        kept = [str(number) for number, how in enumerate(ended) if how is None]
        assert set(ended) == {None, DeliveryError}
        assert [number for number, _ in await taken(channel, "full", len(ended))] == kept


async def test_one_given_up_before_it_is_written_is_not_sent(url: str) -> None:
    """Its number is another's: the confirms of the others are theirs."""
    async with opened(url) as (channel, _, outbox):
        await channel.declare_queue("some")
        confirmed = [outbox.publish(to("some", number)) for number in range(3)]
        confirmed[1].cancel()
        too_long = outbox.publish(to("x" * 256, 3))
        last = outbox.publish(to("some", 4))
        assert await ends_of([confirmed[0], confirmed[2], too_long, last]) == [None, None, ValueError, None]
        assert [number for number, _ in await taken(channel, "some", 4)] == ["0", "2", "4"]


async def test_what_closes_the_channel_is_what_everyone_hears(url: str) -> None:
    """A message for an exchange that is not there closes it; who publishes on it later hears that it is closed."""
    async with opened(url) as (channel, _, outbox):
        await channel.declare_queue("here")
        confirmed = [outbox.publish(to("here", number, exchange="not.there")) for number in range(3)]
        assert await ends_of(confirmed) == [ChannelNotFoundEntity] * 3
        with pytest.raises(ChannelInvalidStateError):
            outbox.publish(to("here", 4))


async def test_what_waits_when_the_connection_goes_is_not_confirmed(url: str) -> None:
    """Neither what was written nor what was not ends as if the broker had it, and nobody waits for ever."""
    async with opened(url) as (channel, inside, outbox):
        await channel.declare_queue("here")
        confirmed = [outbox.publish(to("here", number)) for number in range(3)]
        await inside.connection.close()
        assert all(how is not None for how in await ends_of(confirmed))
