"""What one channel publishes: the messages of one turn of the loop are written together, and each is confirmed.

aio-pika's own publish writes a message at a time, and holds back the next one until the transport has taken it: most of
what a confirmed message costs. Here messages wait until the connection takes them, all at once, and whoever published
one awaits nothing but the broker's answer. Numbers and confirms stay the channel's (`aiormq.Channel`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from secrets import token_hex

from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from aiormq import Channel
from aiormq.abc import ChannelFrame, ConfirmationFrameType

from shared.rabbitmq.publishing.frames import Outgoing, message_frames

Confirmed = asyncio.Future[ConfirmationFrameType]


class Outbox:
    """Publishes on a channel with confirms, on which nobody else publishes."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        # By it and its number a message is known that comes back.
        self._name = token_hex(8)
        self._waiting: dict[Confirmed, Outgoing] = {}
        self._written: set[Confirmed] = set()
        self._writing: asyncio.Task[None] | None = None
        channel.closing.add_done_callback(self._closed)

    def publish(self, message: Outgoing) -> Confirmed:
        """Hand over a message; what is returned is done once the broker has it.

        It raises DeliveryError where the broker refuses the message, as PublishError where no queue takes it, or what
        closed the channel; ValueError for what AMQP cannot say. Cancelled before it was written, it is not sent. Raises
        ChannelInvalidStateError where the channel is closed already.
        """
        if self._channel.is_closed:
            raise ChannelInvalidStateError(f"{self._channel!r} closed")
        confirmed: Confirmed = self._loop.create_future()
        self._waiting[confirmed] = message
        confirmed.add_done_callback(self._answered)
        if self._writing is None or self._writing.done():
            self._writing = self._loop.create_task(self._write(), name="publishing")
        return confirmed

    async def _write(self) -> None:
        """Write what waits, and what has come to wait meanwhile, as fast as the connection takes it."""
        while self._waiting:
            taken = self._loop.create_future()
            # Numbered and queued without a turn of the loop in between: the broker counts in the order of writing.
            frame = ChannelFrame(payload=b"".join(self._numbered()), should_close=False, drain_future=taken)
            await self._channel.write_queue.put(frame)
            await taken

    def _numbered(self) -> Iterator[bytes]:
        """The frames of all that waits, each message with its number on the channel."""
        channel = self._channel
        waiting, self._waiting = self._waiting, {}
        for confirmed, message in waiting.items():
            if confirmed.done():
                continue
            tag = channel.delivery_tag + 1
            message_id = f"{self._name}{tag:x}" if message.mandatory else ""
            try:
                frames = message_frames(channel.number, channel.max_content_size, message_id, message)
            except Exception as error:  # noqa: BLE001  # whatever is wrong with one, the others are written
                confirmed.set_exception(error)
                continue
            channel.delivery_tag = tag
            channel.confirmations[tag] = confirmed
            self._written.add(confirmed)
            if message.mandatory:
                channel.message_id_delivery_tag[message_id] = tag
                confirmed.add_done_callback(partial(self._forget, message_id))
            yield frames

    def _forget(self, message_id: str, _: Confirmed) -> None:
        self._channel.message_id_delivery_tag.pop(message_id, None)

    def _answered(self, confirmed: Confirmed) -> None:
        self._waiting.pop(confirmed, None)
        self._written.discard(confirmed)
        if not confirmed.cancelled():
            confirmed.exception()  # seen, also where its publisher waits no more

    def _closed(self, closing: asyncio.Future[object]) -> None:
        """The channel has gone: nothing that is not confirmed will be."""
        if self._writing is not None:
            self._writing.cancel()
        reason = None if closing.cancelled() else closing.exception()
        if not isinstance(reason, AMQPError):
            reason = ChannelInvalidStateError(f"{self._channel!r} closed")
        for confirmed in [*self._waiting, *self._written]:
            if not confirmed.done():
                confirmed.set_exception(reason)
