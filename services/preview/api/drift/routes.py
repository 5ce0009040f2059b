"""/api/drift: missed webhooks, what is done about them, and a person's say in it."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from services.preview.api.drift.models import (
    ApprovalIn,
    ApprovedOut,
    DriftHistoryOut,
    DriftOut,
    DriftPage,
    DriftPath,
    DriftPolicy,
    DriftSearch,
    HistorySearch,
    RepairPlanOut,
    SweepIn,
    SweepOut,
)
from services.preview.api.drift.view import drift_hour, drift_out, drift_page, drift_policy, repair_plan
from services.preview.api.http.responses.pages import read_cursor, write_cursor
from services.preview.api.http.responses.problem import FieldProblem, conflict, invalid, unknown
from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from shared.domain.drift import DriftMode
from shared.mongodb.drift.sweeps import SweepState


async def _state(call: Call[Any, Any]) -> SweepState:
    state = await call.deps.sweeps.state(call.shop)
    if state is None:
        raise LookupError(f"the shop {call.shop} was removed during the request")
    return state


async def list_drift(call: Call[DriftSearch, None]) -> Answer:
    """GET /api/drift."""
    asked = call.params
    keys = read_cursor(asked.cursor, str)
    before = None if keys is None else str(keys[0])
    listed, last = await call.deps.drift.page(call.shop, asked.wanted(), before, asked.limit)
    cursor = write_cursor(None if last is None else [last])
    unrepaired = await call.deps.drift.open_missed(call.shop)
    return Answer(drift_page(listed, cursor, await _state(call), unrepaired))


async def get_drift(call: Call[DriftPath, None]) -> Answer:
    """GET /api/drift/records/{drift_id}."""
    missed = await call.deps.drift.get(call.shop, call.params.drift_id)
    if missed is None:
        message = f"There is no missed webhook {call.params.drift_id}."
        raise unknown("path.drift_id", message, "Use an id from the list of missed webhooks.")
    return Answer(drift_out(missed))


async def get_history(call: Call[HistorySearch, None]) -> Answer:
    """GET /api/drift/history."""
    try:
        since, until = call.params.span(datetime.now(UTC))
    except (ValueError, OverflowError) as error:
        message = str(error) if isinstance(error, ValueError) else "is no time that can be shown"
        remedy = "Give an earlier time, at most 31 days before the end."
        raise invalid([FieldProblem(field="query.since", message=message, remedy=remedy)]) from None
    hours = await call.deps.history.series(call.shop, since, until)
    return Answer(DriftHistoryOut(since=since, until=until, items=[drift_hour(hour) for hour in hours]))


async def get_policy(call: Call[NoParameters, None]) -> Answer:
    """GET /api/drift/policy."""
    return Answer(drift_policy((await _state(call)).policy))


async def put_policy(call: Call[NoParameters, DriftPolicy]) -> Answer:
    """PUT /api/drift/policy."""
    await call.deps.sweeps.set_policy(call.shop, call.body.to_domain(), by=call.caller.user)
    return Answer(call.body)


async def post_sweep(call: Call[NoParameters, SweepIn]) -> Answer:
    """POST /api/drift/sweeps."""
    if (await _state(call)).policy.mode is DriftMode.OFF:
        raise conflict(
            "drift-off",
            "body",
            "The shop's policy is not to look for missed webhooks.",
            "Choose another mode with PUT /api/drift/policy first.",
        )
    # What the database keeps: milliseconds.
    now = datetime.now(UTC)
    asked_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    await call.deps.sweeps.ask(call.shop, full=call.body.full, at=asked_at)
    return Answer(SweepOut(asked_at=asked_at, full=call.body.full), HTTPStatus.ACCEPTED)


async def get_repair(call: Call[NoParameters, None]) -> Answer:
    """GET /api/drift/repair."""
    return Answer(repair_plan(await call.deps.drift.open_by_place(call.shop)))


async def post_approval(call: Call[NoParameters, ApprovalIn]) -> Answer:
    """POST /api/drift/approve."""
    waiting = await call.deps.drift.for_a_person(call.shop)
    chosen = call.body.to_store()
    # Rows may be approved wherever they stand open: a policy that only tells leaves each to a person.
    by_row = chosen.drift_ids is not None
    if (await _state(call)).breaker is None and not waiting and not by_row:
        raise conflict(
            "breaker-closed",
            "path",
            "Nothing waits for a person: there is nothing to approve.",
            "See `breaker` and the missed webhooks of GET /api/drift.",
        )
    # Approved first: a crash in between leaves the breaker open, and the approval can be given again.
    released = await call.deps.drift.approve(call.shop, call.caller.user, now=datetime.now(UTC), only=chosen)
    left = (await call.deps.drift.unrepaired(call.shop)).missed
    if left == 0:
        await call.deps.sweeps.close_breaker(call.shop)
    return Answer(ApprovedOut(released=released, left=left))


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/drift",
        name="listDrift",
        tag="drift",
        summary="Missed webhooks with their evidence, the newest first",
        params=DriftSearch,
        handler=list_drift,
        answers={HTTPStatus.OK: DriftPage},
    ),
    Route(
        method="GET",
        path="/api/drift/records/{drift_id}",
        name="getDrift",
        tag="drift",
        summary="One missed webhook with its evidence",
        params=DriftPath,
        handler=get_drift,
        answers={HTTPStatus.OK: DriftOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/drift/history",
        name="getDriftHistory",
        tag="drift",
        summary="Drift over time, hour by hour",
        params=HistorySearch,
        handler=get_history,
        answers={HTTPStatus.OK: DriftHistoryOut},
    ),
    Route(
        method="GET",
        path="/api/drift/policy",
        name="getDriftPolicy",
        tag="drift",
        summary="What is done about missed webhooks",
        params=NoParameters,
        handler=get_policy,
        answers={HTTPStatus.OK: DriftPolicy},
    ),
    Route(
        method="PUT",
        path="/api/drift/policy",
        name="putDriftPolicy",
        act="policy.change",
        tag="drift",
        summary="Choose what is done about missed webhooks",
        description="The whole policy: what is not given is set to its default.",
        params=NoParameters,
        handler=put_policy,
        body=DriftPolicy,
        answers={HTTPStatus.OK: DriftPolicy},
    ),
    Route(
        method="POST",
        path="/api/drift/sweeps",
        name="postSweep",
        act="sweep.ask",
        tag="drift",
        summary="Look for missed webhooks now",
        params=NoParameters,
        handler=post_sweep,
        body=SweepIn,
        body_optional=True,
        answers={HTTPStatus.ACCEPTED: SweepOut},
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        method="GET",
        path="/api/drift/repair",
        name="getRepairPlan",
        tag="drift",
        summary="What a repair would do, by location and class",
        params=NoParameters,
        handler=get_repair,
        answers={HTTPStatus.OK: RepairPlanOut},
    ),
    Route(
        method="POST",
        path="/api/drift/approve",
        name="approveDrift",
        act="repair.approve",
        tag="drift",
        summary="Let go on what the circuit breaker has stopped",
        description="Every missed webhook that stands open, or each that is named, is repaired where only Shopify has "
        "moved. The rest stays open, and automatic repair stays stopped for it.",
        params=NoParameters,
        handler=post_approval,
        body=ApprovalIn,
        body_optional=True,
        answers={HTTPStatus.OK: ApprovedOut},
        problems=(HTTPStatus.CONFLICT,),
    ),
)
