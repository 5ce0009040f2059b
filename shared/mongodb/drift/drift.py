"""Missed webhooks: a cell is watched from the first divergence seen, and recorded once as a missed webhook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pymongo import UpdateOne

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Row
from shared.domain.drift import Hold, came_late
from shared.mongodb.drift.missed import (
    EVERYTHING,
    Approval,
    LeftByJob,
    Losses,
    MissedOutcome,
    MissedState,
    MissedWanted,
    MissedWebhook,
    OpenAt,
    Sighting,
    Unrepaired,
)
from shared.mongodb.drift.missed_form import (
    cell_in,
    first_fields,
    missed_of,
    missed_query,
    seen_fields,
    watched_fields,
)
from shared.mongodb.lists.distinct import distinct_values
from shared.mongodb.lists.pages import newest_first
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.transactions import Session

EVENTS_KEPT = timedelta(hours=72)
"""The life of `webhook_events`: so far back losses and receipts can be compared."""

MAX_TRIES = 3
"""Repair jobs that may try one missed webhook; after them it is a person's."""

_UNCOUNTED: Document = {"cell_class": "no_base", "local": None}

_OPEN_ONES = "open_by_class"
"""The index of those that stand open."""
_RECEIVED = "id|inventory_levels/", "id|inventory_levels0"
"""Between these are the keys of webhooks about levels: "0" follows "/"."""


class DriftStore:
    """Reads and writes the drift of one database."""

    def __init__(self, database: Database) -> None:
        self._drift = database["drift"]
        self._events = database["webhook_events"]
        self._cells = database["cells"]

    async def watch(self, shop: str, seen: Sequence[Sighting], *, now: datetime, due_at: datetime) -> int:
        """Watch the cells that are not watched or listed yet; returns how many those are.

        A watched cell whose base has reached the value it was watched for differs anew: its watch starts over.
        """
        anew = [
            UpdateOne(
                {
                    "shop": shop,
                    "bom_id": s.key.bom_id,
                    "location_id": s.key.location_id,
                    "open": True,
                    "state": "watched",
                    "shopify": s.row.base,
                },
                {"$set": watched_fields(s.row, now, due_at)},
            )
            for s in seen
        ]
        updates = [
            UpdateOne(
                {"shop": shop, "bom_id": s.key.bom_id, "location_id": s.key.location_id, "open": True},
                {"$setOnInsert": first_fields(shop, s, now, due_at)},
                upsert=True,
            )
            for s in seen
        ]
        if not updates:
            return 0
        return (await self._drift.bulk_write([*anew, *updates], ordered=False)).upserted_count

    async def watch_again(self, shop: str, drift_id: str, row: Row, *, now: datetime, due_at: datetime) -> None:
        """The watch starts over: an event came, and the cell differs still."""
        values = watched_fields(row, now, due_at)
        await self._drift.update_one({"_id": key_of(shop, drift_id), "state": "watched"}, {"$set": values})

    async def forget(self, shop: str, drift_ids: Iterable[str]) -> None:
        """Nothing was missed: end the watch without a trace."""
        ids = [key_of(shop, drift_id) for drift_id in drift_ids]
        if ids:
            await self._drift.delete_many({"_id": {"$in": ids}, "state": "watched"})

    async def forget_watched(self, shop: str) -> None:
        """End all watches: the shop does not want to be looked at."""
        await self._drift.delete_many({"shop": shop, "state": "watched"})

    async def look_again(self, shop: str, drift_ids: Iterable[str], due_at: datetime) -> None:
        """Put the next look at these off until then."""
        ids = [key_of(shop, drift_id) for drift_id in drift_ids]
        if ids:
            await self._drift.update_many({"_id": {"$in": ids}, "open": True}, {"$set": {"due_at": due_at}})

    async def look_at_all(self, shop: str, now: datetime) -> None:
        """Every missed webhook that stands open is due."""
        await self._drift.update_many({"shop": shop, "state": "missed", "open": True}, {"$set": {"due_at": now}})

    async def shops_due(self, now: datetime) -> list[str]:
        """The shops with something to be looked at. It runs across shops: it finds whose turn it is."""
        # Watched and open ones alone are in that index: without it all of three months would be looked through.
        due = distinct_values(self._drift, "shop", {"due_at": {"$lte": now}}, by={"shop": 1, "due_at": 1})
        return [shop async for shop in due]

    async def due(self, shop: str, state: MissedState, now: datetime, limit: int) -> list[MissedWebhook]:
        """Those of a state whose look is due, the longest due first."""
        cursor = self._drift.find({"shop": shop, "state": str(state), "due_at": {"$lte": now}}).sort("due_at", 1)
        return [missed_of(document) async for document in cursor.limit(limit)]

    async def record(self, watched: MissedWebhook, row: Row, *, base_time: datetime | None, now: datetime) -> bool:
        """Record a missed webhook; False where an event has come, or the watch ended, since `watched` was read."""
        result = await self._drift.update_one(
            {"_id": _id(watched), "state": "watched", "event_at": watched.event_at},
            {
                "$set": {
                    **seen_fields(row),
                    "base_time": base_time,
                    "state": "missed",
                    "detected_at": now,
                    "due_at": now,
                }
            },
        )
        return result.modified_count == 1

    async def note_events(
        self, session: Session, shop: str, events: Sequence[tuple[CellKey, datetime]], now: datetime
    ) -> None:
        """In the transaction that applies events: note them on watched cells, and mark what has only come late."""
        times: dict[CellKey, list[datetime]] = {}
        for key, time in events:
            times.setdefault(key, []).append(time)
        if not times:
            return
        condition: Document = {
            "shop": shop,
            "bom_id": {"$in": sorted({key.bom_id for key in times})},
            "location_id": {"$in": sorted({key.location_id for key in times})},
            "late": False,
        }
        fields = {"bom_id": 1, "location_id": 1, "state": 1, "shopify_time": 1}
        updates: list[UpdateOne] = []
        async for document in self._drift.find(condition, fields, session=session):
            reported = times.get(cell_in(document), [])
            if reported and document["state"] == "watched":
                updates.append(UpdateOne({"_id": document["_id"]}, {"$set": {"event_at": now}}))
            elif any(came_late(time, document["shopify_time"]) for time in reported):
                late: Document = {"late": True, "late_at": now, "late_told": False, "due_at": now}
                updates.append(UpdateOne({"_id": document["_id"]}, {"$set": late}))
        if updates:
            await self._drift.bulk_write(updates, ordered=False, session=session)

    async def take_late(self, shop: str, limit: int) -> list[MissedWebhook]:
        """Some of those marked as late that were not counted yet; they are from now on."""
        cursor = self._drift.find({"shop": shop, "due_at": {"$exists": True}, "late_told": False}).limit(limit)
        late = [document async for document in cursor]
        for document in late:
            change: Document = {"$set": {"late_told": True}}
            if not document.get("open"):
                change["$unset"] = {"due_at": ""}
            await self._drift.update_one({"_id": document["_id"]}, change)
        return [missed_of(document) for document in late]

    async def stands(
        self, missed: MissedWebhook, cell_class: CellClass, *, due_at: datetime, left: LeftByJob | None = None
    ) -> None:
        """It is still open: its class as the cell is now, and when to look again; `left`: it has no job any more."""
        values: Document = {"cell_class": str(cell_class), "due_at": due_at}
        if left is not None:
            values |= {"job_id": None, "tries": left.tries, "note": left.note}
        await self._drift.update_one({"_id": _id(missed), "open": True}, {"$set": values})

    async def asked_to_read(self, missed: MissedWebhook, *, now: datetime, due_at: datetime) -> None:
        """A verifying read of its cell was asked for; look again then."""
        values: Document = {"asked_at": now, "held": None, "due_at": due_at}
        await self._drift.update_one({"_id": _id(missed), "open": True}, {"$set": values})

    async def resolve(self, missed: MissedWebhook, outcome: MissedOutcome, *, now: datetime) -> bool:
        """End a missed webhook; returns whether it was open."""
        result = await self._drift.update_one(
            {"_id": _id(missed), "open": True},
            {
                "$set": {"state": "resolved", "outcome": str(outcome), "held": None, "ended_at": now},
                "$unset": {"open": "", "due_at": ""},
            },
        )
        return result.modified_count == 1

    async def any_undecided(self, shop: str, *, due_before: datetime, seen_after: datetime) -> bool:
        """Whether some watched cell will soon be judged; those that were seen long ago do not count."""
        condition = {"shop": shop, "state": "watched", "due_at": {"$lte": due_before}, "seen_at": {"$gte": seen_after}}
        return found(await self._drift.find_one(condition, {"_id": 1})) is not None

    async def unrepaired(self, shop: str) -> Unrepaired:
        """Missed webhooks without approval that stand open."""
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "open": True, "state": "missed", "approved_at": None}},
            {"$group": {"_id": None, "n": {"$sum": 1}, "move": {"$max": "$move"}}},
        ]
        async for group in self._drift.aggregate(pipeline):
            return Unrepaired(group["n"], group["move"])
        return Unrepaired(0, 0)

    async def for_a_person(self, shop: str) -> int:
        """Open ones without approval that are never repaired without one: something moved on our side, too."""
        condition = {"shop": shop, "open": True, "state": "missed", "approved_at": None}
        moved = {"cell_class": {"$ne": "shopify_moved"}, "$nor": [_UNCOUNTED]}
        number: int = await self._drift.count_documents({**condition, **moved})
        return number

    async def open_missed(self, shop: str) -> int:
        """Missed webhooks that stand open, approved ones included."""
        number: int = await self._drift.count_documents({"shop": shop, "open": True, "state": "missed"})
        return number

    async def repairable(self, shop: str, *, approved: bool, limit: int) -> list[MissedWebhook]:
        """Missed webhooks of the class that may be pulled, without a job at work on them."""
        condition: Document = {
            "cell_class": "shopify_moved",
            "tries": {"$lt": MAX_TRIES},
            "approved_at": {"$ne": None} if approved else None,
        }
        return await self._first_without_a_job(shop, condition, limit)

    async def uncounted(self, shop: str, limit: int) -> list[MissedWebhook]:
        """Missed webhooks of cells that nobody has counted, and that were not read yet: only their base is behind."""
        condition: Document = {
            **_UNCOUNTED,
            "approved_at": None,
            "asked_at": None,
        }
        return await self._first_without_a_job(shop, condition, limit)

    async def to_observe(self, shop: str, limit: int) -> list[MissedWebhook]:
        """Approved ones that no job may repair, since something moved on our side too, and that were not read yet."""
        condition: Document = {
            "cell_class": {"$ne": "shopify_moved"},
            "approved_at": {"$ne": None},
            "$expr": {"$lt": [{"$ifNull": ["$asked_at", None]}, "$approved_at"]},
        }
        return await self._first_without_a_job(shop, condition, limit)

    async def _first_without_a_job(self, shop: str, condition: Document, limit: int) -> list[MissedWebhook]:
        """Open missed webhooks that fit, the oldest first."""
        missed: Document = {"shop": shop, "open": True, "state": "missed", "job_id": None, **condition}
        return [missed_of(d) async for d in self._drift.find(missed).sort("drift_id", 1).limit(limit)]

    async def claim(self, shop: str, evidence: Sequence[MissedWebhook], job_id: str, *, now: datetime) -> list[CellKey]:
        """Link the evidence to the job that will repair it; returns the cells of what was free."""
        ids = [_id(missed) for missed in evidence]
        await self._drift.update_many(
            {"_id": {"$in": ids}, "open": True, "job_id": None},
            {"$set": {"job_id": job_id, "asked_at": now, "held": None}},
        )
        claimed = self._drift.find({"shop": shop, "job_id": job_id}, {"bom_id": 1, "location_id": 1})
        return [cell_in(document) async for document in claimed]

    async def hold(self, evidence: Sequence[MissedWebhook], why: Hold) -> None:
        """Say why nothing repairs these now."""
        ids = [_id(missed) for missed in evidence if missed.held != why]
        if ids:
            await self._drift.update_many({"_id": {"$in": ids}, "open": True}, {"$set": {"held": str(why)}})

    async def approve(self, shop: str, by: str, *, now: datetime, only: Approval = EVERYTHING) -> int:
        """A person lets be repaired what stands open now, all or some of it; returns how many cells that are."""
        condition: Document = {"shop": shop, "open": True, "state": "missed", "approved_at": None}
        if only.location_ids is not None:
            condition["location_id"] = {"$in": sorted(only.location_ids)}
        if only.drift_ids is not None:
            condition["_id"] = {"$in": [key_of(shop, drift_id) for drift_id in sorted(only.drift_ids)]}
        result = await self._drift.update_many(
            condition, {"$set": {"approved_by": by, "approved_at": now, "due_at": now, "tries": 0}}
        )
        return result.modified_count

    async def open_by_place(self, shop: str) -> list[OpenAt]:
        """What stands open, by location and class, the most cells first."""
        approved = {"$cond": [{"$eq": [{"$ifNull": ["$approved_at", None]}, None]}, 0, 1]}
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "open": True, "state": "missed"}},
            {
                "$group": {
                    "_id": {"at": "$location_id", "class": "$cell_class"},
                    "name": {"$last": "$location_name"},
                    "cells": {"$sum": 1},
                    "approved": {"$sum": approved},
                    "move": {"$max": "$move"},
                }
            },
            {"$sort": {"cells": -1, "_id.at": 1, "_id.class": 1}},
        ]
        return [
            OpenAt(g["_id"]["at"], g["name"], CellClass(g["_id"]["class"]), g["cells"], g["approved"], g["move"])
            async for g in self._drift.aggregate(pipeline)
        ]

    async def busy(self, shop: str, keys: Iterable[CellKey]) -> set[CellKey]:
        """Those of the cells that a job is at work on."""
        wanted = set(keys)
        condition = {
            "shop": shop,
            "open": True,
            "bom_id": {"$in": sorted({key.bom_id for key in wanted})},
            "location_id": {"$in": sorted({key.location_id for key in wanted})},
        }
        cells = self._cells.find(condition, {"bom_id": 1, "location_id": 1})
        return {key async for document in cells if (key := cell_in(document)) in wanted}

    async def losses(self, shop: str, now: datetime) -> Losses:
        """Webhooks of levels in the last three days."""
        first, last = (key_of(shop, key) for key in _RECEIVED)
        since = now - EVENTS_KEPT
        recorded: Document = {"shop": shop, "state": {"$in": ["missed", "resolved"]}, "detected_at": {"$gte": since}}
        return Losses(
            missed=await self._drift.count_documents({**recorded, "late": False}),
            late=await self._drift.count_documents({**recorded, "late": True}),
            received=await self._events.count_documents({"_id": {"$gt": first, "$lt": last}, "shop": shop}),
        )

    async def all_unrepaired(self) -> int:
        """Missed webhooks that stand open, of all shops: for the gauge."""
        number: int = await self._drift.count_documents({"open": True, "state": "missed"}, hint=_OPEN_ONES)
        return number

    async def get(self, shop: str, drift_id: str) -> MissedWebhook | None:
        """One by its id; None: there is none, or it was seen to differ and was none."""
        document = found(await self._drift.find_one({"shop": shop, "drift_id": drift_id}))
        return None if document is None else missed_of(document)

    async def page(
        self, shop: str, wanted: MissedWanted, before: str | None, limit: int
    ) -> tuple[list[MissedWebhook], str | None]:
        """Those that are wanted, the newest first, and the id before which the next page starts."""
        return await newest_first(
            self._drift,
            {"shop": shop, **missed_query(wanted)},
            "drift_id",
            before=before,
            limit=limit,
            record_of=missed_of,
        )


def _id(missed: MissedWebhook) -> str:
    return key_of(missed.shop, missed.drift_id)
