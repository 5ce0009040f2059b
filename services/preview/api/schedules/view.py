"""Schedules and their runs as they are shown."""

from __future__ import annotations

from typing import Any

from services.preview.api.schedules.models import Cron, Daily, Hourly, RunOut, ScheduleOut, TargetOut
from services.preview.api.times_of_day import written
from shared.domain.schedule import Timing, TimingKind
from shared.mongodb.schedules.run import OutcomeDelivery, ScheduleRun
from shared.mongodb.schedules.schedule import Schedule


def schedule_out(schedule: Schedule) -> ScheduleOut:
    """A schedule as it stands."""
    same = ("schedule_id", "name", "enabled", "action", "direction", "time_zone", "missed", "next_at")
    who = ("created_at", "created_by", "updated_at", "updated_by")
    fields: dict[str, Any] = {name: getattr(schedule, name) for name in (*same, *who)}
    return ScheduleOut(
        selection=schedule.selection,
        options=schedule.options,
        timing=_timing(schedule.timing),
        target=None if schedule.target_url is None else TargetOut(url=schedule.target_url),
        **fields,
    )


def _timing(timing: Timing) -> Daily | Hourly | Cron:
    if timing.kind is TimingKind.DAILY:
        return Daily(kind="daily", at=written(timing.hour * 60 + timing.minute))
    if timing.kind is TimingKind.HOURLY:
        return Hourly(kind="hourly", minute=timing.minute)
    return Cron(kind="cron", expression=timing.expression)


def run_out(run: ScheduleRun) -> RunOut:
    """One run, begun or left out."""
    same = ("run_id", "action", "due_at", "state", "reason", "figures", "ended_at")
    fields: dict[str, Any] = {name: getattr(run, name) for name in same}
    outcome = None if run.outcome is None else str(run.outcome)
    return RunOut.model_validate({**fields, "outcome": outcome, "told": _delivered(run.delivery)})


def _delivered(delivery: OutcomeDelivery | None) -> dict[str, Any] | None:
    if delivery is None:
        return None
    return {"state": str(delivery.state), "tries": delivery.tries, "detail": delivery.detail}
