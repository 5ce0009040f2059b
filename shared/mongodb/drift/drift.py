"""Drift documents: a cell is watched from the first divergence seen, and recorded once as a missed webhook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from ulid import ULID

from shared.domain.cell import CellKey
from shared.domain.comparison import Row
from shared.domain.drift import came_late
from shared.mongodb.distinct import distinct_values
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.transactions import Session

EVENTS_KEPT = timedelta(hours=72)
"""The life of `webhook_events`: so far back losses and receipts can be compared."""

MAX_TRIES = 3
"""Repair jobs that may try one missed webhook; after them it is a person's."""

_UNCOUNTED: Document = {"cell_class": "no_base", "local": None}

_RECEIVED = r"^id\|inventory_levels/"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A cell whose base was seen to differ from Shopify."""

    key: CellKey
    item_id: str
    bom_name: str | None
    location_name: str | None
    row: Row


@dataclass(frozen=True, slots=True)
class Unrepaired:
    """What the breaker looks at: missed webhooks that nobody has approved, and their largest move."""

    missed: int
    largest_move: int


def cell_in(document: Document) -> CellKey:
    """The cell of a drift document."""
    return CellKey(document["bom_id"], document["location_id"])


def seen_fields(row: Row) -> Document:
    """What a document says of a divergence."""
    return {
        "base": row.base,
        "local": row.local,
        "shopify": row.shopify,
        "shopify_time": row.shopify_time,
        "taken_at": row.taken_at,
        "move": abs(row.shopify - (row.base or 0)),
        "cell_class": str(row.cell_class),
        "events_no": row.events_no,
    }


class DriftStore:
    """Reads and writes drift documents of one database."""

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
                {"$set": _watched_from(s.row, now, due_at)},
            )
            for s in seen
        ]
        updates = [
            UpdateOne(
                {"shop": shop, "bom_id": s.key.bom_id, "location_id": s.key.location_id, "open": True},
                {"$setOnInsert": _first(shop, s, now, due_at)},
                upsert=True,
            )
            for s in seen
        ]
        if not updates:
            return 0
        return (await self._drift.bulk_write([*anew, *updates], ordered=False)).upserted_count

    async def watch_again(self, shop: str, drift_id: str, row: Row, *, now: datetime, due_at: datetime) -> None:
        """The watch starts over: an event came, and the cell differs still."""
        values = _watched_from(row, now, due_at)
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
        return [shop async for shop in distinct_values(self._drift, "shop", {"due_at": {"$lte": now}})]

    async def due(self, shop: str, state: str, now: datetime, limit: int) -> list[Document]:
        """Documents of a state whose look is due, the longest due first."""
        cursor = self._drift.find({"shop": shop, "state": state, "due_at": {"$lte": now}}).sort("due_at", 1)
        return [document async for document in cursor.limit(limit)]

    async def record(self, watched: Document, row: Row, *, base_time: datetime | None, now: datetime) -> bool:
        """Record a missed webhook; False where an event has come, or the watch ended, since `watched` was read."""
        result = await self._drift.update_one(
            {"_id": watched["_id"], "state": "watched", "event_at": watched["event_at"]},
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

    async def tell(
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
            told = times.get(cell_in(document), [])
            if told and document["state"] == "watched":
                updates.append(UpdateOne({"_id": document["_id"]}, {"$set": {"event_at": now}}))
            elif any(came_late(time, document["shopify_time"]) for time in told):
                late: Document = {"late": True, "late_at": now, "late_told": False, "due_at": now}
                updates.append(UpdateOne({"_id": document["_id"]}, {"$set": late}))
        if updates:
            await self._drift.bulk_write(updates, ordered=False, session=session)

    async def take_late(self, shop: str, limit: int) -> list[Document]:
        """Some of those marked as late that were not counted yet; they are from now on."""
        cursor = self._drift.find({"shop": shop, "due_at": {"$exists": True}, "late_told": False}).limit(limit)
        late = [document async for document in cursor]
        for document in late:
            change: Document = {"$set": {"late_told": True}}
            if not document.get("open"):
                change["$unset"] = {"due_at": ""}
            await self._drift.update_one({"_id": document["_id"]}, change)
        return late

    async def update(self, document: Document, values: Mapping[str, Any]) -> None:
        """Set fields of an open document."""
        await self._drift.update_one({"_id": document["_id"], "open": True}, {"$set": dict(values)})

    async def resolve(self, document: Document, outcome: str, *, now: datetime) -> bool:
        """End a missed webhook's document; returns whether it was open."""
        result = await self._drift.update_one(
            {"_id": document["_id"], "open": True},
            {
                "$set": {"state": "resolved", "outcome": outcome, "held": None, "ended_at": now},
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

    async def repairable(self, shop: str, *, approved: bool, limit: int) -> list[Document]:
        """Missed webhooks of the class that may be pulled, without a job at work on them."""
        condition: Document = {
            "shop": shop,
            "open": True,
            "state": "missed",
            "cell_class": "shopify_moved",
            "job_id": None,
            "tries": {"$lt": MAX_TRIES},
            "approved_at": {"$ne": None} if approved else None,
        }
        return [document async for document in self._drift.find(condition).sort("drift_id", 1).limit(limit)]

    async def uncounted(self, shop: str, limit: int) -> list[Document]:
        """Missed webhooks of cells that nobody has counted, and that were not read yet: only their base is behind."""
        condition: Document = {
            "shop": shop,
            "open": True,
            "state": "missed",
            **_UNCOUNTED,
            "job_id": None,
            "approved_at": None,
            "asked_at": None,
        }
        return [document async for document in self._drift.find(condition).sort("drift_id", 1).limit(limit)]

    async def to_observe(self, shop: str, limit: int) -> list[Document]:
        """Approved ones that no job may repair, since something moved on our side too, and that were not read yet."""
        condition: Document = {
            "shop": shop,
            "open": True,
            "state": "missed",
            "cell_class": {"$ne": "shopify_moved"},
            "job_id": None,
            "approved_at": {"$ne": None},
            "$expr": {"$lt": [{"$ifNull": ["$asked_at", None]}, "$approved_at"]},
        }
        return [document async for document in self._drift.find(condition).sort("drift_id", 1).limit(limit)]

    async def claim(self, shop: str, documents: Sequence[Document], job_id: str, *, now: datetime) -> list[CellKey]:
        """Link the documents to the job that will repair them; returns the cells of those that were free."""
        ids = [document["_id"] for document in documents]
        await self._drift.update_many(
            {"_id": {"$in": ids}, "open": True, "job_id": None},
            {"$set": {"job_id": job_id, "asked_at": now, "held": None}},
        )
        claimed = self._drift.find({"shop": shop, "job_id": job_id}, {"bom_id": 1, "location_id": 1})
        return [cell_in(document) async for document in claimed]

    async def hold(self, documents: Sequence[Document], why: str) -> None:
        """Say why nothing repairs these now."""
        ids = [document["_id"] for document in documents if document.get("held") != why]
        if ids:
            await self._drift.update_many({"_id": {"$in": ids}, "open": True}, {"$set": {"held": why}})

    async def approve(self, shop: str, by: str, *, now: datetime) -> int:
        """A person lets everything be repaired that stands open now; returns how many cells that are."""
        result = await self._drift.update_many(
            {"shop": shop, "open": True, "state": "missed", "approved_at": None},
            {"$set": {"approved_by": by, "approved_at": now, "due_at": now, "tries": 0}},
        )
        return result.modified_count

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

    async def losses(self, shop: str, now: datetime) -> Document:
        """Webhooks of levels in the last three days: `missed` for good, `late`, and `received` for cells of ours."""
        since = now - EVENTS_KEPT
        recorded: Document = {"shop": shop, "state": {"$in": ["missed", "resolved"]}, "detected_at": {"$gte": since}}
        return {
            "missed": await self._drift.count_documents({**recorded, "late": False}),
            "late": await self._drift.count_documents({**recorded, "late": True}),
            "received": await self._events.count_documents({"shop": shop, "key": {"$regex": _RECEIVED}}),
        }

    async def all_unrepaired(self) -> int:
        """Missed webhooks that stand open, of all shops: for the gauge."""
        number: int = await self._drift.count_documents({"open": True, "state": "missed"})
        return number

    async def page(
        self, shop: str, wanted: Mapping[str, Any], before: str | None, limit: int
    ) -> tuple[list[Document], str | None]:
        """Documents, the newest first, and the id before which the next page starts."""
        condition: Document = {"shop": shop, **wanted}
        if before is not None:
            condition["drift_id"] = {"$lt": before}
        cursor = self._drift.find(condition).sort("drift_id", -1).limit(limit + 1)
        documents = [document async for document in cursor]
        return documents[:limit], documents[limit - 1]["drift_id"] if len(documents) > limit else None


def _watched_from(row: Row, now: datetime, due_at: datetime) -> Document:
    """The fields of a watch that starts over."""
    return {**seen_fields(row), "since": row.taken_at, "seen_at": now, "due_at": due_at, "event_at": None}


def _first(shop: str, seen: Sighting, now: datetime, due_at: datetime) -> Document:
    drift_id = str(ULID())
    return {
        "_id": key_of(shop, drift_id),
        "drift_id": drift_id,
        "item_id": seen.item_id,
        "bom_name": seen.bom_name,
        "location_name": seen.location_name,
        "state": "watched",
        "seen_at": now,
        "due_at": due_at,
        "since": seen.row.taken_at,
        **seen_fields(seen.row),
        "event_at": None,
        "late": False,
        "late_at": None,
        "detected_at": None,
        "base_time": None,
        "approved_by": None,
        "approved_at": None,
        "job_id": None,
        "asked_at": None,
        "tries": 0,
        "held": None,
        "outcome": None,
        "note": None,
        "ended_at": None,
    }
