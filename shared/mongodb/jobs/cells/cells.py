"""The cells of jobs: made before the first message, begun, ended once; with `places`, published within a window."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pymongo import UpdateOne

from shared.domain.cell import CellKey, CellState
from shared.domain.comparison import Row
from shared.domain.selection import Selection
from shared.domain.words.codes import Code
from shared.mongodb.jobs.cells.cell import Cell, CellEnd, NewCell, Stocking, cell_id
from shared.mongodb.jobs.cells.cell_form import cell_document, cell_of, end_fields, stocking_document, stocking_of
from shared.mongodb.jobs.cells.places import BY_NAME, BY_NUMBER, CellPlaces
from shared.mongodb.jobs.cells.selected_cells import conditions
from shared.mongodb.jobs.totals.tallies import EndedAs, Tallies
from shared.mongodb.patches import patch_each
from shared.mongodb.previews.row_form import row_document, row_of
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.transactions import Overtaken, Session, Transactions

_CANCELLED_AT_ONCE = 500


class CellStore(CellPlaces):
    """Reads and writes the cells of jobs. Each end of cells is noted in the job's tallies, in the same transaction."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._pushes = database["pushes"]
        self._tallies = Tallies(database)
        self._transactions = Transactions(database.client)

    async def make(self, session: Session, shop: str, job_id: str, first_no: int, cells: Sequence[NewCell]) -> None:
        """Insert one batch; the caller runs batches in order and skips those already there."""
        now = datetime.now(UTC)
        documents = [cell_document(shop, job_id, no, cell, now) for no, cell in enumerate(cells, first_no)]
        await self._cells.insert_many(documents, session=session)
        ended = [EndedAs(CellState.ERROR, str(cell.code)) for cell in cells if cell.code is not None]
        await self._tallies.add(session, shop, {job_id: ended})

    async def made(self, shop: str, job_id: str, session: Session | None = None) -> int:
        """How many cells of the job exist."""
        number: int = await self._cells.count_documents({"shop": shop, "job_id": job_id}, session=session)
        return number

    async def present(self, shop: str, ids: Sequence[str], session: Session | None = None) -> set[str]:
        """Which of the cells exist, ended or not."""
        named = {"_id": {"$in": list(ids)}, "shop": shop}
        cursor = self._cells.find(named, {"_id": 1}, session=session, batch_size=len(ids))
        return {document["_id"] for document in await cursor.to_list(len(ids))}

    async def any_open(self, shop: str, job_id: str) -> bool:
        """Whether the job has a cell with work left."""
        condition = {"shop": shop, "job_id": job_id, "open": True}
        return found(await self._cells.find_one(condition, {"_id": 0, "no": 1}, hint=BY_NUMBER)) is not None

    async def remove(self, shop: str, job_id: str) -> None:
        """Remove the cells of a job that never started."""
        await self._cells.delete_many({"shop": shop, "job_id": job_id})
        await self._tallies.remove(shop, job_id)

    async def any_of(self, shop: str, job_id: str, selection: Selection) -> bool:
        """Whether the job has a cell, ended or not, that may be of the selection."""
        for condition in conditions(shop, job_id, selection):
            if found(await self._cells.find_one(condition, {"_id": 1})):
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
            hint=BY_NAME,
        )
        if begun.matched_count != len(ids):
            return await self.load(shop, ids)
        return [replace(cell, attempts=cell.attempts + 1, state=CellState.APPLYING) for cell in cells]

    async def load(self, shop: str, ids: Sequence[str], session: Session | None = None) -> list[Cell]:
        """Those of the cells that are open."""
        if not ids:
            return []
        condition = {"_id": {"$in": list(ids)}, "shop": shop, "open": True}
        # All in one answer: the first would hold a hundred.
        cursor = self._cells.find(condition, session=session, batch_size=len(ids))
        return [cell_of(document) for document in await cursor.to_list(len(ids))]

    async def ended(self, shop: str, ids: Sequence[str]) -> list[Cell]:
        """Those of the cells that have ended."""
        cursor = self._cells.find({"_id": {"$in": list(ids)}, "shop": shop, "open": {"$exists": False}})
        return [cell_of(document) async for document in cursor]

    async def of_push(self, shop: str, push_id: str, session: Session | None = None) -> list[Cell]:
        """The open cells that name the push: of those that the push names, the ones that name no later one."""
        fields = {"_id": 0, "rows.job_id": 1, "rows.bom_id": 1, "rows.location_id": 1}
        push = found(await self._pushes.find_one({"_id": key_of(shop, push_id), "shop": shop}, fields, session=session))
        rows = [] if push is None else push["rows"]
        ids = [cell_id(shop, row["job_id"], CellKey(row["bom_id"], row["location_id"])) for row in rows]
        named = {"_id": {"$in": ids}, "shop": shop, "push_id": push_id, "open": True}
        return [cell_of(document) async for document in self._cells.find(named, session=session, hint=BY_NAME)]

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
            hint=BY_NAME,
        )
        if result.matched_count != len(ids):
            raise Overtaken("a cell already names another push")

    async def end(self, session: Session, shop: str, ends: Sequence[CellEnd]) -> None:
        """End cells, each once and only while it names the push it should. Raises Overtaken otherwise."""
        now = datetime.now(UTC)
        by_push: dict[str | None, dict[str, Document]] = {}
        ways: dict[str, list[EndedAs]] = {}
        for end in ends:
            fields = {**end_fields(end), "ended_at": now}
            by_push.setdefault(end.push_id, {})[cell_id(shop, end.job_id, end.key)] = fields
            ways.setdefault(end.job_id, []).append(EndedAs(end.state, fields["code"], fields["reason"]))
        for push_id, patches in by_push.items():
            named = {"shop": shop, "open": True, "push_id": push_id}
            ended = await patch_each(self._cells, patches, named, unset=("open",), session=session)
            if ended != len(patches):
                raise Overtaken("a cell has ended, or names another push")
        await self._tallies.add(session, shop, ways)

    async def give_back(self, shop: str, ids: Sequence[str]) -> None:
        """Work on these cells stopped in good order: the attempt does not count."""
        mine: Document = {"_id": {"$in": list(ids)}, "shop": shop, "open": True}
        await self._cells.update_many({**mine, "attempts": {"$gt": 0}}, {"$inc": {"attempts": -1}}, hint=BY_NAME)
        # Nothing was sent for these: they may be cancelled again.
        pending = {"$set": {"state": str(CellState.PENDING)}}
        await self._cells.update_many({**mine, "push_id": None}, pending, hint=BY_NAME)

    async def with_push(self, shop: str, ids: Sequence[str]) -> list[str]:
        """Those of the cells that are open and name a push."""
        condition = {"_id": {"$in": list(ids)}, "shop": shop, "open": True, "push_id": {"$ne": None}}
        return [document["_id"] async for document in self._cells.find(condition, {"_id": 1}).hint(BY_NAME)]

    async def cancel_pending(self, shop: str, job_id: str) -> int:
        """Cancel what has not begun; returns how many cells. Never touches `applying`."""
        pending = {"shop": shop, "job_id": job_id, "open": True, "state": str(CellState.PENDING)}
        return await self._cancel(shop, pending, BY_NUMBER, None)

    async def cancel_unsent(self, shop: str, code: Code) -> int:
        """Cancel every open cell of the shop that has no push; returns how many."""
        return await self._cancel(shop, {"shop": shop, "open": True, "push_id": None}, "open_cell", code)

    async def _cancel(self, shop: str, which: Document, index: str, code: Code | None) -> int:
        """Some after the other, each with its job's tally; what is no longer so by then stays."""
        cancelled: Document = {"state": str(CellState.CANCELLED), **({} if code is None else {"code": str(code)})}
        way = EndedAs(CellState.CANCELLED, cancelled.get("code"))

        async def some(session: Session, part: Sequence[tuple[str, str]]) -> list[int]:
            number = 0
            for job_id in {job_id for _, job_id in part}:
                ids = [this_id for this_id, of_job in part if of_job == job_id]
                result = await self._cells.update_many(
                    {**which, "_id": {"$in": ids}},
                    {"$set": {**cancelled, "ended_at": datetime.now(UTC)}, "$unset": {"open": ""}},
                    session=session,
                    hint=BY_NAME,
                )
                await self._tallies.add(session, shop, {job_id: [way] * result.modified_count})
                number += result.modified_count
            return [number]

        number = 0
        while True:
            found_now = self._cells.find(which, {"job_id": 1}, hint=index).limit(_CANCELLED_AT_ONCE)
            part = [(document["_id"], document["job_id"]) async for document in found_now]
            if not part:
                return number
            number += sum(await self._transactions.in_halves(part, some))

    async def open_of_shop(self, shop: str, limit: int) -> list[Cell]:
        """Some of the open cells of a shop, whatever their job."""
        return [cell_of(document) async for document in self._cells.find({"shop": shop, "open": True}).limit(limit)]

    async def failed(
        self, shop: str, job_id: str, *, with_not_compared: bool, without: Sequence[str] = ()
    ) -> AsyncIterator[Cell]:
        """The cells a retry takes: those that ended as errors, but not with the codes `without`, and those that
        were not compared where asked for.
        """
        failed: Document = {"state": "error"}
        if without:
            failed["code"] = {"$nin": list(without)}
        wanted = [failed]
        if with_not_compared:
            wanted.append({"state": "skipped", "left_out": {"$ne": None}})
        async for document in self._cells.find({"shop": shop, "job_id": job_id, "$or": wanted}).sort("no", 1):
            yield cell_of(document)

    async def updated(self, shop: str, job_id: str) -> AsyncIterator[Cell]:
        """The cells an undo takes."""
        async for document in self._cells.find({"shop": shop, "job_id": job_id, "state": "updated"}).sort("no", 1):
            yield cell_of(document)
