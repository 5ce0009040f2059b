"""One delivered message: what it is, who sent it, and the answers to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Protocol, TypeVar

import structlog
from pydantic import ValidationError

from shared import metrics
from shared.contract.messages import Message
from shared.contract.mistakes import mistakes_of
from shared.contract.senders import OURS, Sender
from shared.errors import TrueupError
from shared.observing.spans import CARRIED
from shared.rabbitmq.connection import GONE
from shared.rabbitmq.consuming.answers import Unanswered

log = structlog.get_logger()

M = TypeVar("M", bound=Message)

MAX_KEPT_BODY = 256 * 1024
"""Bytes of a body that are kept. A longer one cannot be sent again; its beginning tells whose it was."""

DEATHS = "x-death"
"""What the broker writes on a message that it dead-letters, and nobody else on one for us. A forged list that is none
of RabbitMQ's own ends the dead-lettering of a whole node of RabbitMQ 3.10.8, again after each restart."""


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
    _message: Unanswered
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
    has_deaths: bool = False
    """Whether it claims to have been dead-lettered, in a queue that nothing is dead-lettered to."""
    _answered: Callable[[], object] = lambda: None
    """Called when it is answered."""

    def read(self, kind: type[M]) -> M:
        """The body as a message of this kind. Raises Reject, which says what is wrong with it."""
        try:
            return kind.model_validate_json(self.body)
        except ValidationError as error:
            raise Reject(str(mistakes_of(error))) from None

    @property
    def carried(self) -> str | None:
        """The span it was published in."""
        return self.headers.get(CARRIED)

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
        return self._message.is_gone

    async def _answer(self, answer: Awaitable[None], outcome: str) -> None:
        self._answered()
        metrics.MESSAGES.labels(self.queue, outcome).inc()
        metrics.MESSAGE_SECONDS.labels(self.queue).observe(monotonic() - self.since)
        try:
            await answer
        except GONE as error:
            log.info("delivery_channel_gone", queue=self.queue, error=type(error).__name__)


Handler = Callable[[Delivery], Awaitable[None]]
