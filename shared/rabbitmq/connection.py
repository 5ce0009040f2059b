"""Connections to RabbitMQ: one for publishing, one for consuming, so that flow control on one never stops the other."""

from __future__ import annotations

import asyncio

import aio_pika
from aio_pika.abc import AbstractRobustConnection

from shared.errors import BrokerUnavailable
from shared.rabbitmq.topology import EXCHANGES, QUEUES

CONNECT_TIMEOUT = 10.0
HEARTBEAT = 15
"""Seconds; a frozen broker is noticed after about two of them."""


async def connect(url: str, name: str) -> AbstractRobustConnection:
    """Open a connection that reconnects by itself. Raises BrokerUnavailable when the first attempt fails."""
    try:
        return await aio_pika.connect_robust(
            url,
            timeout=CONNECT_TIMEOUT,
            heartbeat=HEARTBEAT,
            client_properties={"connection_name": name},
            reconnect_interval=1,
        )
    except (OSError, TimeoutError, aio_pika.exceptions.AMQPError) as error:
        raise BrokerUnavailable(f"RabbitMQ cannot be reached: {type(error).__name__}") from error


async def declare_topology(url: str) -> None:
    """Declare every exchange, queue and binding, on a connection of its own: a refused declare closes it."""
    connection = await connect(url, "trueup-topology")
    try:
        channel = await connection.channel()
        exchanges = {
            name: await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True) for name in EXCHANGES
        }

        async def declare(queue_number: int) -> None:
            wanted = QUEUES[queue_number]
            queue = await channel.declare_queue(wanted.name, durable=True, arguments=wanted.declare_arguments())
            for key in wanted.keys:
                await queue.bind(exchanges[wanted.exchange], key)

        await asyncio.gather(*(declare(number) for number in range(len(QUEUES))))
    finally:
        await connection.close()
