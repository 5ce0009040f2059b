"""What /api/drift takes and answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.preview.api.http.pages import Moment, Paged
from shared.domain.comparison import CellClass
from shared.domain.drift import DriftMode, Hold, QuietHours, RepairPolicy, loss_ratio
from shared.errors import TimeZoneUnknown
from shared.mongodb.drift.history import HOUR, HourOfDrift, hour_of
from shared.mongodb.drift.missed import Missed, MissedState, MissedWanted
from shared.mongodb.drift.sweeps import Breaker, SweepState
from shared.zones import zone_of

CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
"""HH:MM."""

_DEFAULT = RepairPolicy()
_SHOWN, MAX_SHOWN = timedelta(days=7), timedelta(days=31)


def known_time_zone(name: str) -> str:
    """The name. Raises ValueError, in words for its author, where this machine knows no such zone."""
    try:
        return zone_of(name).key
    except TimeZoneUnknown:
        raise ValueError("must be the IANA name of a time zone, such as Europe/Berlin") from None


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuietHoursModel(_Model):
    """Hours in which nothing is repaired by itself; equal ends are the whole day."""

    start: str = Field(pattern=CLOCK, description="HH:MM, from then on.")
    end: str = Field(pattern=CLOCK, description="HH:MM, until before then; earlier than `start`: the next day.")
    time_zone: str = Field("UTC", max_length=100, description="An IANA name, such as Europe/Berlin.")

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        return known_time_zone(name)


class DriftPolicy(_Model):
    """What is done about missed webhooks. Beyond the limits automatic repair stops and a person is asked."""

    mode: DriftMode = Field(
        _DEFAULT.mode,
        description="repair: pull what only Shopify has moved; notify: record it and tell; off: do not look.",
    )
    max_share: Annotated[float, Field(strict=True, ge=0, le=1)] = Field(
        _DEFAULT.max_share, description="The largest share of the shop's cells that may stand unrepaired."
    )
    max_move: Annotated[int, Field(strict=True, ge=1, le=2_000_000_000)] = Field(
        _DEFAULT.max_move, description="The largest move of one cell, in units."
    )
    jobs_per_hour: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        _DEFAULT.jobs_per_hour, description="Repair jobs within an hour; more wait."
    )
    quiet_hours: QuietHoursModel | None = None

    @classmethod
    def of(cls, policy: RepairPolicy) -> Self:
        """From the shop's policy."""
        quiet = policy.quiet
        hours = None
        if quiet is not None:
            # As it is stored: whose zone is not known any more must be seen to be corrected.
            hours = QuietHoursModel.model_construct(
                start=_clock(quiet.start), end=_clock(quiet.end), time_zone=quiet.time_zone
            )
        return cls(
            mode=policy.mode,
            max_share=policy.max_share,
            max_move=policy.max_move,
            jobs_per_hour=policy.jobs_per_hour,
            quiet_hours=hours,
        )

    def to_domain(self) -> RepairPolicy:
        """The shop's policy."""
        hours = self.quiet_hours
        quiet = None if hours is None else QuietHours(_minute(hours.start), _minute(hours.end), hours.time_zone)
        return RepairPolicy(self.mode, self.max_share, self.max_move, self.jobs_per_hour, quiet)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


class DriftSearch(Paged):
    """Which cells to list."""

    state: Literal["watched", "missed", "resolved"] | None = Field(
        None, description="watched: seen to differ, not judged yet; missed: open; resolved: closed. None: the last two."
    )
    late: Literal["true", "false"] | None = Field(None, description="Only those whose webhook came late, or never.")
    job_id: Annotated[str, Field(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")] | None = Field(
        None, description="Only those that this job repairs: its evidence."
    )

    def wanted(self) -> MissedWanted:
        """As the store is asked."""
        states = {MissedState.MISSED, MissedState.RESOLVED} if self.state is None else {MissedState(self.state)}
        late = None if self.late is None else self.late == "true"
        return MissedWanted(frozenset(states), late, self.job_id)


class DriftOut(_Model):
    """A cell whose base Shopify has left without a webhook: the evidence, and what became of it."""

    drift_id: str
    state: Literal["watched", "missed", "resolved"]
    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None
    base: int | None = Field(description="Shopify's value as last known.")
    shopify: int = Field(description="Shopify's value as read.")
    local: int | None
    cell_class: CellClass
    shopify_time: datetime = Field(description="Shopify's time of its value.")
    since: datetime = Field(description="Shopify's time when the difference was first seen.")
    confirmed_at: datetime | None = Field(description="Shopify's time of the second read.")
    detected_at: datetime | None
    late: bool = Field(description="The webhook came after all.")
    late_at: datetime | None
    held: Hold | None = Field(description="Why nothing repairs it now.")
    approved_by: str | None
    job_id: str | None = Field(description="The job that repairs, or has repaired, it.")
    outcome: Literal["repaired", "late", "settled", "gone"] | None = Field(
        description="settled: something else has brought the base up; gone: the cell is no more."
    )
    note: str | None = Field(description="Why the last job left the cell as it was.")
    ended_at: datetime | None

    @classmethod
    def of(cls, missed: Missed) -> Self:
        """From its record."""
        return cls.model_validate(
            {
                "drift_id": missed.drift_id,
                "state": str(missed.state),
                "bom_id": missed.key.bom_id,
                "bom_name": missed.bom_name,
                "location_id": missed.key.location_id,
                "location_name": missed.location_name,
                "base": missed.base,
                "shopify": missed.shopify,
                "local": missed.local,
                "cell_class": missed.cell_class,
                "shopify_time": missed.shopify_time,
                "since": missed.since,
                "confirmed_at": None if missed.state is MissedState.WATCHED else missed.taken_at,
                "detected_at": missed.detected_at,
                "late": missed.late,
                "late_at": missed.late_at,
                "held": missed.held,
                "approved_by": missed.approved_by,
                "job_id": missed.job_id,
                "outcome": None if missed.outcome is None else str(missed.outcome),
                "note": missed.note,
                "ended_at": missed.ended_at,
            }
        )


class BreakerOut(_Model):
    """Automatic repair has stopped and asks a person."""

    reason: str
    opened_at: datetime
    missed: int
    cells: int

    @classmethod
    def of(cls, breaker: Breaker) -> Self:
        """From its record."""
        return cls(reason=breaker.reason, opened_at=breaker.opened_at, missed=breaker.missed, cells=breaker.cells)


class DriftPage(_Model):
    """Missed webhooks, the newest first, with the shop's figures."""

    items: list[DriftOut]
    next_cursor: str | None
    unrepaired_cells: int
    breaker: BreakerOut | None
    missed: int = Field(description="Webhooks of levels missed in the last three days, as of the last sweep.")
    late: int
    received: int
    webhook_loss_ratio: float | None = Field(description="Estimate: missed / (missed + received).")
    webhook_lag_mean: float | None = Field(
        description="Seconds from Shopify's trigger to our receipt, in the hour before the last sweep; none came: null."
    )
    webhook_lag_max: float | None
    silent_since: datetime | None = Field(
        description="The last webhook, where in the same hours of each of the days before many came; null: no silence."
    )
    expected_webhooks: int | None = Field(description="What came in these hours on the quietest of those days.")
    last_sweep_at: datetime | None
    last_full_sweep_at: datetime | None

    @classmethod
    def of(cls, listed: list[Missed], cursor: str | None, state: SweepState, unrepaired: int) -> Self:
        """From a page and the shop's state."""
        return cls(
            items=[DriftOut.of(missed) for missed in listed],
            next_cursor=cursor,
            unrepaired_cells=unrepaired,
            breaker=None if state.breaker is None else BreakerOut.of(state.breaker),
            missed=state.missed,
            late=state.late,
            received=state.received,
            webhook_loss_ratio=loss_ratio(state.missed, state.received),
            webhook_lag_mean=state.lag_mean,
            webhook_lag_max=state.lag_max,
            silent_since=state.silent_since,
            expected_webhooks=state.expected,
            last_sweep_at=state.last_at,
            last_full_sweep_at=state.full_at,
        )


class HistorySearch(_Model):
    """Which hours to show; whole hours are answered."""

    since: Moment | None = Field(None, description="None: seven days before `until`.")
    until: Moment | None = Field(None, description="None: now. At most 31 days after `since`.")

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """The first hour, and the one after the last. Raises ValueError, in words for its author."""
        until = now if self.until is None else min(self.until.astimezone(UTC), now)
        since = until - _SHOWN if self.since is None else self.since.astimezone(UTC)
        if since >= until:
            raise ValueError("lies not before the end")
        if until - since > MAX_SHOWN:
            raise ValueError(f"lies more than {MAX_SHOWN.days} days before the end")
        end = hour_of(until)
        return hour_of(since), end if end == until else end + HOUR


class DriftHour(_Model):
    """One hour of a shop."""

    hour: datetime
    sweeps: int
    compared_cells: int = Field(description="Cells compared with Shopify by the sweeps.")
    missed: int = Field(description="Webhooks found missing in this hour that have not come since.")
    late: int = Field(description="Found missing in this hour; they came after all.")
    repaired: int = Field(description="Missed webhooks whose cell was repaired in this hour.")
    received: int | None = Field(description="Webhooks about the shop's cells; null: not known, nobody swept.")
    webhook_loss_ratio: float | None = Field(description="missed / (missed + received).")
    webhook_lag_mean: float | None
    webhook_lag_max: float | None

    @classmethod
    def of(cls, hour: HourOfDrift) -> Self:
        """From the stored one."""
        ratio = None if hour.received is None else loss_ratio(hour.missed, hour.received)
        return cls(
            hour=hour.hour,
            sweeps=hour.sweeps,
            compared_cells=hour.compared,
            missed=hour.missed,
            late=hour.late,
            repaired=hour.repaired,
            received=hour.received,
            webhook_loss_ratio=ratio,
            webhook_lag_mean=hour.lag_mean,
            webhook_lag_max=hour.lag_max,
        )


class DriftHistoryOut(_Model):
    """Drift over time: every hour of the span, in order, those without anything too."""

    since: datetime
    until: datetime
    items: list[DriftHour]


class SweepIn(_Model):
    """A sweep wanted now."""

    full: bool = Field(False, strict=True, description="Read every cell, not only what has changed.")


class SweepOut(_Model):
    """A sweep that was asked for; `last_sweep_at` of GET /api/drift passes `asked_at` once it has ended."""

    asked_at: datetime
    full: bool


class ApprovedOut(_Model):
    """What a person has released."""

    released: int = Field(description="Missed webhooks that are repaired now where only Shopify has moved.")
