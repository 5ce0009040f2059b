"""/api/schedules/{schedule_id}/runs: what became of a schedule, a run wanted now, and a person's say in one."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from services.preview.api.http.responses.pages import read_cursor, write_cursor
from services.preview.api.http.responses.problem import FieldProblem, conflict, invalid, unknown
from services.preview.api.http.route import Answer, AnyRoute, Call, Route
from services.preview.api.schedules.known import known_schedule
from services.preview.api.schedules.models import RunApproval, RunNow, RunOut, RunPage, RunPath, RunSearch, SchedulePath
from services.preview.api.schedules.view import run_out
from shared.domain.preview import is_expired
from shared.domain.schedule import RunState, Skipped
from shared.domain.words.codes import EXPLAINED, Code
from shared.mongodb.schedules.run import ScheduleRun


async def list_runs(call: Call[RunSearch, None]) -> Answer:
    """GET /api/schedules/{schedule_id}/runs."""
    asked = call.params
    keys = read_cursor(asked.cursor, int)
    await known_schedule(call, asked.schedule_id)
    before = None if keys is None else _moment_of(keys[0])
    runs, last = await call.deps.schedule_runs.page(call.shop, asked.schedule_id, before, asked.limit)
    cursor = write_cursor(None if last is None else [int(last.timestamp())])
    return Answer(RunPage(items=[run_out(run) for run in runs], next_cursor=cursor))


async def post_run(call: Call[SchedulePath, RunNow]) -> Answer:
    """POST /api/schedules/{schedule_id}/runs."""
    schedule, runs, body = await known_schedule(call, call.params.schedule_id), call.deps.schedule_runs, call.body
    known = await runs.get(call.shop, body.run_id)
    if known is not None:
        if known.schedule_id != schedule.schedule_id:
            raise conflict("id-used", "body.run_id", f"{body.run_id} is the id of another run.", "Make a new ULID.")
        return Answer(run_out(known), HTTPStatus.ACCEPTED)
    waiting: list[ScheduleRun] = []
    for earlier in await runs.unfinished(call.shop, schedule.schedule_id):
        if earlier.state is not RunState.WAITING:
            raise conflict(
                "run-open", "path.schedule_id", "The run before has not ended.", "Wait for its end, then run it again."
            )
        waiting.append(earlier)
    for earlier in waiting:
        await runs.stop_waiting(earlier, Skipped.REPLACED)
    noted = await runs.note_now(schedule, body.run_id, by=call.caller.user, look_first=body.look_first)
    return Answer(run_out(noted), HTTPStatus.ACCEPTED)


async def get_run(call: Call[RunPath, None]) -> Answer:
    """GET /api/schedules/{schedule_id}/runs/{run_id}."""
    return Answer(run_out(await _run(call)))


async def post_approval(call: Call[RunPath, RunApproval]) -> Answer:
    """POST /api/schedules/{schedule_id}/runs/{run_id}/approve."""
    run = await _run(call)
    if run.state is not RunState.WAITING:
        raise _decided(run)
    preview = await call.deps.previews.get(call.shop, run.run_id)
    if preview is None or preview.taken_from is None or is_expired(preview.taken_from, datetime.now(UTC)):
        expired = EXPLAINED[Code.PREVIEW_EXPIRED]
        raise conflict("PREVIEW_EXPIRED", "path.run_id", expired.message, "Run the schedule now: it compares anew.")
    if not await call.deps.schedule_runs.approve(run, call.caller.user, call.body.leave_out):
        raise _decided(run)
    return Answer(run_out(await _run(call)))


async def post_refusal(call: Call[RunPath, None]) -> Answer:
    """POST /api/schedules/{schedule_id}/runs/{run_id}/decline."""
    run = await _run(call)
    if not await call.deps.schedule_runs.stop_waiting(run, Skipped.DECLINED, call.caller.user):
        raise _decided(run)
    return Answer(run_out(await _run(call)))


async def _run(call: Call[RunPath, Any]) -> ScheduleRun:
    run = await call.deps.schedule_runs.get(call.shop, call.params.run_id)
    if run is None or run.schedule_id != call.params.schedule_id:
        remedy = "See GET /api/schedules/{schedule_id}/runs."
        raise unknown("path.run_id", f"The schedule has no run {call.params.run_id}.", remedy)
    return run


def _decided(run: ScheduleRun) -> Exception:
    message = "The run does not wait for anybody: it has begun, has ended, or a later one has compared anew."
    return conflict("not-waiting", "path.run_id", message, f"See the runs of {run.name}.")


def _moment_of(seconds: str | int) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, OSError, ValueError):
        remedy = "Pass next_cursor of the page before as it is, or leave it out to start over."
        problem = FieldProblem(field="query.cursor", message="This is no cursor of this list.", remedy=remedy)
        raise invalid([problem]) from None


RUN_ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/schedules/{schedule_id}/runs",
        name="listScheduleRuns",
        tag="schedules",
        summary="The runs of a schedule, the newest first",
        params=RunSearch,
        handler=list_runs,
        answers={HTTPStatus.OK: RunPage},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/schedules/{schedule_id}/runs",
        name="postScheduleRun",
        act="schedule.run",
        tag="schedules",
        summary="Run a schedule now, within its limits, or only see what it would do",
        description="A run that waits for a person gives way to it.",
        params=SchedulePath,
        handler=post_run,
        body=RunNow,
        answers={HTTPStatus.ACCEPTED: RunOut},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="GET",
        path="/api/schedules/{schedule_id}/runs/{run_id}",
        name="getScheduleRun",
        tag="schedules",
        summary="One run of a schedule",
        params=RunPath,
        handler=get_run,
        answers={HTTPStatus.OK: RunOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/schedules/{schedule_id}/runs/{run_id}/approve",
        name="approveScheduleRun",
        act="schedule.approve",
        tag="schedules",
        summary="Let a run begin that waits for a person, or a part of it",
        description="Exactly what was compared is begun; what is no more as it was then is left as it is. What "
        "`leave_out` names is no part of it, nor is what the schedule leaves to a person, unless `keep` names it.",
        params=RunPath,
        handler=post_approval,
        body=RunApproval,
        body_optional=True,
        answers={HTTPStatus.OK: RunOut},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="POST",
        path="/api/schedules/{schedule_id}/runs/{run_id}/decline",
        name="declineScheduleRun",
        act="schedule.decline",
        tag="schedules",
        summary="Skip a run that waits for a person",
        params=RunPath,
        handler=post_refusal,
        answers={HTTPStatus.OK: RunOut},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
