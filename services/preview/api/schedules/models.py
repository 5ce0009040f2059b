"""What the API takes and shows of schedules and their runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from services.preview.api.http.responses.pages import Paged
from services.preview.api.times_of_day import CLOCK, known_time_zone, minute_of_day
from shared.contract.messages import JobOptions, Ulid
from shared.contract.outgoing import Outcome
from shared.contract.selection import SelectionBody
from shared.contract.words import Words
from shared.domain.comparison import Direction
from shared.domain.schedule import Action, Missed, RunState, Skipped, Timing, TimingKind
from shared.mongodb.schedules.schedule import ScheduleWanted
from shared.schedules.moments import check_timing

MAX_SCHEDULES = 50
"""Schedules of one shop."""

MAX_SELECTED = 1000
"""BOMs or cells that a schedule names one by one."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Daily(_Model):
    """Once a day."""

    kind: Literal["daily"]
    at: str = Field(pattern=CLOCK, description="HH:MM in the schedule's time zone.")


class Hourly(_Model):
    """Once an hour."""

    kind: Literal["hourly"]
    minute: Annotated[int, Field(strict=True, ge=0, le=59)]


class Cron(_Model):
    """When a cron expression says so."""

    kind: Literal["cron"]
    expression: Annotated[str, Field(min_length=9, max_length=200, pattern=r"^[\x20-\x7e]*$")] = Field(
        description="Minute, hour, day of the month, month, day of the week; five minutes apart at the least."
    )

    @field_validator("expression")
    @classmethod
    def _is_one(cls, expression: str) -> str:
        check_timing(Timing(TimingKind.CRON, expression))
        return expression


def _kind(value: Any) -> str | None:
    """Which timing it is; in brackets, so that a mistake names the field alone."""
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return f"[{kind}]" if isinstance(kind, str) and kind in {"daily", "hourly", "cron"} else None


TimingModel = Annotated[
    Annotated[Daily, Tag("[daily]")] | Annotated[Hourly, Tag("[hourly]")] | Annotated[Cron, Tag("[cron]")],
    Discriminator(_kind, custom_error_type="timing", custom_error_message="must have a kind: daily, hourly or cron"),
]


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
        if isinstance(self.timing, Daily):
            return Timing.daily(*divmod(minute_of_day(self.timing.at), 60))
        if isinstance(self.timing, Hourly):
            return Timing.hourly(self.timing.minute)
        return Timing(TimingKind.CRON, self.timing.expression)

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
    timing: TimingModel
    time_zone: str | None = Field(description="None: the shop's own.")
    missed: Missed
    target: TargetOut | None
    next_at: datetime | None = Field(description="The next run; none: it is switched off.")
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class ScheduleList(_Model):
    """All schedules of the shop, the oldest first."""

    items: list[ScheduleOut]
    shop_time_zone: str | None = Field(description="The shop's own, as last read; none: not read yet.")


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


class RunOut(_Model):
    """One run, begun or left out."""

    run_id: Ulid = Field(description="Also the id of its job or preview.")
    action: Action
    due_at: datetime
    state: RunState
    reason: Skipped | None = Field(description="Why it was left out.")
    outcome: Outcome | None = Field(description="How it has ended.")
    figures: dict[str, int] | None = Field(description="A job's totals in cells, or a preview's badges in BOMs.")
    ended_at: datetime | None
    told: ToldOut | None = Field(description="None: nobody is told.")


class RunPage(_Model):
    """Runs, the newest first."""

    items: list[RunOut]
    next_cursor: str | None
