"""The answers to one channel's deliveries: gathered, and told to the broker together.

The broker numbers the deliveries of a channel from one on, and takes one frame for all up to a number. So what is
acknowledged in one turn of the loop goes in one frame, where each earlier delivery is answered, too. One that stands
behind a delivery at work waits a moment for it: that is cheaper for both sides than a frame each, and an answer that
is lost with its channel is no loss, for the message comes again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiormq import Channel
from aiormq.exceptions import ChannelInvalidStateError

from shared.rabbitmq.connection import GONE

log = structlog.get_logger()

LONGEST_WAIT = 0.5
"""Seconds that an acknowledgement waits for those before it, at most."""


LONGEST_FINISH = 2.0
"""Seconds that the last acknowledgements may take to be written."""


class Unanswered(Protocol):
    """A delivered message that waits for its answer. Each raises one of `GONE` where its channel has gone."""

    async def ack(self) -> None:
        """It is done with."""

    async def nack(self, *, requeue: bool) -> None:
        """It goes back to its queue."""

    async def reject(self, *, requeue: bool) -> None:
        """The broker's dead-lettering is to have it."""

    @property
    def is_gone(self) -> bool:
        """Whether its channel has gone: it comes again by another one."""


class ChannelAnswers:
    """The answers of one channel with one consumer, by the deliveries' numbers."""

    def __init__(self, channel: Channel, most_waiting: int, longest_wait: float = LONGEST_WAIT) -> None:
        """`most_waiting`: acknowledgements that may wait for those before them; more would keep the broker from
        delivering."""
        self._channel = channel
        self._most_waiting = most_waiting
        self._longest_wait = longest_wait
        self._first_open = 1
        """Each delivery before it is answered, and the broker has been told."""
        self._acked: set[int] = set()
        """Acknowledged, and not told yet."""
        self._told: set[int] = set()
        """Told one by one, behind an open one."""
        self._soon: asyncio.Handle | None = None
        self._late: asyncio.TimerHandle | None = None
        self._frames: deque[tuple[int, bool]] = deque()
        self._sending: asyncio.Task[None] | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the channel has gone."""
        return bool(self._channel.is_closed)

    def ack(self, number: int) -> None:
        """Acknowledge one. Raises ChannelInvalidStateError where the channel has gone."""
        if self._channel.is_closed:
            raise ChannelInvalidStateError("the channel has gone")
        self._acked.add(number)
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self._tell_first)

    async def nack(self, number: int, *, requeue: bool) -> None:
        """Give one back, or away. Raises one of `GONE`."""
        await self._channel.basic_nack(number, requeue=requeue, wait=False)
        self._told.add(number)

    def _tell_first(self) -> None:
        """Tell of all that have no open one before them; the others wait."""
        self._soon = None
        number, last, told = self._first_open, 0, 0
        while True:
            if number in self._acked:
                self._acked.discard(number)
                last, told = number, told + 1
            elif number in self._told:
                self._told.discard(number)
            else:
                break
            number += 1
        self._first_open = number
        if told:
            self._send(last, multiple=told > 1)
        if len(self._acked) > self._most_waiting:
            self._tell_each()
        elif self._acked and self._late is None:
            self._late = asyncio.get_running_loop().call_later(self._longest_wait, self._tell_each)

    def _tell_each(self) -> None:
        """Tell of those that have waited for others, one by one."""
        if self._late is not None:
            self._late.cancel()
            self._late = None
        for number in sorted(self._acked):
            self._send(number, multiple=False)
        self._told |= self._acked
        self._acked.clear()

    def _send(self, number: int, *, multiple: bool) -> None:
        """Behind what is being sent: the order counts, since one frame speaks of earlier numbers."""
        self._frames.append((number, multiple))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_frames(), name="acknowledgements")

    async def _send_frames(self) -> None:
        try:
            while self._frames:
                number, multiple = self._frames.popleft()
                # The last one is waited for: a connection that is closed does not write what is in line.
                await self._channel.basic_ack(number, multiple=multiple, wait=not self._frames)
        except GONE as error:
            log.info("acknowledgements_lost", error=type(error).__name__)
            self._frames.clear()

    async def finish(self) -> None:
        """Tell of everything now: nothing more will be answered."""
        if self._soon is not None:
            self._soon.cancel()
            self._tell_first()
        self._tell_each()
        if self._sending is not None:
            # A connection that has broken takes no frame any more.
            await asyncio.wait([self._sending], timeout=LONGEST_FINISH)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A delivery by its number."""

    answers: ChannelAnswers
    number: int

    async def ack(self) -> None:
        """See `Unanswered`."""
        self.answers.ack(self.number)

    async def nack(self, *, requeue: bool) -> None:
        """See `Unanswered`."""
        await self.answers.nack(self.number, requeue=requeue)

    async def reject(self, *, requeue: bool) -> None:
        """See `Unanswered`."""
        await self.answers.nack(self.number, requeue=requeue)

    @property
    def is_gone(self) -> bool:
        """See `Unanswered`."""
        return self.answers.is_gone
