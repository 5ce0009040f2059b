"""Bulk operations of one shop: at most five at once, finished after a while, their results kept as JSON lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

AT_ONCE: Final = 5
RUNTIME: Final = timedelta(seconds=1)
CANCELING: Final = timedelta(seconds=0.5)  # from the call that cancels to the end
KEPT: Final = timedelta(days=7)


@dataclass(slots=True)
class BulkOperation:
    """One bulk query. Its result is that of the moment it was asked for; it shows once the operation is finished."""

    id: str
    query: str
    created_at: datetime
    lines: list[str]
    roots: int
    cancelled_at: datetime | None = None
    failure: str | None = None  # Shopify's errorCode

    @property
    def finished_at(self) -> datetime:
        """When it is finished, unless it is cancelled before."""
        return self.created_at + RUNTIME

    @property
    def ended_at(self) -> datetime:
        """When it ends, in whatever way."""
        return self.finished_at if self.cancelled_at is None else self.cancelled_at + CANCELING

    def counted(self, total: int, now: datetime) -> int:
        """Of so many objects those that were written by then; a cancelled query keeps what it had."""
        passed = (self.cancelled_at or now) - self.created_at
        return total if passed >= RUNTIME else int(total * max(timedelta(0), passed) / RUNTIME)

    def status(self, now: datetime) -> str:
        """Shopify's status at that time."""
        if self.cancelled_at is not None:
            return "CANCELING" if now < self.ended_at else "CANCELED"
        if now < self.finished_at:
            return "CREATED" if now < self.created_at + RUNTIME / 2 else "RUNNING"
        if self.failure is not None:
            return "FAILED"
        return "COMPLETED" if now < self.finished_at + KEPT else "EXPIRED"

    def text(self) -> str:
        """The result file."""
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(slots=True)
class BulkOperations:
    """The bulk operations of one shop by their number."""

    operations: dict[str, BulkOperation] = field(default_factory=dict)

    def running(self, now: datetime) -> list[BulkOperation]:
        """Those that have not ended: one that is being cancelled still has its place."""
        return [one for one in self.operations.values() if one.status(now) in ("CREATED", "RUNNING", "CANCELING")]
