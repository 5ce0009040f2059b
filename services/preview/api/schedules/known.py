"""Finding the schedule that a request names."""

from __future__ import annotations

from typing import Any

from services.preview.api.http.responses.problem import ProblemError, unknown
from services.preview.api.http.route import Call
from shared.mongodb.schedules.schedule import Schedule


async def known_schedule(call: Call[Any, Any], schedule_id: str) -> Schedule:
    """The shop's schedule. Raises ProblemError (404)."""
    schedule = await call.deps.schedules.get(call.shop, schedule_id)
    if schedule is None:
        raise unknown_schedule(schedule_id)
    return schedule


def unknown_schedule(schedule_id: str) -> ProblemError:
    """Of an id that is no schedule's."""
    return unknown("path.schedule_id", f"There is no schedule {schedule_id}.", "See GET /api/schedules.")
