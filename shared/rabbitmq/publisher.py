"""Publishing: persistent, confirmed, mandatory for commands and webhooks; every publish has a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import aio_pika
from aio_pika.abc import AbstractExchange, AbstractRobustChannel, AbstractRobustConnection

from shared.contract.messages import Message
from shared.errors import BrokerUnavailable
from shared.rabbitmq.connection import connect
from shared.rabbitmq.topology import COMMANDS, DEAD, EVENTS, WEBHOOKS

PUBLISH_TIMEOUT = 4.0
"""Seconds to wait for the confirm; below the 5 s that Shopify gives a webhook."""

_LOST = (aio_pika.exceptions.AMQPError, aio_pika.exceptions.DeliveryError, ConnectionError, TimeoutError, RuntimeError)


class Publisher:
    """Publishes on a connection of its own."""

    def __init__(self, connection: AbstractRobustConnection, channel: AbstractRobustChannel) -> None:
        self._connection = connection
        self._channel = channel
        self._exchanges: dict[str, AbstractExchange] = {}

    @classmethod
    async def open(cls, url: str, name: str) -> Publisher:
        """Connect. Raises BrokerUnavailable."""
        connection = await connect(url, f"{name}-publisher")
        # An unroutable mandatory message raises instead of being lost silently.
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        publisher = cls(connection, channel)
        for exchange in (COMMANDS, EVENTS, WEBHOOKS, DEAD):
            publisher._exchanges[exchange] = await channel.get_exchange(exchange, ensure=False)
        return publisher

    async def _publish(
        self, exchange: str, key: str, body: bytes, *, mandatory: bool, headers: Mapping[str, str] | None = None
    ) -> None:
        message = aio_pika.Message(
            body,
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT if mandatory else aio_pika.DeliveryMode.NOT_PERSISTENT,
            headers=dict(headers or {}),
        )
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT):
                await self._exchanges[exchange].publish(message, key, mandatory=mandatory)
        except _LOST as error:
            raise BrokerUnavailable(f"RabbitMQ did not confirm {key}: {type(error).__name__}") from error

    async def command(self, key: str, message: Message) -> None:
        """Publish one command. Raises BrokerUnavailable when it is not confirmed in time."""
        await self._publish(COMMANDS, key, message.to_json(), mandatory=True)

    async def commands(self, key: str, messages: Sequence[Message]) -> None:
        """Publish many under one key, gathered: confirms overlap. Raises BrokerUnavailable."""
        await asyncio.gather(*(self.command(key, message) for message in messages))

    async def event(self, key: str, message: Message) -> None:
        """Publish an event; nobody may be listening, and that is no error. Raises BrokerUnavailable."""
        await self._publish(EVENTS, key, message.to_json(), mandatory=False)

    async def finished_event(self, key: str, message: Message) -> None:
        """Publish an event that one of our own queues waits for. Raises BrokerUnavailable."""
        await self._publish(EVENTS, key, message.to_json(), mandatory=True)

    async def webhook(self, topic_key: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Publish the verified bytes of a webhook. Raises BrokerUnavailable."""
        await self._publish(WEBHOOKS, topic_key, body, mandatory=True, headers=headers)

    async def again(self, exchange: str, key: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Publish a dead letter again as it was. Raises BrokerUnavailable."""
        await self._publish(exchange, key, body, mandatory=True, headers=headers)

    @property
    def ready(self) -> bool:
        """Whether the connection and its channel are up now."""
        return self._connection.connected.is_set() and not self._channel.is_closed

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()
