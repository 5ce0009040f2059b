"""Schedules: what runs by itself, and when a run is skipped. Times of day are found elsewhere, by a library."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

LATE = timedelta(minutes=5)
"""A run that cannot begin within this time of its moment was missed: nobody was there to begin it."""

SHORTEST = timedelta(minutes=5)
"""The least time between two runs of one schedule."""


BY_SCHEDULE = "schedule:"
"""What names the asker of a preview or job begins so, where a schedule is it; its id follows."""


class Action(StrEnum):
    """What a schedule does."""

    PREVIEW = "preview"
    RECONCILE = "reconcile"


class Missed(StrEnum):
    """What becomes of a run that was missed."""

    RUN_ONCE = "run_once"
    """One run makes up for it, late, however many were missed."""
    SKIP = "skip"


class Weekday(StrEnum):
    """A day of the week; the week begins on Monday."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class TimingKind(StrEnum):
    """How the moments of a schedule are given."""

    DAILY = "daily"
    WEEKLY = "weekly"
    """On some days of the week, at one time."""
    HOURLY = "hourly"
    CRON = "cron"


@dataclass(frozen=True, slots=True)
class Timing:
    """The moments of a schedule, as one cron expression of five fields."""

    kind: TimingKind
    expression: str

    @classmethod
    def daily(cls, hour: int, minute: int) -> Timing:
        """Once a day."""
        return cls(TimingKind.DAILY, f"{minute} {hour} * * *")

    @classmethod
    def weekly(cls, days: Collection[Weekday], hour: int, minute: int) -> Timing:
        """On these days of the week. Raises ValueError where none is given."""
        if not days:
            raise ValueError("name one day of the week at least")
        chosen = ",".join(day for day in Weekday if day in days)
        return cls(TimingKind.WEEKLY, f"{minute} {hour} * * {chosen}")

    @property
    def days(self) -> tuple[Weekday, ...]:
        """The days of a weekly timing, from Monday on."""
        return tuple(Weekday(day) for day in self.expression.split()[4].split(","))

    @classmethod
    def hourly(cls, minute: int) -> Timing:
        """Once an hour."""
        return cls(TimingKind.HOURLY, f"{minute} * * * *")

    @property
    def minute(self) -> int:
        """The minute of the hour of a daily, weekly or hourly timing."""
        return int(self.expression.split()[0])

    @property
    def hour(self) -> int:
        """The hour of a daily or weekly timing."""
        return int(self.expression.split()[1])


class RunState(StrEnum):
    """Where a run stands."""

    DUE = "due"
    """Noted, not asked for yet; whoever takes the schedule up next asks for it."""
    COMPARING = "comparing"
    """A reconcile: the preview that it begins with is being taken, or about to be judged."""
    WAITING = "waiting"
    """A reconcile: compared, and a person decides whether it begins."""
    RUNNING = "running"
    ENDED = "ended"
    SKIPPED = "skipped"


class RunOutcome(StrEnum):
    """How a run has ended: as its job or its preview has."""

    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    CANCELLED = "cancelled"
    FAILED = "failed"
    READY = "ready"
    LOST = "lost"
    """The records of its job or preview are gone."""


class Skipped(StrEnum):
    """Why a run was skipped."""

    MISSED = "missed"
    OVERLAP = "overlap"
    """The run before it had not ended."""
    SHOP_NOT_ACTIVE = "shop_not_active"
    CHANGED = "changed"
    """The schedule was removed or switched off before the run had begun."""
    REPLACED = "replaced"
    """It waited for a person until the next run compared anew."""
    DECLINED = "declined"
    """A person left it out."""
    TIME_ZONE_UNKNOWN = "time_zone_unknown"
    """Which moment it was, nobody can tell: the zone of the schedule, or of the shop, is not known (any more)."""
    NOT_BEGUN = "not_begun"
    """It could not be begun, however often that was tried."""


def why_skipped(*, late: timedelta, missed: Missed, shop_active: bool, still_running: bool) -> Skipped | None:
    """Why a run is skipped; None: it begins. `late`: the time since its moment."""
    if not shop_active:
        return Skipped.SHOP_NOT_ACTIVE
    if still_running:
        return Skipped.OVERLAP
    return Skipped.MISSED if late > LATE and missed is Missed.SKIP else None
