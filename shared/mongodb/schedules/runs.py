"""Runs of schedules: one document per moment, under the id of its job or preview."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pymongo.errors import DuplicateKeyError

from shared.contract.selection import LeaveOut
from shared.domain.run_limits import WaitsFor
from shared.domain.schedule import RunOutcome, RunState, Skipped
from shared.mongodb.lease import Lease
from shared.mongodb.lists.pages import newest_first
from shared.mongodb.schedules.run import DeliveryState, ScheduleRun
from shared.mongodb.schedules.run_form import first_delivery, run_document, run_of, wants_fields
from shared.mongodb.schedules.schedule import Schedule
from shared.mongodb.schema import Database, Document, found, key_of

log = structlog.get_logger()

_DELIVERY = Lease(until="telling.at", number="telling.tries", lasts=timedelta(seconds=60), none_is_free=False)
"""How long a process may be at delivering an outcome before another takes it up."""

_GIVEN_UP: Document = {"telling.state": str(DeliveryState.FAILED), "telling.detail": "its record cannot be read"}


_UNFINISHED = (RunState.DUE, RunState.COMPARING, RunState.WAITING, RunState.RUNNING)
_FOLLOWED = [str(RunState.DUE), str(RunState.COMPARING), str(RunState.RUNNING)]


class ScheduleRuns:
    """Reads and writes runs."""

    def __init__(self, database: Database) -> None:
        self._runs = database["schedule_runs"]

    async def note(self, schedule: Schedule, run_id: str, due_at: datetime, why: Skipped | None) -> ScheduleRun:
        """Note a run before it is asked for, or that it is skipped; returns what is noted, also by an earlier try."""
        document = run_document(schedule, run_id, due_at, why, datetime.now(UTC))
        try:
            await self._runs.insert_one(document)
        except DuplicateKeyError:
            return run_of(found(await self._runs.find_one({"_id": document["_id"]})) or document)
        return run_of(document)

    async def note_now(self, schedule: Schedule, run_id: str, *, by: str, look_first: bool) -> ScheduleRun:
        """Note a run that a person wants now; returns what is noted, also by an earlier try. `follow` asks for it."""
        now = datetime.now(UTC)
        document = run_document(schedule, run_id, now.replace(microsecond=0), None, now)
        # `asked_at` is its place among those that are followed.
        document |= {"asked_by": by, "look_first": look_first, "asked_at": now}
        try:
            await self._runs.insert_one(document)
        except DuplicateKeyError:
            return run_of(found(await self._runs.find_one({"_id": document["_id"]})) or document)
        return run_of(document)

    async def get(self, shop: str, run_id: str) -> ScheduleRun | None:
        """The run, or None."""
        document = found(await self._runs.find_one({"_id": key_of(shop, run_id), "shop": shop}))
        return None if document is None else run_of(document)

    async def unfinished(self, shop: str, schedule_id: str) -> list[ScheduleRun]:
        """Runs of the schedule that are noted, under way or waiting for a person, the oldest first."""
        states = [str(state) for state in _UNFINISHED]
        condition = {"shop": shop, "schedule_id": schedule_id, "state": {"$in": states}}
        return [run_of(document) async for document in self._runs.find(condition).sort("due_at", 1)]

    async def waiting(self, shop: str) -> list[ScheduleRun]:
        """The shop's runs that wait for a person, the oldest first."""
        condition = {"shop": shop, "state": str(RunState.WAITING)}
        return [run_of(document) async for document in self._runs.find(condition).sort("due_at", 1)]

    async def asked(self, run: ScheduleRun, schedule: Schedule) -> None:
        """Its preview was asked for: that of a reconcile is judged before the job begins."""
        state = RunState.RUNNING if schedule.direction is None else RunState.COMPARING
        values: Document = {"state": str(state), "asked_at": datetime.now(UTC), **wants_fields(schedule)}
        await self._change(run, RunState.DUE, values)

    async def begins(self, run: ScheduleRun, plan: Mapping[str, int]) -> bool:
        """It was compared and nothing stops it; returns whether this call has noted it. Its job is asked for next."""
        values: Document = {"state": str(RunState.RUNNING), "plan": dict(plan), "asked_at": datetime.now(UTC)}
        return await self._change(run, RunState.COMPARING, values)

    async def waits(self, run: ScheduleRun, plan: Mapping[str, int], why: WaitsFor) -> bool:
        """It was compared and waits for a person; returns whether this call has noted it."""
        values: Document = {"state": str(RunState.WAITING), "plan": dict(plan), "waits_for": str(why)}
        # Whoever has judged it a moment ago must not take back what a person has approved since.
        return await self._change(run, RunState.COMPARING, values, approved_by=None)

    async def approve(self, run: ScheduleRun, by: str, leave_out: LeaveOut | None = None) -> bool:
        """A person lets it begin, without some rows of its preview; returns whether it waited for that."""
        now = datetime.now(UTC)
        values: Document = {"state": str(RunState.COMPARING), "approved_by": by, "asked_at": now}
        if leave_out is not None:
            values["leave_out"] = leave_out.model_dump(mode="json", exclude_none=True)
        return await self._change(run, RunState.WAITING, values)

    async def stop_waiting(self, run: ScheduleRun, why: Skipped, by: str | None = None) -> bool:
        """It does not begin after all; returns whether it waited."""
        now = datetime.now(UTC)
        values: Document = {"state": str(RunState.SKIPPED), "reason": str(why), "ended_at": now}
        return await self._change(run, RunState.WAITING, values if by is None else {**values, "declined_by": by})

    async def _change(self, run: ScheduleRun, state: RunState, values: Document, **only: Any) -> bool:
        result = await self._runs.update_one({"_id": _id(run), "state": str(state), **only}, {"$set": values})
        return result.modified_count == 1

    async def skip(self, run: ScheduleRun, why: Skipped) -> None:
        """A run that was noted is not asked for after all."""
        now = datetime.now(UTC)
        await self._runs.update_one(
            {"_id": _id(run), "state": str(RunState.DUE)},
            {"$set": {"state": str(RunState.SKIPPED), "reason": str(why), "ended_at": now}},
        )

    async def followed(self, limit: int, after: ScheduleRun | None = None) -> list[ScheduleRun]:
        """Runs under way, those asked for first before the others, from after one on. It runs across shops.

        With them those that a person wants now, which no schedule's moment would take up.
        """
        condition: Document = {"state": {"$in": _FOLLOWED}, "asked_at": {"$ne": None}}
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
        under_way = {"$in": [str(RunState.RUNNING), str(RunState.COMPARING)]}
        result = await self._runs.update_one({"_id": _id(run), "state": under_way}, {"$set": values})
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
