"""Declaring one queue of the topology, also where an earlier build has declared it already.

RabbitMQ refuses a declaration whose arguments are not those that the queue was made with. Limits may be missing there:
the queue works all the same, and a policy of the broker can give it the limits. Anything else decides how it works.
"""

from __future__ import annotations

import contextlib

import aio_pika
import structlog
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError, ChannelPreconditionFailed

from shared.errors import QueueDiffers
from shared.rabbitmq.topology import Queue

log = structlog.get_logger()


async def declare_queue(connection: AbstractConnection, queue: Queue) -> None:
    """Declare a queue and bind it, each try on a channel of its own: a refusal closes the channel.

    Raises QueueDiffers; what aio-pika raises where the connection has gone.
    """
    if await _declared(connection, queue, with_room=True):
        return
    if not await _declared(connection, queue, with_room=False):
        raise QueueDiffers(queue.name)
    log.warning("queue_without_limits", queue=queue.name, remedy="a policy of the broker: docs/operations/limits.md")


async def _declared(connection: AbstractConnection, queue: Queue, *, with_room: bool) -> bool:
    arguments = queue.declare_arguments() if with_room else queue.arguments_without_room()
    channel: aio_pika.abc.AbstractChannel = await connection.channel()
    try:
        found = await channel.declare_queue(queue.name, durable=True, arguments=arguments)
        for exchange, key in queue.bindings:
            await found.bind(exchange, key)
    except ChannelPreconditionFailed:
        return False
    finally:
        with contextlib.suppress(AMQPError, RuntimeError, OSError):
            await channel.close()
    return True
