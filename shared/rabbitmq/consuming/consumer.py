"""Consuming on one connection: every queue a process takes from, opened again when something has gone."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from aio_pika.abc import AbstractConnection
from aiormq.exceptions import ChannelAccessRefused

from shared.contract.seal import Seals
from shared.errors import BrokerRefuses
from shared.observing import tracing
from shared.rabbitmq.access.refusals import why_refused
from shared.rabbitmq.connection import GONE, connect, is_up
from shared.rabbitmq.consuming.delivery import Delivery, Handler, Keeper
from shared.rabbitmq.consuming.frame import Frame
from shared.rabbitmq.consuming.subscription import Subscription
from shared.rabbitmq.topology import Queue

log = structlog.get_logger()

WATCH_EVERY = 0.5
"""Seconds between looks at the consumers."""

LAST_HANDLERS = 20.0
"""Seconds that running handlers get to end when the process stops."""


class Consumer:
    """Consumes on a connection of its own; each queue has a channel and a prefetch of its own.

    What has gone is opened again: the connection, a channel, a consumer that the broker cancelled.
    """

    def __init__(self, url: str, name: str, connection: AbstractConnection, frame: Frame) -> None:
        self._url = url
        self._name = name
        self.frame = frame
        self._connection = connection
        self._subscriptions: list[Subscription] = []
        self._running: set[asyncio.Task[None]] = set()
        self._ready = True
        self.refusal: str | None = None
        """What the broker refuses at present; None: nothing."""
        self._watch = asyncio.create_task(self._keep_open(), name=f"{name} keeps its consumers")

    @classmethod
    async def open(
        cls,
        url: str,
        name: str,
        keeper: Keeper | None = None,
        *,
        passing: tuple[type[Exception], ...] = (),
        seals: Seals | None = None,
    ) -> Consumer:
        """Connect. Raises BrokerUnavailable.

        `keeper` takes what can never be handled; without one the broker dead-letters it. `passing`: what a handler
        raises when a server is away, for which no message is to blame. `seals` tell Trueup's own commands from those of
        foreign clients; without them every command is a foreign client's.
        """
        frame = Frame(keeper, passing, seals)
        return cls(url, f"{name}-consumer", await connect(url, f"{name}-consumer"), frame)

    async def deliver(self, queue: Queue, handler: Handler, *, prefetch: int) -> Subscription:
        """Hand every delivery to `handler`, which answers it itself (ack, requeue) or raises."""
        return await self._add(Subscription(queue, handler, prefetch, self.frame))

    async def handle(self, queue: Queue, handler: Handler, *, prefetch: int) -> Subscription:
        """Run `handler` for every delivery: return acknowledges, Reject keeps, anything else gives back (`Frame`)."""

        async def traced(delivery: Delivery) -> None:
            name = f"process {delivery.key}"
            with tracing.span(name, kind="consumer", parent=delivery.carried, queue=delivery.queue):
                await handler(delivery)

        async def guarded(delivery: Delivery) -> None:
            if await self.frame.run(traced, delivery):
                await delivery.ack()

        async def start(delivery: Delivery) -> None:
            task = asyncio.create_task(guarded(delivery))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

        return await self.deliver(queue, start, prefetch=prefetch)

    async def listen(self, handler: Handler) -> Subscription:
        """Listen to the events on an exclusive queue of this process; they are acknowledged at once."""

        async def acknowledged(delivery: Delivery) -> None:
            try:
                await handler(delivery)
            except Exception as error:  # noqa: BLE001  # whatever an event holds, the next one must be heard
                log.warning("event_not_understood", key=delivery.key, error=type(error).__name__)
            await delivery.ack()

        return await self._add(Subscription(None, acknowledged, 200, self.frame))

    async def _add(self, subscription: Subscription) -> Subscription:
        self._subscriptions.append(subscription)
        try:
            await subscription.open(self._connection)
        except ChannelAccessRefused as error:
            # No later try would do better, and whoever begins to take from a queue begins its work.
            self._subscriptions.remove(subscription)
            raise why_refused(self._url, error) from error
        except GONE as error:
            # It stays in the list and is opened as soon as the broker is back.
            log.warning("consumer_not_open", reason=repr(error))
            self._ready = False
        return subscription

    async def _keep_open(self) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY)
            try:
                self._ready = await self._all_open()
                self.refusal = None
            except Exception as error:  # noqa: BLE001  # this loop must outlive whatever happens
                self._ready = False
                self.refusal = self._refusal(error)
                log.warning("consumer_reconnecting", consumer=self._name, reason=repr(error))

    async def _all_open(self) -> bool:
        """Open what has gone; returns whether everything had been open."""
        whole = is_up(self._connection)
        if not whole:
            with contextlib.suppress(*GONE):
                await self._connection.close()
            self._connection = await connect(self._url, self._name)
        for subscription in list(self._subscriptions):
            waits = subscription.stopped or subscription.is_opening
            if not waits and not await subscription.alive():
                whole = False
                await subscription.open(self._connection)
        if not whole:
            log.info("consumer_open_again", consumer=self._name)
        return True

    def _refusal(self, error: Exception) -> str | None:
        if isinstance(error, ChannelAccessRefused):
            error = why_refused(self._url, error)
        return str(error) if isinstance(error, BrokerRefuses) else None

    @property
    def ready(self) -> bool:
        """Whether the connection is up and every consumer was open when last looked at."""
        return self._ready and is_up(self._connection)

    def forget(self, subscription: Subscription) -> None:
        """A subscription given up on purpose is not opened again."""
        self._subscriptions.remove(subscription)

    async def stop(self) -> None:
        """Take no further deliveries and let the running handlers end."""
        self.frame.stop()
        self._watch.cancel()
        await asyncio.gather(self._watch, return_exceptions=True)
        await asyncio.gather(*(subscription.stop() for subscription in self._subscriptions))
        if self._running:
            await asyncio.wait(self._running, timeout=LAST_HANDLERS)

    async def close(self) -> None:
        """Close the connection: what is not acknowledged goes back to the queues."""
        self._watch.cancel()
        await asyncio.gather(*(subscription.tell_answers() for subscription in self._subscriptions))
        with contextlib.suppress(*GONE):
            await self._connection.close()
