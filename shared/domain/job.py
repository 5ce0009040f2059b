"""The states of a job, and its totals, which are derived from its cells and never counted by increment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.cell import CellState


class JobState(StrEnum):
    """Where a job stands."""

    REQUESTED = "requested"
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    CANCELLED = "cancelled"
    FAILED = "failed"


_ENDED = frozenset({JobState.COMPLETED, JobState.COMPLETED_WITH_ERRORS, JobState.CANCELLED, JobState.FAILED})

JOB_TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.REQUESTED: frozenset({JobState.WAITING, JobState.RUNNING, JobState.CANCELLED, JobState.FAILED}),
    JobState.WAITING: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.FAILED}),
    JobState.RUNNING: _ENDED,
    JobState.COMPLETED: frozenset(),
    JobState.COMPLETED_WITH_ERRORS: frozenset(),
    JobState.CANCELLED: frozenset(),
    JobState.FAILED: frozenset(),
}
"""The state table of a job."""

UNFINISHED_JOB_STATES = frozenset(state for state, after in JOB_TRANSITIONS.items() if after)
"""States of a job that may still change cells."""


class Asked(StrEnum):
    """What became of a job that was asked for."""

    STORED = "stored"
    KNOWN = "known"
    """It had been asked for before."""
    REFUSED = "refused"
    """The shop has as many open as it may: it has ended, with that code."""


class JobSource(StrEnum):
    """Who asked for the job."""

    ADMIN = "admin"
    DRIFT = "drift"
    SCHEDULE = "schedule"
    RETRY = "retry"
    UNDO = "undo"
    API = "api"


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a job, counted in cells."""

    total: int
    pending: int = 0
    applying: int = 0
    updated: int = 0
    skipped: int = 0
    errors: int = 0
    cancelled: int = 0

    @classmethod
    def of(cls, counts: Mapping[CellState, int]) -> Totals:
        """From the number of cells in each state."""
        return cls(
            total=sum(counts.values()),
            pending=counts.get(CellState.PENDING, 0),
            applying=counts.get(CellState.APPLYING, 0),
            updated=counts.get(CellState.UPDATED, 0),
            skipped=counts.get(CellState.SKIPPED, 0),
            errors=counts.get(CellState.ERROR, 0),
            cancelled=counts.get(CellState.CANCELLED, 0),
        )

    @property
    def open(self) -> int:
        """Cells with work left."""
        return self.pending + self.applying

    @property
    def ended(self) -> int:
        """Cells in a terminal state."""
        return self.total - self.open


def end_state(totals: Totals, planned: int, *, cancel_requested: bool) -> JobState | None:
    """The state in which a job ends, or None while a cell is open or not all planned cells are there.

    An error is worth telling even in a cancelled job's figures, but a job somebody stopped reads `cancelled`
    as soon as one of its cells was cancelled.
    """
    if totals.open or totals.total != planned:
        return None
    if totals.cancelled and cancel_requested:
        return JobState.CANCELLED
    if totals.errors or totals.cancelled:
        return JobState.COMPLETED_WITH_ERRORS
    return JobState.COMPLETED
