"""Runs of schedules: one document per moment, under the id of its job or preview."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from pymongo.errors import DuplicateKeyError

from shared.domain.schedule import RunOutcome, RunState, Skipped
from shared.mongodb.lease import Lease
from shared.mongodb.lists.pages import newest_first
from shared.mongodb.schedules.run import DeliveryState, ScheduleRun
from shared.mongodb.schedules.run_form import first_delivery, run_document, run_of
from shared.mongodb.schedules.schedule import Schedule
from shared.mongodb.schema import Database, Document, found, key_of

log = structlog.get_logger()

_DELIVERY = Lease(until="telling.at", number="telling.tries", lasts=timedelta(seconds=60), none_is_free=False)
"""How long a process may be at delivering an outcome before another takes it up."""

_GIVEN_UP: Document = {"telling.state": str(DeliveryState.FAILED), "telling.detail": "its record cannot be read"}


class ScheduleRuns:
    """Reads and writes runs."""

    def __init__(self, database: Database) -> None:
        self._runs = database["schedule_runs"]

    async def note(self, schedule: Schedule, run_id: str, due_at: datetime, why: Skipped | None) -> ScheduleRun:
        """Note a run before it is asked for, or that it is left out; returns what is noted, also by an earlier try."""
        document = run_document(schedule, run_id, due_at, why, datetime.now(UTC))
        try:
            await self._runs.insert_one(document)
        except DuplicateKeyError:
            return run_of(found(await self._runs.find_one({"_id": document["_id"]})) or document)
        return run_of(document)

    async def unfinished(self, shop: str, schedule_id: str) -> list[ScheduleRun]:
        """Runs of the schedule that are noted or under way, the oldest first."""
        states = [str(RunState.DUE), str(RunState.RUNNING)]
        condition = {"shop": shop, "schedule_id": schedule_id, "state": {"$in": states}}
        return [run_of(document) async for document in self._runs.find(condition).sort("due_at", 1)]

    async def asked(self, run: ScheduleRun) -> None:
        """Its job or preview was asked for."""
        await self._runs.update_one(
            {"_id": _id(run), "state": str(RunState.DUE)},
            {"$set": {"state": str(RunState.RUNNING), "asked_at": datetime.now(UTC)}},
        )

    async def left_out(self, run: ScheduleRun, why: Skipped) -> None:
        """A run that was noted is not asked for after all."""
        now = datetime.now(UTC)
        await self._runs.update_one(
            {"_id": _id(run), "state": str(RunState.DUE)},
            {"$set": {"state": str(RunState.SKIPPED), "reason": str(why), "ended_at": now}},
        )

    async def running(self, limit: int, after: ScheduleRun | None = None) -> list[ScheduleRun]:
        """Runs under way, those asked for first before the others, from after one on. It runs across shops."""
        condition: Document = {"state": str(RunState.RUNNING)}
        if after is not None:
            asked_at, this = after.asked_at, _id(after)
            condition["$or"] = [{"asked_at": {"$gt": asked_at}}, {"asked_at": asked_at, "_id": {"$gt": this}}]
        cursor = self._runs.find(condition).sort([("asked_at", 1), ("_id", 1)]).limit(limit)
        return [run_of(document) async for document in cursor]

    async def ended(
        self, run: ScheduleRun, outcome: RunOutcome, figures: Mapping[str, int] | None, *, deliver: bool
    ) -> bool:
        """Its job or preview has ended; returns whether this call has noted it."""
        now = datetime.now(UTC)
        values: Document = {
            "state": str(RunState.ENDED),
            "outcome": str(outcome),
            "figures": None if figures is None else dict(figures),
            "ended_at": now,
        }
        if deliver:
            values["telling"] = first_delivery(now)
        result = await self._runs.update_one({"_id": _id(run), "state": str(RunState.RUNNING)}, {"$set": values})
        return result.modified_count == 1

    async def take_undelivered(
        self, now: datetime, *, passing_by: Collection[str] = (), only_new: bool = False
    ) -> ScheduleRun | None:
        """A run whose outcome is to be delivered now; nobody else takes it for a while. It runs across shops.

        `passing_by`: shops that have to wait. `only_new`: none that was tried before.
        """
        condition: Document = {"telling.state": "due", "shop": {"$nin": list(passing_by)}}
        if only_new:
            condition["telling.tries"] = 0
        document = await _DELIVERY.take(self._runs, condition, now=now, sort=[("telling.at", 1)])
        if document is None:
            return None
        try:
            return run_of(document)
        except (KeyError, TypeError, ValueError):
            # Of an older build, or changed by hand: nobody could put its outcome together.
            log.exception("run_unreadable", run=document["_id"])
            await self._runs.update_one({"_id": document["_id"]}, {"$set": _GIVEN_UP})
            return None

    async def note_delivery(
        self, run: ScheduleRun, state: DeliveryState, detail: str | None, *, again_at: datetime | None = None
    ) -> None:
        """What became of a try to deliver its outcome; `again_at`: when it is due once more."""
        values: Document = {"telling.state": str(state), "telling.detail": detail}
        if again_at is not None:
            values["telling.at"] = again_at
        # The number of tries fences: whoever was slower than the next try says nothing.
        mine = _DELIVERY.held(number=run.tries)
        await self._runs.update_one({"_id": _id(run), **mine}, {"$set": values})

    async def page(
        self, shop: str, schedule_id: str, before: datetime | None, limit: int
    ) -> tuple[list[ScheduleRun], datetime | None]:
        """Runs of a schedule, the newest first, and the moment before which the next page starts."""
        return await newest_first(
            self._runs,
            {"shop": shop, "schedule_id": schedule_id},
            "due_at",
            before=before,
            limit=limit,
            record_of=run_of,
        )


def _id(run: ScheduleRun) -> str:
    return key_of(run.shop, run.run_id)
