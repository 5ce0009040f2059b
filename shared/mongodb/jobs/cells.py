"""The cells of jobs: made before the first message, begun, ended once, published within a window."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pymongo import UpdateOne
from ulid import ULID

from shared.domain.cell import OPEN_CELL_STATES, CellKey, CellState
from shared.domain.comparison import Row
from shared.domain.job import JobState
from shared.domain.selection import Selection
from shared.domain.words.codes import Code
from shared.mongodb.jobs.cell import Cell, CellEnd, NewCell, Stocking, cell_id
from shared.mongodb.jobs.cell_form import cell_document, cell_of, end_fields, stocking_document, stocking_of
from shared.mongodb.jobs.selected_cells import conditions
from shared.mongodb.previews.row_form import row_document, row_of
from shared.mongodb.schema import Database, Document, found
from shared.mongodb.transactions import Overtaken, Session

_OPEN = [str(state) for state in OPEN_CELL_STATES]
_EPOCH = datetime.fromtimestamp(0, UTC)

# The planner would take an index that leads to every cell of the job, ended ones included: a scan that grows with it.
_BY_PUBLISH = "open_by_publish"
_BY_NAME = "_id_"
"""Named where cells are: where most of a shop's are asked for, an index that reads all of them looks as good."""


class CellStore:
    """Reads and writes the cells of jobs."""

    def __init__(self, database: Database) -> None:
        self._cells = database["cells"]
        self._jobs = database["jobs"]

    async def make(self, session: Session, shop: str, job_id: str, first_no: int, cells: Sequence[NewCell]) -> None:
        """Insert one batch; the caller runs batches in order and skips those already there."""
        now = datetime.now(UTC)
        documents = [cell_document(shop, job_id, no, cell, now) for no, cell in enumerate(cells, first_no)]
        await self._cells.insert_many(documents, session=session)

    async def made(self, shop: str, job_id: str, session: Session | None = None) -> int:
        """How many cells of the job exist."""
        number: int = await self._cells.count_documents({"shop": shop, "job_id": job_id}, session=session)
        return number

    async def present(self, shop: str, ids: Sequence[str], session: Session | None = None) -> set[str]:
        """Which of the cells exist, ended or not."""
        cursor = self._cells.find({"_id": {"$in": list(ids)}, "shop": shop}, {"_id": 1}, session=session)
        return {document["_id"] async for document in cursor}

    async def any_open(self, shop: str, job_id: str) -> bool:
        """Whether the job has a cell with work left."""
        return found(await self._cells.find_one({"shop": shop, "job_id": job_id, "open": True}, {"_id": 1})) is not None

    async def remove(self, shop: str, job_id: str) -> None:
        """Remove the cells of a job that never started."""
        await self._cells.delete_many({"shop": shop, "job_id": job_id})

    async def any_of(self, shop: str, job_id: str, selection: Selection) -> bool:
        """Whether the job has a cell, ended or not, that may be of the selection."""
        for condition in conditions(selection):
            if found(await self._cells.find_one({"shop": shop, "job_id": job_id, **condition}, {"_id": 1})):
                return True
        return False

    async def begin(self, shop: str, cells: Sequence[Cell]) -> list[Cell]:
        """Raise the attempts of those still open, before the work begins; returns them as they are then.

        They were loaded just before: where all were still open nothing is read again. What else has been written in
        between is met by the conditions of what is written next.
        """
        ids = [cell.cell_id for cell in cells]
        begun = await self._cells.update_many(
            {"_id": {"$in": ids}, "shop": shop, "open": True},
            {"$inc": {"attempts": 1}, "$set": {"state": str(CellState.APPLYING)}},
            hint=_BY_NAME,
        )
        if begun.matched_count != len(ids):
            return await self.load(shop, ids)
        return [replace(cell, attempts=cell.attempts + 1, state=CellState.APPLYING) for cell in cells]

    async def load(self, shop: str, ids: Sequence[str], session: Session | None = None) -> list[Cell]:
        """Those of the cells that are open."""
        condition = {"_id": {"$in": list(ids)}, "shop": shop, "open": True}
        # All in one answer: the first would hold a hundred.
        cursor = self._cells.find(condition, session=session, batch_size=len(ids))
        return [cell_of(document) for document in await cursor.to_list(len(ids))]

    async def ended(self, shop: str, ids: Sequence[str]) -> list[Cell]:
        """Those of the cells that have ended."""
        cursor = self._cells.find({"_id": {"$in": list(ids)}, "shop": shop, "open": {"$exists": False}})
        return [cell_of(document) async for document in cursor]

    async def of_push(self, shop: str, push_id: str, session: Session | None = None) -> list[Cell]:
        """The open cells that name the push."""
        cursor = self._cells.find({"shop": shop, "push_id": push_id, "open": True}, session=session)
        return [cell_of(document) async for document in cursor]

    async def keep_rows(self, shop: str, rows: dict[str, Row]) -> dict[str, Row]:
        """Store the rows a worker took itself; one stored earlier by another worker stays. Returns what is stored."""
        updates = [
            UpdateOne({"_id": cell, "shop": shop, "row": None}, {"$set": {"row": row_document(row)}})
            for cell, row in rows.items()
        ]
        if not updates:
            return {}
        await self._cells.bulk_write(updates, ordered=False)
        cursor = self._cells.find({"_id": {"$in": list(rows)}, "shop": shop}, {"row": 1})
        return {document["_id"]: row_of(document["row"]) async for document in cursor}

    async def stocking(self, session: Session, shop: str, cell: str) -> Stocking | None:
        """What was noted before the cell's item was to be stocked; None: nothing was."""
        document = found(await self._cells.find_one({"_id": cell, "shop": shop}, {"activation": 1}, session=session))
        noted = None if document is None else document.get("activation")
        return None if noted is None else stocking_of(noted)

    async def note_stocking(self, session: Session, shop: str, cell: str, stocking: Stocking) -> None:
        """Note it. Raises Overtaken where the cell has ended."""
        result = await self._cells.update_one(
            {"_id": cell, "shop": shop, "open": True, "activation": None},
            {"$set": {"activation": stocking_document(stocking)}},
            session=session,
        )
        if result.matched_count != 1:
            raise Overtaken("the cell has ended, or is being stocked by another worker")

    async def point(self, session: Session, shop: str, ids: Sequence[str], old: str | None, new: str) -> None:
        """Move the cells from their old push to a new one. Raises Overtaken where one names another."""
        result = await self._cells.update_many(
            {"_id": {"$in": list(ids)}, "shop": shop, "open": True, "push_id": old},
            {"$set": {"push_id": new}, "$inc": {"pushes_made": 1}},
            session=session,
            hint=_BY_NAME,
        )
        if result.matched_count != len(ids):
            raise Overtaken("a cell already names another push")

    async def end(self, session: Session | None, shop: str, ends: Sequence[CellEnd]) -> None:
        """End cells, each once and only while it names the push it should. Raises Overtaken otherwise."""
        if not ends:
            return
        now = datetime.now(UTC)
        updates = [
            UpdateOne(
                {
                    "_id": cell_id(shop, end.job_id, end.key),
                    "shop": shop,
                    "state": {"$in": _OPEN},
                    "push_id": end.push_id,
                },
                {"$set": {**end_fields(end), "ended_at": now}, "$unset": {"open": ""}},
            )
            for end in ends
        ]
        result = await self._cells.bulk_write(updates, ordered=False, session=session)
        if result.matched_count != len(updates):
            raise Overtaken("a cell has ended, or names another push")

    async def give_back(self, shop: str, ids: Sequence[str]) -> None:
        """Work on these cells stopped in good order: the attempt does not count."""
        mine: Document = {"_id": {"$in": list(ids)}, "shop": shop, "open": True}
        await self._cells.update_many({**mine, "attempts": {"$gt": 0}}, {"$inc": {"attempts": -1}}, hint=_BY_NAME)
        # Nothing was sent for these: they may be cancelled again.
        pending = {"$set": {"state": str(CellState.PENDING)}}
        await self._cells.update_many({**mine, "push_id": None}, pending, hint=_BY_NAME)

    async def free_places(self, shop: str, ids: Sequence[str]) -> None:
        """Free the places of cells in the window; they will be published again."""
        await self._cells.update_many(
            {"_id": {"$in": list(ids)}, "shop": shop, "open": True}, {"$set": {"published_at": None}}, hint=_BY_NAME
        )

    async def keep_places(self, shop: str, ids: Sequence[str]) -> None:
        """Hold the places of cells from now on: they are published again once they have been silent for long."""
        await self._cells.update_many(
            {"_id": {"$in": list(ids)}, "shop": shop, "open": True},
            {"$set": {"published_at": datetime.now(UTC)}},
            hint=_BY_NAME,
        )

    async def with_push(self, shop: str, ids: Sequence[str]) -> list[str]:
        """Those of the cells that are open and name a push."""
        condition = {"_id": {"$in": list(ids)}, "shop": shop, "open": True, "push_id": {"$ne": None}}
        return [document["_id"] async for document in self._cells.find(condition, {"_id": 1}).hint(_BY_NAME)]

    async def cancel_pending(self, shop: str, job_id: str) -> int:
        """Cancel what has not begun; returns how many cells. Never touches `applying`."""
        result = await self._cells.update_many(
            {"shop": shop, "job_id": job_id, "state": "pending", "open": True},
            {"$set": {"state": "cancelled", "ended_at": datetime.now(UTC)}, "$unset": {"open": ""}},
        )
        return int(result.modified_count)

    async def cancel_unsent(self, shop: str, code: Code) -> int:
        """Cancel every open cell of the shop that has no push; returns how many."""
        result = await self._cells.update_many(
            {"shop": shop, "open": True, "push_id": None},
            {
                "$set": {"state": "cancelled", "code": str(code), "ended_at": datetime.now(UTC)},
                "$unset": {"open": ""},
            },
        )
        return int(result.modified_count)

    async def open_of_shop(self, shop: str, limit: int) -> list[Cell]:
        """Some of the open cells of a shop, whatever their job."""
        return [cell_of(document) async for document in self._cells.find({"shop": shop, "open": True}).limit(limit)]

    async def published_and_pending(self, shop: str) -> set[str]:
        """The cells of running jobs that were published and that nobody has begun: no more than the jobs' windows."""
        ids: set[str] = set()
        async for job in self._jobs.find({"shop": shop, "state": str(JobState.RUNNING)}, {"job_id": 1}):
            condition = {"shop": shop, "job_id": job["job_id"], "open": True, "published_at": {"$gt": _EPOCH}}
            pending = {**condition, "state": str(CellState.PENDING)}
            ids.update([cell["_id"] async for cell in self._cells.find(pending, {"_id": 1}, hint=_BY_PUBLISH)])
        return ids

    async def any_pending(self, shop: str) -> bool:
        """Whether a running job of the shop has a cell that nobody has begun."""
        async for job in self._jobs.find({"shop": shop, "state": str(JobState.RUNNING)}, {"job_id": 1}):
            condition = {"shop": shop, "job_id": job["job_id"], "state": str(CellState.PENDING)}
            if found(await self._cells.find_one(condition, {"_id": 1})) is not None:
                return True
        return False

    async def claim_window(self, shop: str, job_id: str, window: int) -> list[CellKey]:
        """Claim the next cells to publish, so that at most `window` are published and open; returns those."""
        condition = {"shop": shop, "job_id": job_id, "open": True}
        begun = {**condition, "published_at": {"$gt": _EPOCH}}
        published = await self._cells.count_documents(begun, limit=window, hint=_BY_PUBLISH)
        room = window - published
        if room <= 0:
            return []
        waiting = self._cells.find({**condition, "published_at": None}, {"_id": 1})
        free = waiting.sort("no", 1).limit(room).hint(_BY_PUBLISH)
        ids = [document["_id"] async for document in free]
        if not ids:
            return []
        claim = str(ULID())
        await self._cells.update_many(
            {"_id": {"$in": ids}, "open": True, "published_at": None},
            {"$set": {"published_at": datetime.now(UTC), "claim": claim}},
        )
        cursor = self._cells.find({"_id": {"$in": ids}, "claim": claim}, {"bom_id": 1, "location_id": 1}).sort("no", 1)
        return [CellKey(document["bom_id"], document["location_id"]) async for document in cursor]

    async def unclaim_silent(self, shop: str, job_id: str, older_than: timedelta) -> int:
        """Free the places of open cells published too long ago; returns how many."""
        result = await self._cells.update_many(
            {
                "shop": shop,
                "job_id": job_id,
                "open": True,
                "published_at": {"$lt": datetime.now(UTC) - older_than, "$ne": None},
            },
            {"$set": {"published_at": None}},
        )
        return int(result.modified_count)

    async def failed(self, shop: str, job_id: str, *, left_out: bool) -> AsyncIterator[Cell]:
        """The cells a retry takes: those that ended as errors, and those left out for a reason where asked for."""
        wanted: list[Document] = [{"state": "error"}]
        if left_out:
            wanted.append({"state": "skipped", "left_out": {"$ne": None}})
        async for document in self._cells.find({"shop": shop, "job_id": job_id, "$or": wanted}).sort("no", 1):
            yield cell_of(document)

    async def updated(self, shop: str, job_id: str) -> AsyncIterator[Cell]:
        """The cells an undo takes."""
        async for document in self._cells.find({"shop": shop, "job_id": job_id, "state": "updated"}).sort("no", 1):
            yield cell_of(document)
