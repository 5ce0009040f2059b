"""Every exchange, queue and binding of Trueup, as data. Nothing else in the project names one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PARTITIONS = 16
"""Cell queues. Changed only with the queues drained: the number decides which queue carries which shop."""

DELIVERY_LIMIT = 20
"""Deliveries after which the broker dead-letters a message. It ends no cell: each cell counts its own attempts."""

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes of the largest message that the broker takes: `max_message_size` of its configuration, RabbitMQ 4's default."""

_KIB, _MIB = 1024, 1024 * 1024

SELECTION_BODY = 8 * _MIB
"""Bytes of a body that may name 100,000 cells."""
SMALL_BODY = 256 * _KIB
"""Of a record or a cell: a name and some tags, or a few ids."""
RESULTS_BODY = _MIB
"""Of the ends of a batch."""
WEBHOOK_BODY = _MIB
"""Of a webhook: the front takes a million bytes."""

COMMANDS = "trueup.commands"
EVENTS = "trueup.events"
WEBHOOKS = "trueup.webhooks"
DEAD = "trueup.dead"

CLIENTS = "trueup.clients"
"""For clients that are none of Trueup's parts. Only public keys lead anywhere from it, also by the headers CC and BCC,
which the broker routes by without looking at a user's rights on keys."""

EXCHANGES = (COMMANDS, EVENTS, WEBHOOKS, DEAD, CLIENTS)
"""All are durable topic exchanges."""

PREVIEW_REQUEST = "preview.request"
JOB_REQUEST = "job.request"
JOB_CANCEL = "job.cancel"
BOM_UPSERT = "bom.upsert"
BOM_REMOVE = "bom.remove"
COUNT_ADJUST = "count.adjust"

CELLS_FINISHED = "cells.finished"
JOB_PROGRESS = "job.progress"
JOB_FINISHED = "job.finished"
PREVIEW_PROGRESS = "preview.progress"
PREVIEW_READY = "preview.ready"
DRIFT_DETECTED = "drift.detected"
NOTICES_CHANGED = "notices.changed"


def cell_key(partition: int) -> str:
    """The routing key, and the name's ending, of a partition."""
    return f"cell.{partition}"


@dataclass(frozen=True, slots=True)
class Room:
    """What fits into a queue: far more than ever waits there, and less than a broker's disk and memory.

    Beyond it the broker refuses what is published: its publisher knows, and tries again (a webhook is answered 503, and
    Shopify sends it again for four hours). Bodies count as bytes, headers do not, and each message takes some memory of
    the broker however small it is: hence both limits. A policy of the broker may only lower them.
    """

    messages: int
    size: int
    """Bytes of bodies."""

    def arguments(self) -> dict[str, Any]:
        """As arguments of `queue.declare`."""
        return {"x-max-length": self.messages, "x-max-length-bytes": self.size, "x-overflow": "reject-publish"}


COMMANDS_ROOM = Room(100_000, 256 * _MIB)
"""Requests of shops and records of the app, sent by people and programs."""
RESULTS_ROOM = Room(500_000, 256 * _MIB)
"""Ends of cells and jobs: small, and derived again by the watchdog."""
CELLS_ROOM = Room(500_000, 128 * _MIB)
"""Of a partition; a job has at most its window of 1,500 in it."""
WEBHOOKS_ROOM = Room(2_000_000, 2048 * _MIB)
"""Some hours of a busy app's webhooks, while MongoDB is away."""
DEAD_ROOM = Room(200_000, 512 * _MIB)
"""What the broker has taken away; a full one leaves the rest where it was (at-least-once dead-lettering)."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable quorum queue and what it is bound to.

    Each that only Trueup publishes to dead-letters at least once to `trueup.dead`, under the key it was published with.
    One that any client may publish to does not: RabbitMQ 3.10 reads the header `x-death` as its own, and one of another
    form, on a message that expires, ends its dead-lettering for good. There, consumers keep what cannot be handled.
    """

    name: str
    exchange: str
    keys: tuple[str, ...]
    room: Room
    largest: int
    """Bytes of a body that its consumer looks at; a larger message is kept unread. Hundreds are in hand at once."""
    single_active_consumer: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)
    public: bool = False
    """Any client may publish to it: by the same keys, on the exchange of clients."""

    def takes(self, key: str) -> bool:
        """Whether a message of this key belongs in it: by CC and BCC a client may put one of any key there."""
        return key in self.keys or "#" in self.keys

    @property
    def bindings(self) -> tuple[tuple[str, str], ...]:
        """Exchanges and keys."""
        exchanges = (self.exchange, CLIENTS) if self.public else (self.exchange,)
        return tuple((exchange, key) for exchange in exchanges for key in self.keys)

    def declare_arguments(self) -> dict[str, Any]:
        """The arguments of `queue.declare`."""
        return self.arguments_without_room() | self.room.arguments()

    def arguments_without_room(self) -> dict[str, Any]:
        """Those of a queue that was declared before there were limits; all else decides how it works."""
        arguments: dict[str, Any] = {"x-queue-type": "quorum", **self.arguments}
        if self.exchange == DEAD or self.public:
            # From RabbitMQ 4 a quorum queue without a limit of its own drops a message after 20 deliveries.
            arguments["x-delivery-limit"] = 1_000_000
            if self.public:
                arguments["x-overflow"] = "reject-publish"
        else:
            arguments |= {
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-dead-letter-exchange": DEAD,
                "x-dead-letter-strategy": "at-least-once",
                # at-least-once dead-lettering needs it: RabbitMQ falls back to at-most-once without.
                "x-overflow": "reject-publish",
            }
        if self.single_active_consumer:
            arguments["x-single-active-consumer"] = True
        return arguments


PREVIEWS = Queue("trueup.previews", COMMANDS, (PREVIEW_REQUEST,), COMMANDS_ROOM, SELECTION_BODY, public=True)
JOBS = Queue("trueup.jobs", COMMANDS, (JOB_REQUEST, JOB_CANCEL), COMMANDS_ROOM, SELECTION_BODY, public=True)
# One consumer at a time: a count must not overtake the BOM it is for.
RECORDS = Queue(
    "trueup.records",
    COMMANDS,
    (BOM_UPSERT, BOM_REMOVE, COUNT_ADJUST),
    COMMANDS_ROOM,
    SMALL_BODY,
    single_active_consumer=True,
    public=True,
)
FINISHED = Queue("trueup.finished", EVENTS, (CELLS_FINISHED,), RESULTS_ROOM, RESULTS_BODY)
ENDED_JOBS = Queue("trueup.ended-jobs", EVENTS, (JOB_FINISHED,), RESULTS_ROOM, RESULTS_BODY)
INDEXING = Queue("trueup.indexing", WEBHOOKS, ("#",), WEBHOOKS_ROOM, WEBHOOK_BODY)
DEAD_LETTERS = Queue("trueup.dead-letters", DEAD, ("#",), DEAD_ROOM, SELECTION_BODY)
CELLS = tuple(
    Queue(f"trueup.cells.{p}", COMMANDS, (cell_key(p),), CELLS_ROOM, SMALL_BODY, single_active_consumer=True)
    for p in range(PARTITIONS)
)

QUEUES = (PREVIEWS, JOBS, RECORDS, FINISHED, ENDED_JOBS, INDEXING, DEAD_LETTERS, *CELLS)
"""Every durable queue. Besides, each preview replica listens to events on an exclusive queue of its own."""

_BY_NAME = {queue.name: queue for queue in QUEUES}


def queue_named(name: str | None) -> Queue | None:
    """The durable queue of that name."""
    return None if name is None else _BY_NAME.get(name)


_EXCHANGE_OF = {key: queue.exchange for queue in QUEUES for key in queue.keys if key != "#"}


def exchange_of(key: str) -> str:
    """Where a message of this routing key belongs: what is none of a command or an event is a webhook's."""
    return _EXCHANGE_OF.get(key, WEBHOOKS)


LISTENER_KEYS: tuple[str, ...] = (
    JOB_PROGRESS,
    JOB_FINISHED,
    PREVIEW_PROGRESS,
    PREVIEW_READY,
    DRIFT_DETECTED,
    NOTICES_CHANGED,
)
"""What a preview replica listens to, to feed its event streams."""

LISTENER_ARGUMENTS: Mapping[str, Any] = {
    "x-max-length": 20_000,
    "x-max-length-bytes": 32 * _MIB,
    "x-overflow": "drop-head",
}
"""Of such a queue: a replica that hears slowly misses the oldest events (the next figure tells all), and holds up no
publisher."""
