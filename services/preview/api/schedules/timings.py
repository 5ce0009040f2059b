"""When a schedule runs, as the API takes and shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from services.preview.api.times_of_day import CLOCK, minute_of_day
from shared.domain.schedule import Timing, TimingKind, Weekday
from shared.schedules.moments import check_timing


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Daily(_Model):
    """Once a day."""

    kind: Literal["daily"]
    at: str = Field(pattern=CLOCK, description="HH:MM in the schedule's time zone.")


class Weekly(_Model):
    """On some days of the week, at one time."""

    kind: Literal["weekly"]
    days: Annotated[list[Weekday], Field(min_length=1, max_length=len(Weekday))]
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
    return f"[{kind}]" if isinstance(kind, str) and kind in set(TimingKind) else None


TimingModel = Annotated[
    Annotated[Daily, Tag("[daily]")]
    | Annotated[Weekly, Tag("[weekly]")]
    | Annotated[Hourly, Tag("[hourly]")]
    | Annotated[Cron, Tag("[cron]")],
    Discriminator(
        _kind, custom_error_type="timing", custom_error_message="must have a kind: daily, weekly, hourly or cron"
    ),
]


def timing_of(given: Daily | Weekly | Hourly | Cron) -> Timing:
    """The timing as the domain knows it."""
    if isinstance(given, Daily):
        return Timing.daily(*divmod(minute_of_day(given.at), 60))
    if isinstance(given, Weekly):
        return Timing.weekly(given.days, *divmod(minute_of_day(given.at), 60))
    if isinstance(given, Hourly):
        return Timing.hourly(given.minute)
    return Timing(TimingKind.CRON, given.expression)
