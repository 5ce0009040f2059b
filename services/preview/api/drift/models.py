"""What the API takes and shows of missed webhooks and their repair."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.preview.api.http.responses.pages import Moment, Paged
from services.preview.api.times_of_day import CLOCK, known_time_zone, minute_of_day
from shared.contract.messages import Ulid
from shared.contract.words import LocationId
from shared.domain.comparison import CellClass
from shared.domain.drift import DriftMode, Hold, QuietHours, RepairPolicy
from shared.mongodb.drift.history import HOUR, hour_of
from shared.mongodb.drift.missed import Approval, MissedState, MissedWanted

_DEFAULT = RepairPolicy()
_SHOWN, MAX_SHOWN = timedelta(days=7), timedelta(days=31)


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

    def to_domain(self) -> RepairPolicy:
        """The shop's policy."""
        hours = self.quiet_hours
        quiet = (
            None if hours is None else QuietHours(minute_of_day(hours.start), minute_of_day(hours.end), hours.time_zone)
        )
        return RepairPolicy(self.mode, self.max_share, self.max_move, self.jobs_per_hour, quiet)


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


class DriftPath(_Model):
    """One missed webhook."""

    drift_id: Ulid


class DriftOut(_Model):
    """A cell whose base Shopify has left without a webhook: the evidence, and what became of it."""

    drift_id: str
    state: Literal["watched", "missed", "resolved"]
    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None
    base: int | None = Field(description="Shopify's value as last known.")
    shopify_value: int = Field(description="As read.")
    local_value: int | None
    becomes: int | None = Field(
        description="The local value after a repair: Shopify's, or, where both sides moved, ours and what was missed."
    )
    cell_class: CellClass
    shopify_value_at: datetime = Field(description="Shopify's time of its value.")
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


class BreakerOut(_Model):
    """Automatic repair has stopped and asks a person."""

    reason: str
    opened_at: datetime
    missed: int
    cells: int


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


class ApprovalIn(_Model):
    """What a person lets be repaired; nothing given: everything that stands open. The rest stays open."""

    location_ids: list[LocationId] | None = Field(None, min_length=1, max_length=1000)
    drift_ids: Annotated[list[Ulid], Field(fail_fast=True, min_length=1, max_length=5000)] | None = None

    def to_store(self) -> Approval:
        """As the store takes it."""
        places, ids = self.location_ids, self.drift_ids
        return Approval(None if places is None else frozenset(places), None if ids is None else frozenset(ids))


class OpenAtOut(_Model):
    """What stands open of one class at one location."""

    location_id: str
    location_name: str | None
    cell_class: CellClass
    cells: int
    approved: int = Field(description="So many of them were approved already.")
    largest_move: int = Field(description="The most units by which Shopify has left the value known.")


class RepairPlanOut(_Model):
    """What a repair would do, before anybody approves it."""

    items: list[OpenAtOut] = Field(description="By location and class, the most cells first.")
    cells: int
    waiting: int = Field(description="Of these not approved.")
    largest_move: int


class ApprovedOut(_Model):
    """What a person has released."""

    released: int = Field(description="Missed webhooks that are repaired now where only Shopify has moved.")
    left: int = Field(description="Missed webhooks that still wait for a person.")
