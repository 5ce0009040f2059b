"""/api/schedules: previews and reconciles that run by themselves, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

import structlog

from services.preview.api.http.responses.pages import read_cursor, write_cursor
from services.preview.api.http.responses.problem import FieldProblem, ProblemError, conflict, invalid, unknown
from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from services.preview.api.schedules.models import (
    MAX_SCHEDULES,
    MAX_SELECTED,
    RunPage,
    RunSearch,
    ScheduleIn,
    ScheduleList,
    ScheduleOut,
    SchedulePath,
)
from services.preview.api.schedules.view import run_out, schedule_out
from services.preview.api.selection_check import readable_selection_problems, selection_problems
from shared.contract.selection import SelectionBody
from shared.errors import ShopifyError, TimeZoneUnknown
from shared.mongodb.schedules.schedule import Schedule
from shared.schedules.moments import next_moment
from shared.schedules.outgoing_webhooks import url_problem
from shared.zones import zone_of

log = structlog.get_logger()


async def list_schedules(call: Call[NoParameters, None]) -> Answer:
    """GET /api/schedules."""
    zone = await call.deps.zones.last_read(call.shop)
    items = [schedule_out(schedule) for schedule in await call.deps.schedules.all(call.shop)]
    return Answer(ScheduleList(items=items, shop_time_zone=zone))


async def get_schedule(call: Call[SchedulePath, None]) -> Answer:
    """GET /api/schedules/{schedule_id}."""
    return Answer(schedule_out(await _known(call, call.params.schedule_id)))


async def put_schedule(call: Call[SchedulePath, ScheduleIn]) -> Answer:
    """PUT /api/schedules/{schedule_id}."""
    body, schedule_id = call.body, call.params.schedule_id
    if (long := _too_long(body.selection)) is not None:
        raise invalid([long])
    problems = await selection_problems(call.deps, call.shop, body.selection, "body.selection")
    if body.target is not None:
        problems += _target_problems(call, body.target.url)
    if problems:
        raise invalid(problems)
    zone = await _zone(call, body.time_zone)
    now = datetime.now(UTC)
    is_new = await call.deps.schedules.get(call.shop, schedule_id) is None
    if is_new and await call.deps.schedules.count(call.shop) >= MAX_SCHEDULES:
        remedy = "Change one of them, or remove one first."
        raise conflict(
            "too-many", "path.schedule_id", f"The shop has {MAX_SCHEDULES} schedules, the most there can be.", remedy
        )
    written = await call.deps.schedules.put(
        call.shop,
        schedule_id,
        body.wanted(),
        next_at=next_moment(body.to_timing(), zone, now) if body.enabled else None,
        target_url=None if body.target is None else body.target.url,
        secret=None if body.target is None else body.target.secret,
        by=call.caller.user,
    )
    if not written:
        message = "The target has no secret yet."
        raise invalid([FieldProblem(field="body.target.secret", message=message, remedy="Give one.")])
    return Answer(schedule_out(await _known(call, schedule_id)), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


async def delete_schedule(call: Call[SchedulePath, None]) -> Answer:
    """DELETE /api/schedules/{schedule_id}."""
    if not await call.deps.schedules.delete(call.shop, call.params.schedule_id):
        raise _unknown(call.params.schedule_id)
    return Answer(None, HTTPStatus.NO_CONTENT)


async def list_runs(call: Call[RunSearch, None]) -> Answer:
    """GET /api/schedules/{schedule_id}/runs."""
    asked = call.params
    keys = read_cursor(asked.cursor, int)
    await _known(call, asked.schedule_id)
    before = None if keys is None else _moment_of(keys[0])
    runs, last = await call.deps.schedule_runs.page(call.shop, asked.schedule_id, before, asked.limit)
    cursor = write_cursor(None if last is None else [int(last.timestamp())])
    return Answer(RunPage(items=[run_out(run) for run in runs], next_cursor=cursor))


async def also_wrong(call: Call[SchedulePath, None], value: object) -> list[FieldProblem]:
    """What else is wrong with a body whose form is wrong: its selection and its target are checked all the same."""
    if not isinstance(value, dict):
        return []
    problems = await readable_selection_problems(call.deps, call.shop, value)
    target = value.get("target")
    url = target.get("url") if isinstance(target, dict) else None
    if isinstance(url, str):
        problems += _target_problems(call, url)
    return problems


def _too_long(selection: SelectionBody) -> FieldProblem | None:
    """What is wrong with a list that a schedule would hold for good, in its document and in each list of schedules."""
    for name, entries in (("bom_ids", selection.bom_ids), ("cells", selection.cells)):
        if isinstance(entries, list) and len(entries) > MAX_SELECTED:
            return FieldProblem(
                field=f"body.selection.{name}",
                message=f"A schedule names {MAX_SELECTED:,} BOMs or cells at the most.",
                remedy='Select "all", or by a filter: give the BOMs a tag and filter by it.',
            )
    return None


def _target_problems(call: Call[SchedulePath, ScheduleIn] | Call[SchedulePath, None], url: str) -> list[FieldProblem]:
    problem = url_problem(url, private=call.deps.private_targets, ports=call.deps.target_ports)
    if problem is None:
        return []
    remedy = "Give the https address of a host on the internet."
    return [FieldProblem(field="body.target.url", message=f"The address {problem}.", remedy=remedy)]


def _moment_of(seconds: str | int) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, OSError, ValueError):
        remedy = "Pass next_cursor of the page before as it is, or leave it out to start over."
        problem = FieldProblem(field="query.cursor", message="This is no cursor of this list.", remedy=remedy)
        raise invalid([problem]) from None


async def _known(
    call: Call[SchedulePath, None] | Call[SchedulePath, ScheduleIn] | Call[RunSearch, None], schedule_id: str
) -> Schedule:
    schedule = await call.deps.schedules.get(call.shop, schedule_id)
    if schedule is None:
        raise _unknown(schedule_id)
    return schedule


def _unknown(schedule_id: str) -> ProblemError:
    return unknown("path.schedule_id", f"There is no schedule {schedule_id}.", "See GET /api/schedules.")


async def _zone(call: Call[SchedulePath, ScheduleIn], name: str | None) -> ZoneInfo:
    """The schedule's zone. Raises ProblemError (409) where the shop's is wanted and cannot be read."""
    try:
        return await call.deps.zones.of(call.shop) if name is None else zone_of(name)
    except ShopifyError as error:
        log.info("time_zone_unknown", shop=call.shop, reason=str(error))
        message = "The shop's time zone is not known yet, and Shopify does not tell it now."
        raise conflict("no-time-zone", "body.time_zone", message, "Name the time zone, or try again later.") from None
    except TimeZoneUnknown as error:
        log.warning("time_zone_unknown", shop=call.shop, reason=str(error))
        message = f"Of the shop: {error}."
        remedy = "Name a time zone that is known, such as Europe/Berlin."
        raise conflict("no-time-zone", "body.time_zone", message, remedy) from None


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/schedules",
        name="listSchedules",
        tag="schedules",
        summary="The shop's schedules",
        params=NoParameters,
        handler=list_schedules,
        answers={HTTPStatus.OK: ScheduleList},
    ),
    Route(
        method="GET",
        path="/api/schedules/{schedule_id}",
        name="getSchedule",
        tag="schedules",
        summary="One schedule",
        params=SchedulePath,
        handler=get_schedule,
        answers={HTTPStatus.OK: ScheduleOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="PUT",
        path="/api/schedules/{schedule_id}",
        name="putSchedule",
        act="schedule.change",
        tag="schedules",
        summary="Make or change a schedule",
        description=(
            "The whole schedule: what is not given is set to its default, but for the target's secret. Runs that have "
            "begun go on as they are."
        ),
        params=SchedulePath,
        handler=put_schedule,
        body=ScheduleIn,
        answers={HTTPStatus.OK: ScheduleOut, HTTPStatus.CREATED: ScheduleOut},
        problems=(HTTPStatus.CONFLICT,),
        also_wrong=also_wrong,
    ),
    Route(
        method="DELETE",
        path="/api/schedules/{schedule_id}",
        name="deleteSchedule",
        act="schedule.remove",
        tag="schedules",
        summary="Remove a schedule; a run that has begun goes on, and nobody is told of its end",
        params=SchedulePath,
        handler=delete_schedule,
        answers={HTTPStatus.NO_CONTENT: None},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
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
)
