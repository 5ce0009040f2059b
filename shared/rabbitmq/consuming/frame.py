"""What surrounds every handler: a message is acknowledged when its work is in the documents, or kept with a reason."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic

import structlog
from aio_pika.exceptions import AMQPError

from shared.contract.seal import Seals
from shared.contract.senders import Sender
from shared.errors import BrokerUnavailable
from shared.rabbitmq.consuming.delivery import DEATHS, Delivery, Handler, Keeper, Reject
from shared.rabbitmq.topology import Queue

log = structlog.get_logger()

MAX_DELIVERIES = 5
"""Deliveries after which a message whose handling fails for its own sake is kept."""

MAX_UNREAD_DELIVERIES = 200
"""Deliveries after which a message is kept unread, in queues that have no other limit: it may be what ends the process
each time."""

RETRY_PAUSE = 0.5
"""Seconds before a delivery whose handler failed is given back: a broken store must not spin the queue."""

HOLD = 600.0
"""Seconds a delivery is held and tried again while a server is away. Giving it back at once would bring the broker's
count of deliveries to its limit within seconds, and half an hour without an answer would close the channel."""

LONGEST_PAUSE = 5.0
"""Seconds between two tries, at most."""

FOREIGN_KEY = "foreign:"
"""What the key of a foreign client's message begins with where it is none of the queue's."""


class Frame:
    """What surrounds every handler of every queue: whatever a message makes it raise, the message ends.

    A message that can never be handled is kept with its reason, by us and not by the broker's dead-lettering, and then
    acknowledged. One that fails for another reason comes again, a few times; what only met a server that was away
    (`passing`) is held and tried again, so that no outage brings a message to the broker's limit of deliveries.
    """

    def __init__(self, keeper: Keeper | None, passing: tuple[type[Exception], ...], seals: Seals | None = None) -> None:
        self._keeper = keeper
        self._seals = seals
        self._passing = (*passing, BrokerUnavailable, ConnectionError, TimeoutError, AMQPError)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Hold nothing any longer: what waits for a server goes back to its queue."""
        self._stopping.set()

    async def run(self, handler: Handler, delivery: Delivery) -> bool:
        """Run a handler; whether it went well. Otherwise the delivery is answered."""
        if (refusal := self._refusal(delivery)) is not None:
            await self.keep(delivery, refusal)
            return False
        until, pause = monotonic() + HOLD, RETRY_PAUSE
        while True:
            try:
                await handler(delivery)
            except asyncio.CancelledError:
                raise
            except Reject as error:
                await self.keep(delivery, str(error))
                return False
            except Exception as error:  # noqa: BLE001  # whatever it is, it must not end the consumer
                held = isinstance(error, self._passing) and not delivery.is_gone and monotonic() < until
                if held:
                    log.warning("message_held", queue=delivery.queue, key=delivery.key, error=repr(error))
                if not held or await self._stopped_within(pause):
                    await self.failed(delivery, error)
                    return False
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                return True

    def _refusal(self, delivery: Delivery) -> str | None:
        """Why a message is kept without being looked at."""
        if delivery.is_cut:
            return f"a body of {delivery.size} bytes is more than {delivery.queue} is for"
        if delivery.has_deaths:
            # Given back again and again, it would come to the broker's dead-lettering, which may not outlive it.
            return f"it bears the header {DEATHS}, which only the broker writes"
        if delivery.deliveries > MAX_UNREAD_DELIVERIES:
            return f"it was delivered {delivery.deliveries} times without an answer"
        return None

    def sent_by(self, queue: Queue, delivery: Delivery, user: str | None) -> Delivery:
        """A delivery from a queue that any client may publish to, with who sent it.

        Of a foreign client's message no header goes on: not its trace, not what looks like Trueup's or the broker's.
        Nor does a key that is none of the queue's: sent again under it, the message would go where clients may not.
        """
        key = delivery.key if queue.takes(delivery.key) else f"{FOREIGN_KEY}{delivery.key}"
        own = (
            self._seals is not None
            and not delivery.is_cut
            and self._seals.valid(delivery.key, delivery.body, delivery.headers)
        )
        return delivery if own else replace(delivery, key=key, headers={}, sender=Sender(own=False, user=user))

    async def keep(self, delivery: Delivery, reason: str) -> None:
        """Keep a message with its reason; while the store is away it is held, as long as any."""
        log.warning("message_rejected", queue=delivery.queue, key=delivery.key, reason=reason)
        if self._keeper is None:
            await delivery.reject()
            return
        until, pause = monotonic() + HOLD, RETRY_PAUSE
        while True:
            try:
                await self._keeper.keep(delivery, reason)
            except Exception as error:  # noqa: BLE001  # the store is away: it stays with us
                log.warning("message_not_kept", queue=delivery.queue, key=delivery.key, error=repr(error))
                if delivery.is_gone or monotonic() > until or await self._stopped_within(pause):
                    await delivery.requeue()
                    return
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                await delivery.kept()
                return

    async def failed(self, delivery: Delivery, error: Exception) -> None:
        """Its handling has failed: it comes again, or is kept."""
        if isinstance(error, self._passing) or delivery.deliveries < MAX_DELIVERIES:
            log.warning("message_failed", queue=delivery.queue, key=delivery.key, error=repr(error))
            await self._stopped_within(RETRY_PAUSE)
            await delivery.requeue()
            return
        log.error("message_failed_for_good", queue=delivery.queue, key=delivery.key, error=repr(error))
        await self.keep(delivery, f"its handling failed {delivery.deliveries} times: {type(error).__name__}")

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return False
