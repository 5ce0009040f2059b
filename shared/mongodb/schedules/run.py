"""A run of a schedule as all but its store see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.contract.messages import JobOptions
from shared.contract.selection import LeaveOut
from shared.domain.comparison import Direction
from shared.domain.run_limits import DEFAULT_LIMITS, RunLimits, WaitsFor
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
    """One run, begun or skipped; `run_id` is also the id of its job or preview.

    `name` is the schedule's when it began. `figures`: a job's totals in cells, or a preview's badges in BOMs.
    `delivery` None: nobody is to hear of its outcome.

    Of a reconcile, what the schedule wanted when it was asked for: `direction` (None also where an earlier build has
    asked for it, whose job began without a look), `limits` and `options`. `plan`: what it would do, once that was
    compared, and `waits_for`: why it waits for a person, or did. `asked_by`: who wanted it now, `look_first`: and to
    see it before; `approved_by`: who let it begin, and
    `leave_out` without what (None: with all of its plan).
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
    direction: Direction | None = None
    limits: RunLimits = DEFAULT_LIMITS
    plan: Mapping[str, int] | None = None
    waits_for: WaitsFor | None = None
    asked_by: str | None = None
    look_first: bool = False
    approved_by: str | None = None
    _options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    _leave_out: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def options(self) -> JobOptions:
        """Choices of its job. Raises ValidationError for some that only an older build can have taken."""
        return JobOptions.model_validate(self._options)

    @property
    def leave_out(self) -> LeaveOut | None:
        """Rows of its preview that a person has left out. Raises ValidationError for what no build has stored."""
        return None if self._leave_out is None else LeaveOut.model_validate(self._leave_out)

    @property
    def tries(self) -> int:
        """How often somebody has begun to deliver its outcome."""
        return 0 if self.delivery is None else self.delivery.tries
