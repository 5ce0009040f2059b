"""Connections to RabbitMQ: one for publishing, one for consuming, so that flow control on one never stops the other.

They are plain ones: publisher and consumer make a new connection themselves when theirs has gone, which leaves no
state between "closed" and "restored" in which a channel can be stuck.
"""

from __future__ import annotations

import asyncio

import aio_pika
from aio_pika.abc import AbstractConnection
from aiormq.exceptions import ChannelAccessRefused, ChannelNotFoundEntity
from pamqp.common import FieldTable
from yarl import URL

from shared.errors import BrokerUnavailable
from shared.rabbitmq.declaring import declare_queue
from shared.rabbitmq.topology import EXCHANGES, QUEUES

CONNECT_TIMEOUT = 4.0
HEARTBEAT = 15
"""Seconds, unless the URL says otherwise; a frozen broker, or a frozen client, is noticed after about two of them."""

GONE = (aio_pika.exceptions.AMQPError, ConnectionError, RuntimeError, OSError, TimeoutError)
"""What a call on a connection or channel that has gone may raise (an invalid channel state is a RuntimeError)."""


async def connect(url: str, name: str) -> AbstractConnection:
    """Open a connection. Raises BrokerUnavailable."""
    properties: FieldTable = {"connection_name": name}
    if "heartbeat=" not in url:
        url = f"{url}{'&' if '?' in url else '?'}heartbeat={HEARTBEAT}"
    connection = aio_pika.Connection(URL(url), client_properties=properties)
    try:
        await connection.connect(timeout=CONNECT_TIMEOUT)
        return connection
    except GONE as error:
        # Left open, it would be closed by its finaliser, in some later and unrelated place.
        await connection.close()
        raise BrokerUnavailable(f"RabbitMQ cannot be reached: {type(error).__name__}") from error


def is_up(connection: AbstractConnection) -> bool:
    """Whether the connection has its transport: `is_closed` only tells of a close that we asked for."""
    return connection.connected.is_set()


async def declare_topology(url: str) -> None:
    """Declare every exchange, queue and binding, on a connection of its own: a refused declare closes its channel.

    A user that may not declare them all looks whether they are there, made by `trueup prepare`. Raises
    BrokerUnavailable, also where not, and QueueDiffers.
    """
    connection = await connect(url, "trueup-topology")
    try:
        try:
            await _declare(connection)
        except ChannelAccessRefused:
            await _must_be_there(connection)
    finally:
        await connection.close()


async def _must_be_there(connection: AbstractConnection) -> None:
    """Every exchange and queue, by their names: whoever takes from a queue may declare that one itself."""
    channel = await connection.channel()
    try:
        for exchange in EXCHANGES:
            await channel.get_exchange(exchange, ensure=True)
        for queue in QUEUES:
            await channel.get_queue(queue.name, ensure=True)
    except ChannelNotFoundEntity as error:
        raise BrokerUnavailable("RabbitMQ is not prepared: run `trueup prepare` first") from error


async def _declare(connection: AbstractConnection) -> None:
    channel = await connection.channel()
    exchanges = {
        name: await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True) for name in EXCHANGES
    }

    async def declare(queue_number: int) -> None:
        wanted = QUEUES[queue_number]
        queue = await channel.declare_queue(wanted.name, durable=True, arguments=wanted.declare_arguments())
        for exchange, key in wanted.bindings:
            await queue.bind(exchanges[exchange], key)

    outcomes = await asyncio.gather(*(declare(number) for number in range(len(QUEUES))), return_exceptions=True)
    if any(outcomes):
        # One was refused, which closed the channel under the others: one by one, to see which.
        for queue in QUEUES:
            await declare_queue(connection, queue)
