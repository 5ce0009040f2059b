"""What a server's key needs for which operation: one table, by the operation's name.

A person's session needs none. An operation that is not here is one that no key may ask for, and fails a test.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.preview.api.http.route import Call
from shared.domain.comparison import Direction
from shared.domain.drift import DriftMode
from shared.domain.server_key import Scope

SCOPES: Mapping[Scope, frozenset[str]] = {
    Scope.READ: frozenset(
        {
            *(
                "listBoms",
                "getBom",
                "readBoms",
                "getBomFacets",
                "listLocations",
                "getLocation",
                "listVariants",
                "countSelection",
            ),
            *("getCell", "getCellHistory", "exportCellHistory", "findPlaces", "exportSheet", "checkCounts"),
            *("postPreview", "listPreviews", "getPreview", "listPreviewRows", "weighPreview", "watchPreview"),
            *("exportPreview", "listJobs", "exportHistory", "getJob", "listJobBoms", "listJobCells", "watchJob"),
            *("exportJob", "listLeftOut", "previewRetry", "previewUndo"),
            *("listDrift", "getDrift", "getDriftHistory", "getDriftPolicy", "getRepairPlan"),
            *("listImports", "getImport", "listImportLines", "exportImport"),
            *("listSchedules", "getSchedule", "listScheduleRuns", "getScheduleRun", "previewMoments"),
            *("listNotices", "getNotice", "watchNotices", "getSettings", "getFirstSteps", "getShop", "listAudit"),
        }
    ),
    Scope.COUNT: frozenset(
        {"putBoms", "deleteBom", "adjustCell", "postCounts", "postImport", "applyImport", "discardImport"}
    ),
    Scope.RECONCILE: frozenset(
        {
            *("postJob", "cancelJob", "noteJob", "retryJob", "undoJob", "approveDrift", "postSweep"),
            *("postScheduleRun", "approveScheduleRun", "declineScheduleRun"),
        }
    ),
    Scope.MANAGE: frozenset(
        {
            *("putDriftPolicy", "putSettings", "putSchedule", "deleteSchedule", "seeNotices", "dismissNotice"),
            *("getNotifications", "chooseMailMatters", "addMailAddress", "removeMailAddress", "confirmMailAddress"),
            *("testMailAddress", "getTarget", "putTarget", "deleteTarget", "rotateTargetSecret", "testTarget"),
            *("listDeliveries", "getDelivery", "replayDelivery", "listKeys", "addKey", "revokeKey"),
            *("pauseShop", "resumeShop"),
        }
    ),
}
"""Which operations each opens; PUSH opens none by itself (`NEEDED_TOO`)."""

SCOPE_OF: Mapping[str, Scope] = {name: scope for scope, names in SCOPES.items() for name in names}


@dataclass(frozen=True, slots=True)
class NeededToo:
    """What else a request needs for what it asks for. `told`: in words, for the description."""

    of: Callable[[Call[Any, Any]], Awaitable[frozenset[Scope]]]
    told: str


_NONE: frozenset[Scope] = frozenset()
_PUSH = frozenset({Scope.PUSH})


def _towards(direction: Direction | None) -> frozenset[Scope]:
    return _PUSH if direction is Direction.TO_SHOPIFY else _NONE


async def _of_job(call: Call[Any, Any]) -> frozenset[Scope]:
    return _towards(call.body.direction)


async def _of_earlier_job(call: Call[Any, Any]) -> frozenset[Scope]:
    job = await call.deps.listings.job(call.shop, call.params.job_id)
    return _NONE if job is None else _towards(job.direction)


async def _of_schedule(call: Call[Any, Any]) -> frozenset[Scope]:
    schedule = await call.deps.schedules.get(call.shop, call.params.schedule_id)
    return _NONE if schedule is None else _towards(schedule.direction)


async def _of_schedule_to_be(call: Call[Any, Any]) -> frozenset[Scope]:
    direction = call.body.direction
    return _NONE if direction is None else frozenset({Scope.RECONCILE}) | _towards(direction)


async def _of_policy(call: Call[Any, Any]) -> frozenset[Scope]:
    return frozenset({Scope.RECONCILE}) if call.body.mode is DriftMode.REPAIR else _NONE


_WRITES = "A key needs `push` as well where the run writes to Shopify."

NEEDED_TOO: Mapping[str, NeededToo] = {
    "postJob": NeededToo(_of_job, _WRITES),
    "retryJob": NeededToo(_of_earlier_job, _WRITES),
    "undoJob": NeededToo(_of_earlier_job, _WRITES),
    "postScheduleRun": NeededToo(_of_schedule, _WRITES),
    "approveScheduleRun": NeededToo(_of_schedule, _WRITES),
    "putSchedule": NeededToo(
        _of_schedule_to_be,
        "A key needs `reconcile` as well for a schedule that reconciles, and `push` for one that writes to Shopify.",
    ),
    "putDriftPolicy": NeededToo(
        _of_policy, "A key needs `reconcile` as well where missed webhooks are to be repaired."
    ),
}
"""Beside the scope of the operation: nobody may have done by a schedule what he may not do himself."""
