"""/api/schedules: previews and reconciles that run by themselves, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

import structlog

from services.preview.api.http.responses.problem import FieldProblem, conflict, invalid
from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from services.preview.api.schedules.known import known_schedule, unknown_schedule
from services.preview.api.schedules.models import (
    MAX_SCHEDULES,
    MAX_SELECTED,
    MomentsIn,
    MomentsOut,
    ScheduleIn,
    ScheduleList,
    ScheduleOut,
    SchedulePath,
)
from services.preview.api.schedules.run_routes import RUN_ROUTES
from services.preview.api.schedules.timings import timing_of
from services.preview.api.schedules.view import COMING, run_out, schedule_out
from services.preview.api.selection_check import readable_selection_problems, selection_problems
from shared.contract.selection import SelectionBody
from shared.domain.schedule import Skipped
from shared.errors import ShopifyError, TimeZoneUnknown
from shared.mongodb.schedules.schedule import Schedule
from shared.schedules.moments import next_moment, next_moments
from shared.schedules.outgoing_webhooks import url_problem
from shared.zones import zone_of

log = structlog.get_logger()


async def list_schedules(call: Call[NoParameters, None]) -> Answer:
    """GET /api/schedules."""
    zone = await call.deps.zones.last_read(call.shop)
    items = [
        schedule_out(schedule, known_zone(schedule, zone)) for schedule in await call.deps.schedules.all(call.shop)
    ]
    waiting = [run_out(run) for run in await call.deps.schedule_runs.waiting(call.shop)]
    return Answer(ScheduleList(items=items, waiting=waiting, shop_time_zone=zone))


async def get_schedule(call: Call[SchedulePath, None]) -> Answer:
    """GET /api/schedules/{schedule_id}."""
    schedule = await known_schedule(call, call.params.schedule_id)
    zone = await call.deps.zones.last_read(call.shop)
    return Answer(schedule_out(schedule, known_zone(schedule, zone)))


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
    schedule = await known_schedule(call, schedule_id)
    return Answer(schedule_out(schedule, zone), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


async def delete_schedule(call: Call[SchedulePath, None]) -> Answer:
    """DELETE /api/schedules/{schedule_id}."""
    if not await call.deps.schedules.delete(call.shop, call.params.schedule_id):
        raise unknown_schedule(call.params.schedule_id)
    # What waits for a person waits for nothing any more; one that was just approved goes on.
    for run in await call.deps.schedule_runs.unfinished(call.shop, call.params.schedule_id):
        await call.deps.schedule_runs.stop_waiting(run, Skipped.CHANGED)
    return Answer(None, HTTPStatus.NO_CONTENT)


async def post_moments(call: Call[NoParameters, MomentsIn]) -> Answer:
    """POST /api/schedule-moments."""
    zone = await _zone(call, call.body.time_zone)
    moments = next_moments(timing_of(call.body.timing), zone, datetime.now(UTC), COMING)
    return Answer(MomentsOut(time_zone=zone.key, moments=moments))


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


def known_zone(schedule: Schedule, of_shop: str | None) -> ZoneInfo | None:
    """Where a schedule's moments are meant, as far as it is known without asking Shopify."""
    name = schedule.time_zone or of_shop
    try:
        return None if name is None else zone_of(name)
    except TimeZoneUnknown:
        return None


async def _zone(call: Call[SchedulePath, ScheduleIn] | Call[NoParameters, MomentsIn], name: str | None) -> ZoneInfo:
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
        method="POST",
        path="/api/schedule-moments",
        name="previewMoments",
        reads=True,
        tag="schedules",
        summary="The next runs of a timing, before it is kept",
        description="Nothing is stored.",
        params=NoParameters,
        handler=post_moments,
        body=MomentsIn,
        answers={HTTPStatus.OK: MomentsOut},
        problems=(HTTPStatus.CONFLICT,),
    ),
    *RUN_ROUTES,
)
