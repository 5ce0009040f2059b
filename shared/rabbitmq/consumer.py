"""Consuming: deliveries are acknowledged when their work is in the documents, or dead-lettered with a reason."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol

import structlog
from aio_pika import IncomingMessage
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import AMQPError
from aiormq import Channel

from shared import metrics, tracing
from shared.contract.seal import Seals
from shared.contract.senders import OURS, Sender
from shared.errors import BrokerUnavailable, TrueupError
from shared.rabbitmq.connection import GONE, connect, is_up
from shared.rabbitmq.declaring import declare_queue
from shared.rabbitmq.topology import DEAD, EVENTS, LISTENER_ARGUMENTS, LISTENER_KEYS, RESULTS_BODY, Queue

log = structlog.get_logger()

MAX_DELIVERIES = 5
"""Deliveries after which a message whose handling fails for its own sake is kept."""

MOST_DELIVERIES = 200
"""Deliveries after which a message is kept unread, in queues that have no other limit: it may be what ends the process
each time."""

MAX_KEPT_BODY = 256 * 1024
"""Bytes of a body that are kept. A longer one cannot be sent again; its beginning tells whose it was."""

RETRY_PAUSE = 0.5
"""Seconds before a delivery whose handler failed is given back: a broken store must not spin the queue."""

HOLD = 600.0
"""Seconds a delivery is held and tried again while a server is away. Giving it back at once would bring the broker's
count of deliveries to its limit within seconds, and half an hour without an answer would close the channel."""

LONGEST_PAUSE = 5.0
"""Seconds between two tries, at most."""

WATCH_EVERY = 0.5
"""Seconds between looks at the consumers."""

EVENTS_LABEL = "events"
"""What a replica's own queue of events is called where messages are counted."""

FOREIGN_KEY = "foreign:"
"""What the key of a foreign client's message begins with where it is none of the queue's."""

_DEATHS = "x-death"
"""What the broker writes on a message that it dead-letters, and nobody else on one for us. A forged list that is none
of RabbitMQ's own ends the dead-lettering of a whole node of RabbitMQ 3.10.8, again after each restart."""

_DELIVERY_COUNT = "x-delivery-count"
_MOST_COUNTED = 1_000_000
"""The broker counts how often it has given a message back; a publisher's own header of that name it overwrites."""

LAST_HANDLERS = 20.0
"""Seconds that running handlers get to end when the process stops."""


class Reject(TrueupError):
    """This message can never be handled; it is kept among the dead letters with this reason."""


class Keeper(Protocol):
    """Where messages go that can never be handled."""

    async def keep(self, delivery: Delivery, cause: str) -> None:
        """Keep one with what is wrong with it. Whatever is in it, it is kept; raises only where the store is away."""


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
    deliveries: int = 1
    """How often it has been delivered, this time included, by the broker's count."""
    died_in: str | None = None
    """The queue that the broker took it from as a dead letter, and `died_of` why: as the broker wrote it last.

    What it wrote first (`x-first-death-queue`) a publisher may have written before it.
    """
    died_of: str | None = None
    sender: Sender = OURS
    """Who published it. Where only Trueup's parts may publish, by the broker's rights, it is one of them."""
    size: int = 0
    """Bytes of its body as it was sent."""
    is_cut: bool = False
    """Whether it is larger than anything its queue is for: only the beginning of its body is here."""
    tells_deaths: bool = False
    """Whether it claims to have been dead-lettered, in a queue that nothing is dead-lettered to."""
    _answered: Callable[[], object] = lambda: None
    """Called when it is answered."""

    @property
    def carried(self) -> str | None:
        """The span it was published in."""
        return self.headers.get(tracing.CARRIED)

    async def ack(self) -> None:
        """The work is done, or another message will bring it again."""
        await self._answer(self._message.ack(), "ack")

    async def requeue(self) -> None:
        """Give it back."""
        await self._answer(self._message.nack(requeue=True), "requeue")

    async def kept(self) -> None:
        """It is among the dead letters, and so done with here."""
        metrics.DEAD_LETTERS.labels(self.queue).inc()
        await self._answer(self._message.ack(), "dead")

    async def reject(self) -> None:
        """Have the broker put it among the dead letters, where its queue has any: for a consumer without a store."""
        metrics.DEAD_LETTERS.labels(self.queue).inc()
        await self._answer(self._message.reject(requeue=False), "dead")

    @property
    def is_gone(self) -> bool:
        """Whether its channel has gone: it cannot be answered, and comes again by another one."""
        return bool(self._message.channel.is_closed)

    async def _answer(self, answer: Awaitable[None], outcome: str) -> None:
        self._answered()
        metrics.MESSAGES.labels(self.queue, outcome).inc()
        metrics.MESSAGE_SECONDS.labels(self.queue).observe(monotonic() - self.since)
        try:
            await answer
        except GONE as error:
            log.info("delivery_channel_gone", queue=self.queue, error=type(error).__name__)


Handler = Callable[[Delivery], Awaitable[None]]


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
        if delivery.tells_deaths:
            # Given back again and again, it would come to the broker's dead-lettering, which may not outlive it.
            return f"it bears the header {_DEATHS}, which only the broker writes"
        if delivery.deliveries > MOST_DELIVERIES:
            return f"it was delivered {delivery.deliveries} times without an answer"
        return None

    def told(self, queue: Queue, delivery: Delivery, user: str | None) -> Delivery:
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


def _oldest(unanswered: dict[int, float]) -> float:
    """Seconds since the oldest delivery came that is not answered yet; 0 where each is. Any thread may ask."""
    since = next(iter(unanswered.copy().values()), None)
    return 0.0 if since is None else monotonic() - since


class Subscription:
    """A consumer of one queue, opened again whenever its channel has gone. `queue` None: the events."""

    def __init__(self, queue: Queue | None, handler: Handler, prefetch: int, frame: Frame) -> None:
        self._queue = queue
        self._frame = frame
        self.name = EVENTS_LABEL if queue is None else queue.name
        self._largest = RESULTS_BODY if queue is None else queue.largest
        metrics.begin_at_zero(metrics.MESSAGES, [self.name], ["ack", "requeue", "dead"])
        self._handler = handler
        self._prefetch = prefetch
        self._channel: AbstractChannel | None = None
        self._source: AbstractQueue | None = None
        self._tag: str | None = None
        self._declares = False
        self._opening = asyncio.Lock()
        self._unanswered: dict[int, float] = {}
        name, unanswered = self.name, self._unanswered
        metrics.MESSAGE_OLDEST.ask(self, lambda: {(name,): _oldest(unanswered)})
        self.stopped = False

    async def open(self, connection: AbstractConnection) -> None:
        """Consume on a new channel of this connection; one that is being opened is opened once."""
        async with self._opening:
            await self._open(connection)

    @property
    def is_opening(self) -> bool:
        """Whether it is being opened at this moment, and so is not alive yet."""
        return self._opening.locked()

    async def _open(self, connection: AbstractConnection) -> None:
        await self.close()
        channel = self._channel = await connection.channel()
        await channel.set_qos(prefetch_count=self._prefetch)
        source = self._source = await self._find(connection, channel)
        self._tag = await source.consume(self._on_message)

    async def _find(self, connection: AbstractConnection, channel: AbstractChannel) -> AbstractQueue:
        """The queue. The process has declared the topology as it started, so the first time it is there."""
        if self._queue is None:
            arguments = dict(LISTENER_ARGUMENTS)
            source = await channel.declare_queue(exclusive=True, auto_delete=True, arguments=arguments)
            for key in LISTENER_KEYS:
                await source.bind(EVENTS, key)
            return source
        if self._declares:
            # Declared as in the topology: a queue that somebody deleted comes back with its bindings.
            await declare_queue(connection, self._queue)
        self._declares = True
        return await channel.get_queue(self._queue.name, ensure=False)

    async def alive(self) -> bool:
        """Whether the broker still delivers to it: it may cancel a consumer whose channel stays open."""
        if self._channel is None or self._channel.is_closed or self._tag is None:
            return False
        underlay = await self._channel.get_underlay_channel()
        return isinstance(underlay, Channel) and self._tag in underlay.consumers

    async def stop(self) -> None:
        """Take no further deliveries; those under way may still be answered until `close`."""
        self.stopped = True
        if self._source is not None and self._tag is not None:
            with contextlib.suppress(*GONE):
                await self._source.cancel(self._tag)

    async def close(self) -> None:
        """Close the channel: what is not acknowledged goes back to the queue."""
        channel, self._channel, self._tag = self._channel, None, None
        self._unanswered.clear()
        if channel is not None:
            with contextlib.suppress(*GONE):
                await channel.close()

    async def _on_message(self, message: AbstractIncomingMessage) -> None:
        headers = {key: value for key, value in message.headers.items() if isinstance(value, str)}
        returned = message.headers.get(_DELIVERY_COUNT)
        died_in, died_of = _last_death(message.headers.get(_DEATHS))
        size = len(message.body)
        is_cut = size > self._largest
        if is_cut and isinstance(message, IncomingMessage):
            # Nobody looks at the rest: hundreds of such messages in hand must not fill the memory.
            message.body = message.body[:MAX_KEPT_BODY]
        tag, unanswered = message.delivery_tag or 0, self._unanswered
        since = unanswered[tag] = monotonic()
        delivery = Delivery(
            key=message.routing_key or "",
            body=message.body,
            headers=headers,
            redelivered=bool(message.redelivered),
            queue=self.name,
            since=since,
            _message=message,
            died_in=died_in,
            died_of=died_of,
            deliveries=1 + (returned if isinstance(returned, int) and 0 <= returned < _MOST_COUNTED else 0),
            size=size,
            is_cut=is_cut,
            tells_deaths=_DEATHS in message.headers and self._queue is not None and self._queue.exchange != DEAD,
            _answered=lambda: unanswered.pop(tag, None),
        )
        if self._queue is None:
            await self._handler(delivery)
            return
        if self._queue.public:
            delivery = self._frame.told(self._queue, delivery, message.user_id)
        await self._frame.run(self._handler, delivery)


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
            except Exception as error:  # noqa: BLE001  # this loop must outlive whatever happens
                self._ready = False
                log.warning("consumer_reconnecting", consumer=self._name, reason=repr(error))

    async def _all_open(self) -> bool:
        """Open what has gone; answers whether everything had been open."""
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
        with contextlib.suppress(*GONE):
            await self._connection.close()


def _last_death(deaths: object) -> tuple[str | None, str | None]:
    """Queue and reason of the broker's latest entry: it stands first. A message that comes any other way has none.

    Only on the queue of dead letters is it the broker's word: elsewhere the publisher's.
    """
    latest = deaths[0] if isinstance(deaths, list) and deaths else None
    if not isinstance(latest, dict):
        return None, None
    queue, reason = latest.get("queue"), latest.get("reason")
    return (queue if isinstance(queue, str) else None), (reason if isinstance(reason, str) else None)
