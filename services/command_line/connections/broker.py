"""A command's connections to RabbitMQ, as any other client of Trueup has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from shared.contract.seal import Seals
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.publishing.publisher import Publisher
from shared.roles import Role
from shared.setting_groups import BrokerSettings


@dataclass(frozen=True, slots=True)
class Broker:
    """Both connections of a command to RabbitMQ."""

    publisher: Publisher
    consumer: Consumer


@asynccontextmanager
async def open_broker(settings: BrokerSettings, secrets: Sequence[str]) -> AsyncIterator[Broker]:
    """Connect, and make sure that the queues are there. Raises BrokerUnavailable."""
    url = settings.amqp_url.get_secret_value()
    roles = [Role.COMMAND_LINE]
    await declare_topology(url, roles)
    async with AsyncExitStack() as stack:
        publisher, consumer = await asyncio.gather(
            Publisher.open(url, "command-line", Seals(secrets), roles=roles),
            Consumer.open(url, "command-line"),
        )
        stack.push_async_callback(publisher.close)
        stack.push_async_callback(consumer.close)
        yield Broker(publisher, consumer)
