"""Who sent a command: one of Trueup's own parts, by its seal, or a foreign client, whose words are marked as its own.

A foreign client says what it likes of who asks and why. What is kept of it bears a mark that no part of Trueup's makes,
so that it passes neither for a merchant's user nor for Trueup itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contract.mistakes import cut
from shared.domain.job import JobSource

FOREIGN = "amqp"
"""What a foreign client's words begin with."""

_MAX_LENGTH = 200
"""Characters of who asks, as in the messages."""

_KINDS = frozenset({JobSource.RETRY, JobSource.UNDO})
"""Sources that say what a job does, not who asks: open to any client, for a job that they name."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who published a message. `own`: one of Trueup's parts; `user`: else its broker user, where the broker proves it.

    The broker proves the property `user_id`: it refuses a message that names another user than the connection's.
    """

    own: bool
    user: str | None = None

    def name(self, said: str) -> str:
        """Who asks, as it is to be kept: `amqp:…` or, with proof, `amqp(user):…` is what a foreign client said."""
        if self.own:
            return said
        proven = "" if self.user is None else f"({cut(self.user, 80)})"
        return f"{FOREIGN}{proven}:{said}"[:_MAX_LENGTH]

    def source(self, said: JobSource, of_job_id: str | None) -> JobSource:
        """The source of a job, as it is to be kept. A foreign client's is its own request, whatever it said.

        By its source a job is a repair that counts against the shop's limit, or one of a schedule.
        """
        if self.own or (said in _KINDS and of_job_id is not None):
            return said
        return JobSource.API


OURS = Sender(own=True)
"""One of Trueup's parts."""
