"""Consuming: deliveries are acknowledged when their work is in the documents, or dead-lettered with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

import aio_pika
import structlog
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue, AbstractRobustChannel, AbstractRobustConnection

from shared import metrics
from shared.errors import TrueupError
from shared.rabbitmq.connection import connect
from shared.rabbitmq.topology import EVENTS, LISTENER_KEYS, Queue

log = structlog.get_logger()

RETRY_PAUSE = 0.5
"""Seconds before a delivery whose handler failed is given back: a broken store must not spin the queue."""

_GONE = (aio_pika.exceptions.AMQPError, ConnectionError, RuntimeError)


class Reject(TrueupError):
    """This message can never be handled; it goes to the dead letters with this reason."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivered message. Acknowledging on a channel that has gone is no error: the message comes again."""

    key: str
    body: bytes
    headers: dict[str, str]
    redelivered: bool
    queue: str
    since: float
    _message: AbstractIncomingMessage

    async def ack(self) -> None:
        """The work is done, or another message will bring it again."""
        await self._answer(self._message.ack(), "ack")

    async def requeue(self) -> None:
        """Give it back."""
        await self._answer(self._message.nack(requeue=True), "requeue")

    async def reject(self) -> None:
        """To the dead letters."""
        metrics.DEAD_LETTERS.labels(self.queue).inc()
        await self._answer(self._message.reject(requeue=False), "dead")

    async def _answer(self, answer: Awaitable[None], outcome: str) -> None:
        metrics.MESSAGES.labels(self.queue, outcome).inc()
        metrics.MESSAGE_SECONDS.labels(self.queue).observe(monotonic() - self.since)
        try:
            await answer
        except _GONE as error:
            log.info("delivery_channel_gone", queue=self.queue, error=type(error).__name__)


Handler = Callable[[Delivery], Awaitable[None]]


class Subscription:
    """A running consumer of one queue."""

    def __init__(self, channel: AbstractRobustChannel, queue: AbstractQueue, tag: str) -> None:
        self._channel = channel
        self._queue = queue
        self._tag = tag

    @property
    def alive(self) -> bool:
        """Whether its channel is open now."""
        return not self._channel.is_closed

    async def stop(self) -> None:
        """Take no further deliveries; those under way may still be acknowledged until `close`."""
        try:
            await self._queue.cancel(self._tag)
        except _GONE:
            return  # the channel has gone, and the consumer with it

    async def close(self) -> None:
        """Close the channel: what is not acknowledged goes back to the queue."""
        try:
            await self._channel.close()
        except _GONE:
            return


class Consumer:
    """Consumes on a connection of its own; each queue has a channel and a prefetch of its own."""

    def __init__(self, connection: AbstractRobustConnection) -> None:
        self._connection = connection
        self._subscriptions: list[Subscription] = []
        self._running: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, url: str, name: str) -> Consumer:
        """Connect. Raises BrokerUnavailable."""
        return cls(await connect(url, f"{name}-consumer"))

    async def deliver(self, queue: Queue, handler: Handler, *, prefetch: int) -> Subscription:
        """Hand every delivery to `handler`, which answers it itself (ack, requeue, reject)."""
        channel = await self._connection.channel()
        await channel.set_qos(prefetch_count=prefetch)
        source = await channel.get_queue(queue.name, ensure=False)
        return await self._consume(channel, source, queue.name, handler)

    async def handle(self, queue: Queue, handler: Handler, *, prefetch: int) -> Subscription:
        """Run `handler` for every delivery: return acknowledges, Reject dead-letters, anything else gives back."""

        async def guarded(delivery: Delivery) -> None:
            try:
                await handler(delivery)
            except Reject as error:
                log.warning("message_rejected", queue=delivery.queue, key=delivery.key, reason=str(error))
                await delivery.reject()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001  # whatever it is, the message must come again
                log.warning("message_failed", queue=delivery.queue, key=delivery.key, error=repr(error))
                await asyncio.sleep(RETRY_PAUSE)
                await delivery.requeue()
            else:
                await delivery.ack()

        async def start(delivery: Delivery) -> None:
            task = asyncio.create_task(guarded(delivery))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

        return await self.deliver(queue, start, prefetch=prefetch)

    async def listen(self, handler: Handler) -> Subscription:
        """Listen to the events on an exclusive queue of this process; they are acknowledged at once."""
        channel = await self._connection.channel()
        await channel.set_qos(prefetch_count=200)
        source = await channel.declare_queue(exclusive=True, auto_delete=True)
        for key in LISTENER_KEYS:
            await source.bind(EVENTS, key)

        async def acknowledged(delivery: Delivery) -> None:
            await handler(delivery)
            await delivery.ack()

        return await self._consume(channel, source, "events", acknowledged)

    async def _consume(
        self, channel: AbstractRobustChannel, source: AbstractQueue, name: str, handler: Handler
    ) -> Subscription:
        async def on_message(message: AbstractIncomingMessage) -> None:
            headers = {key: value for key, value in message.headers.items() if isinstance(value, str)}
            await handler(
                Delivery(
                    key=message.routing_key or "",
                    body=message.body,
                    headers=headers,
                    redelivered=bool(message.redelivered),
                    queue=name,
                    since=monotonic(),
                    _message=message,
                )
            )

        tag = await source.consume(on_message)
        subscription = Subscription(channel, source, tag)
        self._subscriptions.append(subscription)
        return subscription

    @property
    def ready(self) -> bool:
        """Whether the connection is up and every consumer's channel is open."""
        return self._connection.connected.is_set() and all(s.alive for s in self._subscriptions)

    def forget(self, subscription: Subscription) -> None:
        """A subscription given up on purpose no longer counts for `ready`."""
        self._subscriptions.remove(subscription)

    async def stop(self) -> None:
        """Take no further deliveries and let the running handlers end."""
        await asyncio.gather(*(subscription.stop() for subscription in self._subscriptions))
        if self._running:
            await asyncio.wait(self._running, timeout=20)

    async def close(self) -> None:
        """Close the connection: what is not acknowledged goes back to the queues."""
        await self._connection.close()
