"""Runs of schedules: one document per moment, under the id of its job or preview."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from shared.domain.schedule import RunState, Skipped
from shared.mongodb.lease import Lease
from shared.mongodb.schedules.schedules import Schedule
from shared.mongodb.schema import Database, Document, found, key_of

_TELLING = Lease(until="telling.at", number="telling.tries", lasts=timedelta(seconds=60), none_is_free=False)
"""How long a process may be at telling an outcome before another takes it up."""


class ScheduleRuns:
    """Reads and writes runs."""

    def __init__(self, database: Database) -> None:
        self._runs = database["schedule_runs"]

    async def note(self, schedule: Schedule, run_id: str, due_at: datetime, why: Skipped | None) -> Document:
        """Note a run before it is asked for, or that it is left out; returns what is noted, also by an earlier try."""
        now = datetime.now(UTC)
        document: Document = {
            "_id": key_of(schedule.shop, run_id),
            "shop": schedule.shop,
            "run_id": run_id,
            "schedule_id": schedule.schedule_id,
            "name": schedule.name,
            "action": str(schedule.action),
            "due_at": due_at,
            "state": str(RunState.DUE if why is None else RunState.SKIPPED),
            "reason": None if why is None else str(why),
            "outcome": None,
            "figures": None,
            "at": now,
            "asked_at": None,
            "ended_at": None if why is None else now,
        }
        if why is not None and schedule.target_url is not None:
            document["telling"] = _to_be_told(now)
        try:
            await self._runs.insert_one(document)
        except DuplicateKeyError:
            return found(await self._runs.find_one({"_id": document["_id"]})) or document
        return document

    async def unfinished(self, shop: str, schedule_id: str) -> list[Document]:
        """Runs of the schedule that are noted or under way, the oldest first."""
        states = [str(RunState.DUE), str(RunState.RUNNING)]
        condition = {"shop": shop, "schedule_id": schedule_id, "state": {"$in": states}}
        return [document async for document in self._runs.find(condition).sort("due_at", 1)]

    async def asked(self, run: Document) -> None:
        """Its job or preview was asked for."""
        await self._runs.update_one(
            {"_id": run["_id"], "state": str(RunState.DUE)},
            {"$set": {"state": str(RunState.RUNNING), "asked_at": datetime.now(UTC)}},
        )

    async def left_out(self, run: Document, why: Skipped) -> None:
        """A run that was noted is not asked for after all."""
        now = datetime.now(UTC)
        await self._runs.update_one(
            {"_id": run["_id"], "state": str(RunState.DUE)},
            {"$set": {"state": str(RunState.SKIPPED), "reason": str(why), "ended_at": now}},
        )

    async def running(self, limit: int, after: Document | None = None) -> list[Document]:
        """Runs under way, those asked for first before the others, from after one on. It runs across shops."""
        condition: Document = {"state": str(RunState.RUNNING)}
        if after is not None:
            asked_at, this = after["asked_at"], after["_id"]
            condition["$or"] = [{"asked_at": {"$gt": asked_at}}, {"asked_at": asked_at, "_id": {"$gt": this}}]
        cursor = self._runs.find(condition).sort([("asked_at", 1), ("_id", 1)]).limit(limit)
        return [document async for document in cursor]

    async def ended(self, run: Document, outcome: str, figures: Mapping[str, Any] | None, *, tell: bool) -> bool:
        """Its job or preview has ended; returns whether this call has noted it."""
        now = datetime.now(UTC)
        values: Document = {
            "state": str(RunState.ENDED),
            "outcome": outcome,
            "figures": None if figures is None else dict(figures),
            "ended_at": now,
        }
        if tell:
            values["telling"] = _to_be_told(now)
        result = await self._runs.update_one({"_id": run["_id"], "state": str(RunState.RUNNING)}, {"$set": values})
        return result.modified_count == 1

    async def take_untold(
        self, now: datetime, *, passing_by: Collection[str] = (), only_new: bool = False
    ) -> Document | None:
        """A run whose outcome is to be told now; nobody else takes it for a while. It runs across shops.

        `passing_by`: shops that have to wait. `only_new`: none that was tried before.
        """
        condition: Document = {"telling.state": "due", "shop": {"$nin": list(passing_by)}}
        if only_new:
            condition["telling.tries"] = 0
        return await _TELLING.take(self._runs, condition, now=now, sort=[("telling.at", 1)])

    async def told(self, run: Document, state: str, detail: str | None, *, again_at: datetime | None = None) -> None:
        """What became of telling: `sent`, `failed` for good, `dropped`, or `due` again at a time."""
        values: Document = {"telling.state": state, "telling.detail": detail}
        if again_at is not None:
            values["telling.at"] = again_at
        # The number of tries fences: whoever was slower than the next try says nothing.
        mine = _TELLING.held(number=run["telling"]["tries"])
        await self._runs.update_one({"_id": run["_id"], **mine}, {"$set": values})

    async def page(
        self, shop: str, schedule_id: str, before: datetime | None, limit: int
    ) -> tuple[list[Document], datetime | None]:
        """Runs of a schedule, the newest first, and the moment before which the next page starts."""
        condition: Document = {"shop": shop, "schedule_id": schedule_id}
        if before is not None:
            condition["due_at"] = {"$lt": before}
        cursor = self._runs.find(condition).sort("due_at", -1).limit(limit + 1)
        documents = [document async for document in cursor]
        return documents[:limit], documents[limit - 1]["due_at"] if len(documents) > limit else None


def _to_be_told(now: datetime) -> Document:
    return {"state": "due", "at": now, "tries": 0, "detail": None}
