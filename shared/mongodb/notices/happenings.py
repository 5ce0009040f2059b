"""What has happened to the shops, read from the records of jobs, previews, schedules, imports and shops.

Nobody has to remember to tell: whatever writes these records, a message that was lost or came twice, or a process that
died between two writes, what is told follows from what stands there. It runs across shops.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.job import JobSource, JobState
from shared.domain.notices import Happening, Matter
from shared.domain.run_limits import WaitsFor
from shared.domain.schedule import BY_SCHEDULE, Action, RunState
from shared.mongodb.schema import Database, Document, found, key_of

_AT_ONCE = 500
_A_LOOK = 1
"""Cells of a preview that the popover of a single place takes: it is a look, and nobody's open decision."""

_BY_A_PERSON = frozenset({"changed", "declined", "replaced"})
"""Why a schedule's run was left out, where somebody of the shop has caused it, or is told of the run after it."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_JOB: dict[str, Any] = dict.fromkeys(
    ("shop", "job_id", "state", "source", "direction", "totals", "failure", "finished_at", "of_job_id", "held"), 1
)
_PREVIEW: dict[str, Any] = dict.fromkeys(
    ("shop", "preview_id", "state", "total", "badges", "failure", "finished_at", "requested_by"), 1
) | {"selection.cells": {"$slice": _A_LOOK + 1}}


class Happenings:
    """Reads; `since`: from which moment on something has ended."""

    def __init__(self, database: Database) -> None:
        self._jobs = database["jobs"]
        self._previews = database["previews"]
        self._runs = database["schedule_runs"]
        self._imports = database["imports"]
        self._shops = database["shops"]
        self._drift = database["drift"]

    async def ended(self, since: datetime) -> AsyncIterator[Happening]:
        """Runs, previews, runs of schedules and imports that have ended since, and missed webhooks found since."""
        sources: list[tuple[Any, str, dict[str, Any] | None, Callable[[Document], Happening | None]]] = [
            (self._jobs, "finished_at", _JOB, _job_ended),
            (self._previews, "finished_at", _PREVIEW, _preview_ended),
            (self._runs, "ended_at", None, _schedule_ended),
            (self._imports, "finished_at", None, _import_ended),
            (self._drift, "detected_at", {"shop": 1, "drift_id": 1, "detected_at": 1}, _drift_found),
        ]
        for collection, field, projection, told_of in sources:
            async for document in _since(collection, field, since, projection):
                happening = told_of(document)
                if happening is None or (collection is self._previews and await self._is_a_schedules(document)):
                    continue
                yield happening

    async def _is_a_schedules(self, preview: Document) -> bool:
        """Whether the preview is the beginning of a schedule's reconcile: the schedule decides, or waits."""
        if not preview["requested_by"].startswith(BY_SCHEDULE):
            return False
        run = found(await self._runs.find_one({"_id": key_of(preview["shop"], preview["preview_id"])}, {"action": 1}))
        return run is not None and run["action"] == Action.RECONCILE

    async def schedules_well(self, since: datetime) -> AsyncIterator[tuple[str, str, datetime]]:
        """(shop, schedule, moment) of runs of schedules that have ended well since."""
        async for run in _since(self._runs, "ended_at", since, None):
            if run["state"] == "ended" and run["outcome"] not in {"failed", "lost"}:
                yield run["shop"], run["schedule_id"], run["ended_at"]

    async def waiting_runs(self, now: datetime, patience: timedelta) -> AsyncIterator[Happening]:
        """Runs that have waited for the same for longer than `patience`, and wait still."""
        condition = {"state": str(JobState.RUNNING), "held.since": {"$lte": now - patience}}
        async for job in self._jobs.find(condition, _JOB).limit(_AT_ONCE * 10):
            held, totals = job["held"], job["totals"]
            if held["until"] + patience < now:
                continue  # whoever waited has gone, and nobody knows what for
            yield Happening(
                shop=job["shop"],
                matter=Matter.RUN_WAITS,
                subject=job["job_id"],
                occurrence=_moment(held["since"]),
                at=held["since"],
                facts={
                    "source": job["source"],
                    "reason": held["reason"],
                    "open": totals["pending"] + totals["applying"],
                },
                open=True,
            )

    async def is_active(self, shop: str) -> bool:
        """Whether the shop takes calls."""
        return found(await self._shops.find_one({"_id": shop, "status": "active"}, {"_id": 1})) is not None

    async def paused_shops(self) -> AsyncIterator[Happening]:
        """Shops that take no calls."""
        condition = {"status": "paused"}
        async for shop in self._shops.find(condition, {"pause_reason": 1, "pause_detail": 1, "paused_at": 1}):
            since = shop.get("paused_at") or _NEVER
            facts = {"reason": shop.get("pause_reason"), "detail": shop.get("pause_detail")}
            yield _of_shop(shop, Matter.SHOP_PAUSED, since, facts)

    async def waiting_schedules(self) -> AsyncIterator[Happening]:
        """Runs of schedules that are above a limit and wait for a person; not those that somebody looks at."""
        waiting = self._runs.find({"state": str(RunState.WAITING)}, hint="waiting")
        async for run in waiting.limit(_AT_ONCE * 10):
            if run["waits_for"] == WaitsFor.ASKED:
                continue
            yield Happening(
                shop=run["shop"],
                matter=Matter.SCHEDULE_WAITS,
                subject=run["schedule_id"],
                occurrence=run["run_id"],
                at=run["asked_at"],
                facts={"name": run["name"], "reason": run["waits_for"], **run["plan"]},
                open=True,
            )

    async def waiting_imports(self) -> AsyncIterator[Happening]:
        """Imports that were looked at on the page and wait for a person."""
        condition = {"state": "checked", "page.next_at": {"$gt": _NEVER}}
        async for one in self._imports.find(condition, hint="waiting_imports").limit(_AT_ONCE * 10):
            foreseen = one["page"].get("foreseen") or {}
            makes = foreseen.get("new", 0) + foreseen.get("changed", 0)
            yield Happening(
                shop=one["shop"],
                matter=Matter.IMPORT_WAITS,
                subject=one["import_id"],
                occurrence=one["import_id"],
                at=one["started_at"],
                facts={"makes": makes, "refused": foreseen.get("refused", 0)},
                open=True,
            )

    async def stopped_repairs(self) -> AsyncIterator[Happening]:
        """Shops whose automatic repair has stopped."""
        condition = {"drift_breaker.opened_at": {"$gt": _NEVER}}
        async for shop in self._shops.find(condition, {"drift_breaker": 1}):
            breaker = shop["drift_breaker"]
            facts = {"missed": breaker["missed"], "cells": breaker["cells"]}
            yield _of_shop(shop, Matter.REPAIR_STOPPED, breaker["opened_at"], facts)

    async def silent_shops(self) -> AsyncIterator[Happening]:
        """Shops that usually tell something by now and do not."""
        condition = {"sweep.silent_since": {"$gt": _NEVER}, "status": "active"}
        async for shop in self._shops.find(condition, {"sweep.silent_since": 1, "sweep.expected": 1}):
            sweep = shop["sweep"]
            facts = {"expected": sweep.get("expected") or 1}
            yield _of_shop(shop, Matter.WEBHOOKS_SILENT, sweep["silent_since"], facts)

    async def decided(self, shop: str, preview_ids: Collection[str]) -> set[str]:
        """Those of the previews that somebody has started a run from, or that are gone."""
        ids = list(preview_ids)
        cursor = self._jobs.find({"shop": shop, "preview_id": {"$in": ids}}, {"preview_id": 1})
        started = {job["preview_id"] async for job in cursor}
        keys = [key_of(shop, preview_id) for preview_id in ids]
        there = {one["preview_id"] async for one in self._previews.find({"_id": {"$in": keys}}, {"preview_id": 1})}
        return started | (set(ids) - there)

    async def newer_preview(self, shop: str, after: datetime) -> bool:
        """Whether a preview that was asked for later is ready; a look at a single place makes up for none."""
        condition = {
            "shop": shop,
            "requested_at": {"$gt": after},
            "state": "ready",
            "selection.cells": {"$not": {"$size": _A_LOOK}},
        }
        return found(await self._previews.find_one(condition, {"_id": 1})) is not None

    async def newer_import(self, shop: str, after: datetime) -> bool:
        """Whether an import that was begun later has ended."""
        condition = {"shop": shop, "started_at": {"$gt": after}, "finished_at": {"$ne": None}}
        return found(await self._imports.find_one(condition, {"_id": 1})) is not None

    async def taken_up(self, shop: str, job_ids: Collection[str]) -> set[str]:
        """Those of the runs that a later one repeats or undoes."""
        cursor = self._jobs.find({"shop": shop, "of_job_id": {"$in": list(job_ids)}}, {"of_job_id": 1})
        return {job["of_job_id"] async for job in cursor}


async def _since(
    collection: Any, field: str, since: datetime, projection: dict[str, Any] | None
) -> AsyncIterator[Document]:
    """Documents whose moment is `since` or later, in its order, a batch of the driver's at a time."""
    async for document in collection.find({field: {"$gte": since}}, projection).sort(field, 1).batch_size(_AT_ONCE):
        yield document


def _moment(moment: datetime) -> str:
    return moment.isoformat()


def _of_shop(shop: Document, matter: Matter, since: datetime, facts: dict[str, Any]) -> Happening:
    return Happening(
        shop=shop["_id"], matter=matter, subject="", occurrence=_moment(since), at=since, facts=facts, open=True
    )


def _job_ended(job: Document) -> Happening:
    totals, failure = job["totals"], job.get("failure")
    troubled = job["state"] == JobState.FAILED or totals["errors"] > 0
    matter = Matter.RUN_TROUBLED if troubled else Matter.RUN_ENDED
    if job["source"] == JobSource.DRIFT and not troubled:
        matter = Matter.REPAIR_ENDED
    names = ("total", "updated", "skipped", "errors", "cancelled")
    return Happening(
        shop=job["shop"],
        matter=matter,
        subject=job["job_id"],
        occurrence=job["job_id"],
        at=job["finished_at"],
        facts={
            "source": job["source"],
            "direction": job["direction"],
            "state": job["state"],
            "failure": None if failure is None else failure["message"],
            **{name: totals.get(name, 0) for name in names},
        },
        open=troubled,
    )


def _preview_ended(preview: Document) -> Happening | None:
    if len(preview.get("selection", {}).get("cells") or []) == _A_LOOK:
        return None
    failed, failure, badges = preview["state"] == "failed", preview["failure"], preview["badges"]
    differ = 0 if badges is None else badges["with_discrepancies"]
    facts: dict[str, Any] = {"with_discrepancies": differ, "by": preview["requested_by"]}
    if failure is not None:
        facts |= {"failure": failure["message"], "remedy": failure.get("remedy")}
    return Happening(
        shop=preview["shop"],
        matter=Matter.PREVIEW_FAILED if failed else Matter.PREVIEW_WAITS,
        subject=preview["preview_id"],
        occurrence=preview["preview_id"],
        at=preview["finished_at"],
        facts=facts,
        open=failed or differ > 0,
    )


def _schedule_ended(run: Document) -> Happening | None:
    skipped = run["state"] == "skipped"
    if not skipped and run["outcome"] not in {"failed", "lost"}:
        return None
    if run["reason"] in _BY_A_PERSON:
        return None
    return Happening(
        shop=run["shop"],
        matter=Matter.SCHEDULE_SKIPPED if skipped else Matter.SCHEDULE_FAILED,
        subject=run["schedule_id"],
        occurrence=run["run_id"],
        at=run["ended_at"],
        facts={"name": run["name"], "reason": run["reason"], "outcome": run["outcome"]},
        open=True,
    )


def _drift_found(missed: Document) -> Happening:
    """What one look has found is found at one moment: of these the first is told, for all."""
    return Happening(
        shop=missed["shop"],
        matter=Matter.DRIFT_FOUND,
        subject="",
        occurrence=missed["drift_id"],
        at=missed["detected_at"],
        facts={"drift_id": missed["drift_id"]},
        open=False,
    )


def _import_ended(done: Document) -> Happening:
    # Absent: asked for on the command line, which has told it.
    result = (done.get("page") or {}).get("result") or {}
    refused = result.get("refused", 0)
    return Happening(
        shop=done["shop"],
        matter=Matter.IMPORT_TROUBLED if refused else Matter.IMPORT_ENDED,
        subject=done["import_id"],
        occurrence=done["import_id"],
        at=done["finished_at"],
        facts={"refused": refused},
        open=refused > 0,
    )
