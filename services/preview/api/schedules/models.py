"""What the API takes and shows of schedules and their runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from services.preview.api.http.responses.pages import Paged
from services.preview.api.schedules.timings import TimingModel, timing_of
from services.preview.api.times_of_day import known_time_zone
from shared.contract.messages import JobOptions, Ulid
from shared.contract.outgoing import Outcome
from shared.contract.selection import LeaveOut, SelectionBody
from shared.contract.words import Words
from shared.domain.comparison import CellClass, Direction
from shared.domain.run_limits import DEFAULT_LIMITS, Differences, RunLimits, WaitsFor
from shared.domain.schedule import Action, Missed, RunState, Skipped, Timing
from shared.mongodb.schedules.schedule import ScheduleWanted

MAX_SCHEDULES = 50
"""Schedules of one shop."""

MAX_SELECTED = 1000
"""BOMs or cells that a schedule names one by one."""

MAX_LEFT_OUT_BY_ONE = 1000
"""Cells left out of a waiting run one by one: its document holds them."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitsModel(_Model):
    """What a reconcile may do without a person: above a limit its run does not begin, it waits to be approved."""

    differences: Differences = Field(
        DEFAULT_LIMITS.differences,
        description="safe: only what the other side alone has moved, so that nothing is overwritten that was meant; "
        "all: also where both sides moved. What is left stays for a person.",
    )
    max_move: Annotated[int, Field(strict=True, ge=1, le=2_000_000_000)] = Field(
        DEFAULT_LIMITS.max_move, description="The most units by which one cell may change."
    )
    max_share: Annotated[float, Field(strict=True, ge=0, le=1)] = Field(
        DEFAULT_LIMITS.max_share,
        description="The largest share of the cells compared that one run may change; up to three always may.",
    )

    def to_domain(self) -> RunLimits:
        """As the domain knows them."""
        return RunLimits(self.differences, self.max_move, self.max_share)


class LimitsOut(_Model):
    """What a reconcile may do without a person, as it stands."""

    differences: Differences
    max_move: int
    max_share: float


class TargetIn(_Model):
    """Where outcomes are told, by a POST that is signed with the secret."""

    url: str = Field(min_length=10, max_length=2000, description="An https address that the internet can reach.")
    secret: str | None = Field(
        None,
        min_length=16,
        max_length=200,
        pattern=r"^[\x20-\x7e]+$",
        description="Keys the HMAC-SHA256; never shown again. None: the one given before stays.",
    )


class TargetOut(_Model):
    """Where outcomes are told."""

    url: str


class ScheduleIn(_Model):
    """A schedule, whole: what is not given is set to its default."""

    name: Annotated[Words, Field(min_length=1, max_length=200)]
    enabled: bool = Field(True, strict=True)
    action: Action
    direction: Direction | None = Field(None, description="Of a reconcile; a preview has none.")
    selection: SelectionBody
    options: JobOptions = Field(JobOptions(), description="Of a reconcile.")
    limits: LimitsModel = Field(LimitsModel(), description="Of a reconcile.")
    timing: TimingModel
    time_zone: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="An IANA name, such as Europe/Berlin; none: the shop's own."
    )
    missed: Missed = Field(
        Missed.RUN_ONCE,
        description="What becomes of runs that nobody was there to begin: one late run makes up for all, or none.",
    )
    target: TargetIn | None = Field(None, description="None: nobody is told.")

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        return None if name is None else known_time_zone(name)

    @model_validator(mode="after")
    def _direction_fits(self) -> Self:
        if (self.action is Action.RECONCILE) != (self.direction is not None):
            raise ValueError("a reconcile needs a direction, a preview has none")
        if self.action is Action.PREVIEW and self.options != JobOptions():
            raise ValueError("options are those of a reconcile; a preview has none")
        return self

    def to_timing(self) -> Timing:
        """The timing as the domain knows it."""
        return timing_of(self.timing)

    def wanted(self) -> ScheduleWanted:
        """As its store takes it."""
        return ScheduleWanted(
            name=self.name,
            enabled=self.enabled,
            action=self.action,
            direction=self.direction,
            selection=self.selection,
            options=self.options,
            timing=self.to_timing(),
            time_zone=self.time_zone,
            missed=self.missed,
            limits=self.limits.to_domain(),
        )


class ScheduleOut(_Model):
    """A schedule as it stands."""

    schedule_id: Ulid
    name: str
    enabled: bool
    action: Action
    direction: Direction | None
    selection: SelectionBody
    options: JobOptions
    limits: LimitsOut
    timing: TimingModel
    time_zone: str | None = Field(description="None: the shop's own.")
    missed: Missed
    target: TargetOut | None
    next_at: datetime | None = Field(description="The next run; none: it is switched off.")
    coming: list[datetime] = Field(description="The next three runs; none: it is switched off, or its zone not known.")
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class SchedulePath(_Model):
    """One schedule."""

    schedule_id: Ulid = Field(description="The client's own ULID for a new one: a repeat has no second effect.")


class RunSearch(Paged):
    """The runs of one schedule."""

    schedule_id: Ulid


class ToldOut(_Model):
    """Telling the outcome to the schedule's target."""

    state: Literal["due", "sent", "failed", "dropped"] = Field(
        description="due: on its way, or tried again later; failed: given up; dropped: the target was removed."
    )
    tries: int
    detail: str | None


class PlanOut(_Model):
    """What a reconcile would do, as it was compared."""

    places: int = Field(description="Cells that it would change.")
    compared: int = Field(description="Cells that could be compared.")
    largest_move: int = Field(description="The most units by which one of them would change.")
    left: int = Field(description="Cells that differ and are left to a person.")


class RunOut(_Model):
    """One run, begun or skipped."""

    schedule_id: Ulid
    schedule_name: str = Field(description="The schedule's then.")
    run_id: Ulid = Field(description="Also the id of its job or preview.")
    action: Action
    direction: Direction | None = Field(description="Of a reconcile that was asked for.")
    due_at: datetime
    state: RunState
    limits: LimitsOut | None = Field(description="The schedule's then, of a reconcile that was asked for.")
    plan: PlanOut | None = Field(description="None: it was not compared.")
    waits_for: WaitsFor | None = Field(description="Why it waits for a person, or did.")
    asked_by: str | None = Field(description="Who wanted it now; none: its moment came.")
    approved_by: str | None = Field(description="Who let it begin.")
    leave_out_classes: list[CellClass] = Field(description="What the schedule leaves to a person, of a reconcile.")
    reason: Skipped | None = Field(description="Why it was skipped.")
    outcome: Outcome | None = Field(description="How it has ended.")
    figures: dict[str, int] | None = Field(description="A job's totals in cells, or a preview's badges in BOMs.")
    ended_at: datetime | None
    told: ToldOut | None = Field(description="None: nobody is told.")


class ScheduleList(_Model):
    """All schedules of the shop, the oldest first."""

    items: list[ScheduleOut]
    waiting: list[RunOut] = Field(description="Runs that wait for a person, the oldest first.")
    shop_time_zone: str | None = Field(description="The shop's own, as last read; none: not read yet.")


class RunPage(_Model):
    """Runs, the newest first."""

    items: list[RunOut]
    next_cursor: str | None


class RunNow(_Model):
    """A run wanted now, within the schedule's limits."""

    run_id: Ulid = Field(description="The client's own ULID: a repeat has no second effect.")
    look_first: bool = Field(
        False, strict=True, description="Only compare: the run waits until a person has seen what it would do."
    )


class RunApproval(_Model):
    """A person's word for a run that waits; nothing given: for all that it would do."""

    leave_out: LeaveOut | None = Field(
        None, description=f"Rows of its preview that are no part of it, at most {MAX_LEFT_OUT_BY_ONE} one by one."
    )

    @field_validator("leave_out")
    @classmethod
    def _is_short(cls, leave_out: LeaveOut | None) -> LeaveOut | None:
        if leave_out is not None and len(leave_out.cells or ()) > MAX_LEFT_OUT_BY_ONE:
            raise ValueError(f"at most {MAX_LEFT_OUT_BY_ONE} cells are left out one by one; leave out their BOMs")
        return leave_out


class RunPath(_Model):
    """One run of a schedule."""

    schedule_id: Ulid
    run_id: Ulid


class MomentsIn(_Model):
    """A timing to be looked at before it is kept."""

    timing: TimingModel
    time_zone: Annotated[str, Field(max_length=100)] | None = Field(None, description="None: the shop's own.")

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        return None if name is None else known_time_zone(name)


class MomentsOut(_Model):
    """The next three runs that such a schedule would have."""

    time_zone: str
    moments: list[datetime]
