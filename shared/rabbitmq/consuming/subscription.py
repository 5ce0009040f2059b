"""A consumer of one queue, on a channel of its own, opened again whenever that has gone."""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic

from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractQueue
from aiormq import Channel
from aiormq.abc import DeliveredMessage

from shared import metrics
from shared.rabbitmq.connection import GONE
from shared.rabbitmq.consuming.answers import ChannelAnswers, Numbered
from shared.rabbitmq.consuming.delivery import DEATHS, MAX_KEPT_BODY, Delivery, Handler
from shared.rabbitmq.consuming.frame import Frame
from shared.rabbitmq.queue_declaration import declare_queue
from shared.rabbitmq.topology import DEAD, EVENTS, LISTENER_ARGUMENTS, LISTENER_KEYS, RESULTS_BODY, Queue

EVENTS_LABEL = "events"
"""What a replica's own queue of events is called where messages are counted."""

_DELIVERY_COUNT = "x-delivery-count"
_MAX_COUNTED = 1_000_000
"""The broker counts how often it has given a message back; a publisher's own header of that name it overwrites."""


_WAITING_SHARE = 4
"""A fourth of what the broker delivers unanswered may be acknowledgements that wait for earlier ones."""


class Subscription:
    """A consumer of one queue, opened again whenever its channel has gone. `queue` None: the events.

    It consumes by the library's lower layer: the upper one makes a second task and a second object of each message.
    """

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
        self._answers: ChannelAnswers | None = None
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
        underlay = await channel.get_underlay_channel()
        if not isinstance(underlay, Channel):
            raise TypeError(f"{type(underlay).__name__} is no channel of aiormq")
        answers = self._answers = ChannelAnswers(underlay, self._prefetch // _WAITING_SHARE)

        async def on_message(message: DeliveredMessage) -> None:
            # With the answers of its own channel: none to what an earlier one delivered may reach this one.
            delivery, user = self._delivery(message, answers), message.header.properties.user_id
            # Hundreds of messages that are too large must not fill the memory while they are kept.
            del message
            await self._handle(delivery, user)

        consuming = await underlay.basic_consume(source.name, on_message)
        self._tag = consuming.consumer_tag

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
        await self.tell_answers()
        channel, self._channel, self._tag = self._channel, None, None
        self._unanswered.clear()
        if channel is not None:
            with contextlib.suppress(*GONE):
                await channel.close()

    async def tell_answers(self) -> None:
        """Have the broker know of everything that was acknowledged."""
        answers, self._answers = self._answers, None
        if answers is not None:
            await answers.finish()

    def _delivery(self, message: DeliveredMessage, answers: ChannelAnswers) -> Delivery:
        given, body = message.header.properties.headers or {}, message.body
        headers = {key: value for key, value in given.items() if isinstance(value, str)}
        returned = given.get(_DELIVERY_COUNT)
        died_in, died_of = _last_death(given.get(DEATHS))
        size = len(body)
        is_cut = size > self._largest
        number, unanswered = message.delivery_tag or 0, self._unanswered
        since = unanswered[number] = monotonic()
        return Delivery(
            key=message.routing_key or "",
            body=body[:MAX_KEPT_BODY] if is_cut else body,
            headers=headers,
            redelivered=bool(message.redelivered),
            queue=self.name,
            since=since,
            _message=Numbered(answers, number),
            died_in=died_in,
            died_of=died_of,
            deliveries=1 + (returned if isinstance(returned, int) and 0 <= returned < _MAX_COUNTED else 0),
            size=size,
            is_cut=is_cut,
            has_deaths=DEATHS in given and self._queue is not None and self._queue.exchange != DEAD,
            _answered=lambda: unanswered.pop(number, None),
        )

    async def _handle(self, delivery: Delivery, user: str | None) -> None:
        if self._queue is None:
            await self._handler(delivery)
            return
        if self._queue.public:
            delivery = self._frame.sent_by(self._queue, delivery, user)
        await self._frame.run(self._handler, delivery)


def _oldest(unanswered: dict[int, float]) -> float:
    """Seconds since the oldest delivery came that is not answered yet; 0 where each is. Any thread may ask."""
    since = next(iter(unanswered.copy().values()), None)
    return 0.0 if since is None else monotonic() - since


def _last_death(deaths: object) -> tuple[str | None, str | None]:
    """Queue and reason of the broker's latest entry: it stands first. A message that comes any other way has none.

    Only on the queue of dead letters is it the broker's word: elsewhere the publisher's.
    """
    latest = deaths[0] if isinstance(deaths, list) and deaths else None
    if not isinstance(latest, dict):
        return None, None
    queue, reason = latest.get("queue"), latest.get("reason")
    return (queue if isinstance(queue, str) else None), (reason if isinstance(reason, str) else None)
