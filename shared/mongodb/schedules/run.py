"""A run of a schedule as all but its store see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.schedule import Action, RunOutcome, RunState, Skipped


class DeliveryState(StrEnum):
    """How far the delivery of an outcome is."""

    DUE = "due"
    """On its way, or tried again later."""
    SENT = "sent"
    FAILED = "failed"
    """Given up."""
    DROPPED = "dropped"
    """The schedule has no address any more."""


@dataclass(frozen=True, slots=True)
class OutcomeDelivery:
    """The delivery of an outcome to the schedule's address."""

    state: DeliveryState
    tries: int
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRun:
    """One run, begun or left out; `run_id` is also the id of its job or preview.

    `name` is the schedule's when it began. `figures`: a job's totals in cells, or a preview's badges in BOMs.
    `delivery` None: nobody is to hear of its outcome.
    """

    shop: str
    run_id: str
    schedule_id: str
    name: str
    action: Action
    due_at: datetime
    state: RunState
    reason: Skipped | None
    outcome: RunOutcome | None
    figures: Mapping[str, int] | None
    asked_at: datetime | None
    ended_at: datetime | None
    delivery: OutcomeDelivery | None

    @property
    def tries(self) -> int:
        """How often somebody has begun to deliver its outcome."""
        return 0 if self.delivery is None else self.delivery.tries
