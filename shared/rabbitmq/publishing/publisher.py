"""Publishing: persistent, confirmed, mandatory for commands and webhooks; every publish has a time limit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelInvalidStateError
from aiormq import Channel
from aiormq.exceptions import ChannelAccessRefused

from shared.contract.messages import Message
from shared.contract.seal import Seals
from shared.errors import BrokerRefuses, BrokerUnavailable
from shared.observing import tracing
from shared.observing.spans import Span
from shared.rabbitmq.access.refusals import why_refused
from shared.rabbitmq.access.rights_check import must_publish
from shared.rabbitmq.connection import GONE, connect, is_up
from shared.rabbitmq.publishing.frames import Outgoing
from shared.rabbitmq.publishing.outbox import Outbox
from shared.rabbitmq.topology import COMMANDS, EVENTS, WEBHOOKS, exchange_of
from shared.roles import Role

PUBLISH_TIMEOUT = 4.0
"""Seconds to wait for the confirm; below the 5 s that Shopify gives a webhook."""

_PROBE_WAIT = 0.5
"""Seconds that a probe waits for a new connection: probes give up after a second."""


def _publishing(key: str, messages: int = 1) -> AbstractContextManager[Span]:
    """One span for all that is sent together; the messages carry it."""
    return tracing.span(f"publish {key}", kind="producer", messages=messages)


class Publisher:
    """Publishes on a connection of its own, made anew when it has gone.

    With `seals`, commands and webhooks carry the seal of Trueup's own parts; without, they are a foreign client's.
    `roles`: whose work it does; it is up only while the user may publish what they publish.
    """

    def __init__(self, url: str, name: str, seals: Seals | None = None, roles: Collection[Role] = ()) -> None:
        self._url = url
        self._roles = roles
        self._seals = seals
        self._name = f"{name}-publisher"
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._outbox: Outbox | None = None
        self._opening = asyncio.Lock()
        self._mending: asyncio.Task[None] | None = None
        self.refusal: str | None = None
        """What the broker refuses at present; None: nothing."""

    @classmethod
    async def open(cls, url: str, name: str, seals: Seals | None = None, *, roles: Collection[Role] = ()) -> Publisher:
        """Connect. Raises BrokerUnavailable."""
        publisher = cls(url, name, seals, roles)
        await publisher._ensure()
        return publisher

    async def _ensure(self) -> None:
        """Have an open channel."""
        async with self._opening:
            if self.ready:
                return
            await self._drop()
            try:
                self._connection = await connect(self._url, self._name)
                await self._prepare(self._connection)
            except BrokerRefuses as refused:
                self.refusal = str(refused)
                await self._drop()
                raise
            self.refusal = None

    async def _prepare(self, connection: AbstractConnection) -> None:
        try:
            await must_publish(connection, self._roles)
            # An unroutable mandatory message raises instead of being lost silently.
            self._channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            underlay = await self._channel.get_underlay_channel()
            if not isinstance(underlay, Channel):
                raise ChannelInvalidStateError("not a channel of aiormq")
            self._outbox = Outbox(underlay)
        except GONE as error:
            raise why_refused(self._url, error) from error

    async def _publish(self, messages: Sequence[Outgoing]) -> None:
        """Return once the broker has confirmed them all. Raises BrokerUnavailable."""
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT):
                await self._confirmed(messages)
        except ChannelAccessRefused as error:
            # The channel has gone by it: the next one asks for the rights, and readiness shows it.
            raise why_refused(self._url, error) from error
        except GONE as error:
            raise BrokerUnavailable(f"RabbitMQ did not confirm {messages[0].key}: {type(error).__name__}") from error

    async def _confirmed(self, messages: Sequence[Outgoing]) -> None:
        if not self.ready:
            await self._ensure()
        outbox = self._outbox
        if outbox is None:
            raise ChannelInvalidStateError("closed meanwhile")
        if len(messages) == 1:
            await outbox.publish(messages[0])
        else:
            await asyncio.gather(*(outbox.publish(message) for message in messages))

    async def command(self, key: str, message: Message) -> None:
        """Publish one command. Raises BrokerUnavailable when it is not confirmed in time."""
        with _publishing(key):
            await self._publish_sealed(COMMANDS, key, message.to_json(), {})

    async def commands(self, key: str, messages: Sequence[Message]) -> None:
        """Publish many under one key, written together. Raises BrokerUnavailable.

        Without a seal: these are cells, whose documents decide everything.
        """
        with _publishing(key, len(messages)):
            carried = tracing.carry({})
            await self._publish([Outgoing(COMMANDS, key, one.to_json(), carried, mandatory=True) for one in messages])

    async def event(self, key: str, message: Message) -> None:
        """Publish an event; nobody may be listening, and that is no error. Raises BrokerUnavailable."""
        with _publishing(key):
            await self._publish_one(EVENTS, key, message.to_json(), {}, mandatory=False)

    async def finished_event(self, key: str, message: Message) -> None:
        """Publish an event that one of our own queues waits for. Raises BrokerUnavailable."""
        with _publishing(key):
            await self._publish_one(EVENTS, key, message.to_json(), {})

    async def webhook(self, topic_key: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Publish the verified bytes of a webhook. Raises BrokerUnavailable."""
        with _publishing(topic_key):
            await self._publish_sealed(WEBHOOKS, topic_key, body, headers)

    async def again(self, key: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Publish a dead letter again where its key belongs, with its own seal or none. Raises BrokerUnavailable.

        The exchange follows from the key: what a message says of where it came from is its publisher's word.
        """
        await self._publish_one(exchange_of(key), key, body, headers)

    async def _publish_sealed(self, exchange: str, key: str, body: bytes, headers: Mapping[str, str]) -> None:
        sealed = headers if self._seals is None else self._seals.sealed(key, body, headers)
        await self._publish_one(exchange, key, body, sealed)

    async def _publish_one(
        self, exchange: str, key: str, body: bytes, headers: Mapping[str, str], *, mandatory: bool = True
    ) -> None:
        await self._publish([Outgoing(exchange, key, body, tracing.carry(headers), mandatory=mandatory)])

    @property
    def ready(self) -> bool:
        """Whether the connection and its channel are up now."""
        return (
            self._connection is not None
            and is_up(self._connection)
            and self._channel is not None
            and not self._channel.is_closed
        )

    async def reachable(self) -> bool:
        """Whether it is up; where not, a new connection is begun.

        For readiness: whoever is not ready is sent nothing, so would have nothing to publish that makes it anew.
        """
        if not self.ready:
            if self._mending is None or self._mending.done():
                self._mending = asyncio.create_task(self._mend(), name=self._name)
            await asyncio.wait({self._mending}, timeout=_PROBE_WAIT)
        return self.ready

    async def _mend(self) -> None:
        with contextlib.suppress(BrokerUnavailable, *GONE):
            async with asyncio.timeout(PUBLISH_TIMEOUT):
                await self._ensure()

    async def close(self) -> None:
        """Close the connection."""
        if self._mending is not None:
            self._mending.cancel()
            await asyncio.wait({self._mending})
        await self._drop()

    async def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(*GONE):
                await connection.close()
