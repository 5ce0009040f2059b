"""Connections to RabbitMQ: one for publishing, one for consuming, so that flow control on one never stops the other.

They are plain ones: publisher and consumer make a new connection themselves when theirs has gone, which leaves no
state between "closed" and "restored" in which a channel can be stuck.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import aio_pika
from aio_pika.abc import AbstractConnection
from aiormq.exceptions import (
    ChannelAccessRefused,
    ChannelLockedResource,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
)
from pamqp.common import FieldTable
from yarl import URL

from shared.rabbitmq.access.refusals import differs, not_prepared, why_not_connected, why_refused
from shared.rabbitmq.access.rights import WORK
from shared.rabbitmq.access.rights_check import must_publish
from shared.rabbitmq.queue_declaration import declare_queue
from shared.rabbitmq.topology import EXCHANGES, QUEUES
from shared.roles import Role
from shared.server_probe import known_name

CONNECT_TIMEOUT = 4.0
FIRST_ANSWER = 1.5
"""Seconds for the first connection of a process: whoever waits for its start is to hear soon what is away. The
address may say otherwise (`connection_timeout`, in milliseconds, as RabbitMQ's own clients know it)."""

HEARTBEAT = 15
"""Seconds, unless the URL says otherwise; a frozen broker, or a frozen client, is noticed after about two of them."""

GONE = (aio_pika.exceptions.AMQPError, ConnectionError, RuntimeError, OSError, TimeoutError)
"""What a call on a connection or channel that has gone may raise (an invalid channel state is a RuntimeError)."""


async def connect(url: str, name: str, *, first: bool = False) -> AbstractConnection:
    """Open a connection. Raises BrokerUnavailable, as BrokerRefuses where it is not let in.

    `first`: it is the process's first one, so that whoever started it waits; what answers in RabbitMQ's place is looked
    at, too.
    """
    properties: FieldTable = {"connection_name": name}
    if "heartbeat=" not in url:
        url = f"{url}{'&' if '?' in url else '?'}heartbeat={HEARTBEAT}"
    connection = aio_pika.Connection(URL(url), client_properties=properties)
    within = _patience(connection.url) if first else CONNECT_TIMEOUT
    try:
        async with asyncio.timeout(within):
            await known_name(connection.url.host or "", within)
            await connection.connect(timeout=within)
        return connection
    except (*GONE, StopAsyncIteration, ValueError) as error:  # the last two where a stranger answers
        # Left open, it would be closed by its finaliser, in some later and unrelated place.
        await connection.close()
        raise await why_not_connected(url, error, looking=first) from error


def _patience(url: URL) -> float:
    try:
        return int(url.query.get("connection_timeout", "")) / 1000
    except ValueError:
        return FIRST_ANSWER


def is_up(connection: AbstractConnection) -> bool:
    """Whether the connection has its transport: `is_closed` only tells of a close that we asked for."""
    return connection.connected.is_set()


async def declare_topology(url: str, roles: Collection[Role] = ()) -> None:
    """Declare every exchange, queue and binding, on a connection of its own: a refused declare closes its channel.

    A user that may not declare them all looks whether they are there, made by `trueup prepare`, and declares those that
    its roles take from. What the roles publish to is tried. Raises BrokerUnavailable, as BrokerRefuses where it would
    not work: what is not prepared, other arguments, a right that is missing.
    """
    connection = await connect(url, "trueup-topology", first=True)
    try:
        try:
            await _declare(url, connection)
        except ChannelAccessRefused:
            await _must_be_there(url, connection)
            for queue in {queue.name: queue for role in roles if role in WORK for queue in WORK[role].takes}.values():
                await declare_queue(connection, queue)
        await must_publish(connection, roles)
    except GONE as error:
        raise why_refused(url, error) from error
    finally:
        await connection.close()


async def _must_be_there(url: str, connection: AbstractConnection) -> None:
    """Every exchange and queue, by their names: whoever takes from a queue may declare that one itself."""
    channel = await connection.channel()
    try:
        for exchange in EXCHANGES:
            await channel.get_exchange(exchange, ensure=True)
        for queue in QUEUES:
            await channel.get_queue(queue.name, ensure=True)
    except ChannelNotFoundEntity as error:
        raise not_prepared(url, error) from error


async def _declare(url: str, connection: AbstractConnection) -> None:
    channel = await connection.channel()
    exchanges = {}
    for name in EXCHANGES:
        try:
            exchanges[name] = await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)
        except ChannelPreconditionFailed as error:
            raise differs(url, f"the exchange {name}", error) from error

    async def declare(queue_number: int) -> None:
        wanted = QUEUES[queue_number]
        queue = await channel.declare_queue(wanted.name, durable=True, arguments=wanted.declare_arguments())
        for exchange, key in wanted.bindings:
            await queue.bind(exchanges[exchange], key)

    outcomes = await asyncio.gather(*(declare(number) for number in range(len(QUEUES))), return_exceptions=True)
    if any(outcomes):
        # One was refused, which closed the channel under the others: one by one, to see which.
        for queue in QUEUES:
            try:
                await declare_queue(connection, queue)
            except ChannelLockedResource as error:
                raise differs(url, f"the queue {queue.name}", error) from error
