"""Schedules and their runs as they are shown."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any

from services.preview.api.schedules.models import LimitsOut, RunOut, ScheduleOut, TargetOut
from services.preview.api.schedules.timings import Cron, Daily, Hourly, Weekly
from services.preview.api.times_of_day import written
from shared.domain.run_limits import RunLimits
from shared.domain.schedule import Timing, TimingKind
from shared.mongodb.schedules.run import OutcomeDelivery, ScheduleRun
from shared.mongodb.schedules.schedule import Schedule
from shared.schedules.moments import next_moments

COMING = 3
"""Runs to come that are shown."""


def schedule_out(schedule: Schedule, zone: tzinfo | None) -> ScheduleOut:
    """A schedule as it stands; `zone`: where its moments are meant, None: not known."""
    same = ("schedule_id", "name", "enabled", "action", "direction", "time_zone", "missed", "next_at")
    who = ("created_at", "created_by", "updated_at", "updated_by")
    fields: dict[str, Any] = {name: getattr(schedule, name) for name in (*same, *who)}
    return ScheduleOut(
        selection=schedule.selection,
        options=schedule.options,
        limits=_limits(schedule.limits),
        timing=_timing(schedule.timing),
        coming=_coming(schedule, zone),
        target=None if schedule.target_url is None else TargetOut(url=schedule.target_url),
        **fields,
    )


def _limits(limits: RunLimits) -> LimitsOut:
    return LimitsOut(differences=limits.differences, max_move=limits.max_move, max_share=limits.max_share)


def _coming(schedule: Schedule, zone: tzinfo | None) -> list[datetime]:
    """The next runs, from the one that is due."""
    if schedule.next_at is None or zone is None:
        return []
    try:
        return next_moments(schedule.timing, zone, schedule.next_at - timedelta(seconds=1), COMING)
    except ValueError:  # an expression of an older build: seen with its schedule, and switched off at its moment
        return [schedule.next_at]


def _timing(timing: Timing) -> Daily | Weekly | Hourly | Cron:
    if timing.kind is TimingKind.WEEKLY:
        return Weekly(kind="weekly", days=list(timing.days), at=written(timing.hour * 60 + timing.minute))
    if timing.kind is TimingKind.DAILY:
        return Daily(kind="daily", at=written(timing.hour * 60 + timing.minute))
    if timing.kind is TimingKind.HOURLY:
        return Hourly(kind="hourly", minute=timing.minute)
    return Cron(kind="cron", expression=timing.expression)


def run_out(run: ScheduleRun) -> RunOut:
    """One run, begun or skipped."""
    same = (
        *("schedule_id", "run_id", "action", "direction", "due_at", "state", "plan", "waits_for"),
        *("asked_by", "approved_by", "reason", "figures", "ended_at"),
    )
    fields: dict[str, Any] = {name: getattr(run, name) for name in same}
    outcome = None if run.outcome is None else str(run.outcome)
    limits = None if run.direction is None else _limits(run.limits).model_dump()
    left = [] if run.direction is None else [*run.limits.left_to_a_person(run.direction)]
    told = _delivered(run.delivery)
    more = {"schedule_name": run.name, "limits": limits, "leave_out_classes": left, "outcome": outcome, "told": told}
    return RunOut.model_validate({**fields, **more})


def _delivered(delivery: OutcomeDelivery | None) -> dict[str, Any] | None:
    if delivery is None:
        return None
    return {"state": str(delivery.state), "tries": delivery.tries, "detail": delivery.detail}
