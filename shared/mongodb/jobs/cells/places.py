"""The window of a job: which of its cells have a place in it, published and open, and which are published next.

Cells have numbers, so the window is a mark in the job's document: what is open below `published_to` has its place. To
publish is to move the mark, which names the claim until the broker has confirmed: a process that dies in between leaves
a claim that ends by itself, and what it held is published by the next one. Only a cell whose place was freed (its lane
gave it up), and one that was published again by itself, say so in a field of their own, until they end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ulid import ULID

from shared.domain.cell import CellKey, CellState
from shared.domain.job import JobState
from shared.mongodb.schema import Database, Document, found, key_of

CLAIM = timedelta(seconds=10)
"""How long whoever moves the mark has for publishing what it has claimed; then another publishes it again."""

BY_NUMBER = "open_by_number"
"""The index of open cells alone: the planner of a query may think as well of one with the ended ones."""

_FREED = "freed_by_number"

BY_NAME = "_id_"
"""Named where cells are: where most of a shop's are asked for, an index that reads all of them looks as good."""

_BY_THE_MARK: Document = {"freed_at": {"$exists": False}, "published_at": None}
"""A cell that has its place by the mark alone. An earlier build has made `published_at` with every cell, as null."""

_A_WINDOW = 1500
"""Cells in one answer: more are hardly ever published of one job."""

_LAST = 20
"""Cells of a job that are looked at to know whether any is still to be begun."""

_MARKS_A_SILENCE = 12
"""Moments between a mark and its silence that are told apart."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Cells that are to be published now, and by whom: nobody else publishes for their job meanwhile."""

    claim_id: str
    shop: str
    job_id: str
    cells: tuple[CellKey, ...]


def _freed() -> Document:
    """The update of a cell whose place is free from now on."""
    return {"$set": {"freed_at": datetime.now(UTC)}, "$unset": {"published_at": ""}}


class CellPlaces:
    """Reads and writes the places of cells in the windows of their jobs."""

    def __init__(self, database: Database) -> None:
        self._cells = database["cells"]
        self._jobs = database["jobs"]

    async def claim_window(self, shop: str, job_id: str, window: int) -> Claim | None:
        """Claim the next cells to publish, so that at most `window` are published and open.

        None: there is no room, nothing is left, or another is publishing. What is claimed is to be confirmed, or
        returned, once it was published.
        """
        name = {"_id": key_of(shop, job_id), "shop": shop, "state": str(JobState.RUNNING)}
        job = found(await self._jobs.find_one(name, {"published_to": 1, "publishing": 1}))
        if job is None:
            return None
        now, mark, last = datetime.now(UTC), job.get("published_to", 0), job.get("publishing")
        if last is not None:
            if last["until"] > now:
                return None
            await self._take_back(shop, job_id, last)
            mark = last["from"]
        freed, fresh = await self._next(shop, job_id, mark, window)
        if not freed and not fresh:
            return None
        claim_id = str(ULID())
        publishing = {"claim": claim_id, "from": mark, "until": now + CLAIM}
        to = fresh[-1]["no"] + 1 if fresh else mark
        still: Document = {**name, "published_to": mark if "published_to" in job or last else None, "publishing": None}
        taken = await self._jobs.update_one(still, {"$set": {"published_to": to, "publishing": publishing}})
        if taken.modified_count == 0:
            return None  # another was faster
        if freed:
            await self._cells.update_many(
                {"_id": {"$in": [cell["_id"] for cell in freed]}, "shop": shop, "open": True},
                {"$set": {"published_at": now, "claim": claim_id}, "$unset": {"freed_at": ""}},
                hint=BY_NAME,
            )
        cells = tuple(CellKey(cell["bom_id"], cell["location_id"]) for cell in (*freed, *fresh))
        return Claim(claim_id, shop, job_id, cells)

    async def _next(self, shop: str, job_id: str, mark: int, window: int) -> tuple[list[Document], list[Document]]:
        """The cells that are published next: those whose place was freed, and those from the mark on."""
        open_cells: Document = {"shop": shop, "job_id": job_id, "open": True}
        passed: Document = {**open_cells, "no": {"$lt": mark}}
        published = await self._cells.count_documents(passed, hint=BY_NUMBER) if mark else 0
        fields = {"bom_id": 1, "location_id": 1, "no": 1}
        without: Document = {**passed, "freed_at": {"$exists": True}}
        # First in the order, and published before the others.
        freed = await self._cells.find(without, fields).sort("no", 1).limit(window).hint(_FREED).to_list(window)
        room = window - (published - len(freed))
        if room <= 0:
            return [], []
        freed = freed[:room]
        left = room - len(freed)
        fresh: list[Document] = []
        if left:
            later = self._cells.find({**open_cells, "no": {"$gte": mark}}, {"_id": 0, **fields})
            fresh = await later.sort("no", 1).limit(left).hint(BY_NUMBER).batch_size(left).to_list(left)
        return freed, fresh

    async def renew_claim(self, claim: Claim) -> None:
        """It is being published still: nobody is to take it over."""
        name = {"_id": key_of(claim.shop, claim.job_id), "publishing.claim": claim.claim_id}
        await self._jobs.update_one(name, {"$set": {"publishing.until": datetime.now(UTC) + CLAIM}})

    async def confirm_claim(self, claim: Claim) -> None:
        """The broker has all of it. One that another has taken over meanwhile stays the other's."""
        name = {"_id": key_of(claim.shop, claim.job_id), "publishing.claim": claim.claim_id}
        await self._jobs.update_one(name, {"$set": {"publishing": None}})

    async def return_claim(self, claim: Claim) -> None:
        """It was not published, or not all of it: the cells are free for the next one."""
        document = found(await self._jobs.find_one({"_id": key_of(claim.shop, claim.job_id)}, {"publishing": 1}))
        held = None if document is None else document.get("publishing")
        if held is not None and held["claim"] == claim.claim_id:
            await self._take_back(claim.shop, claim.job_id, held)

    async def _take_back(self, shop: str, job_id: str, held: Document) -> None:
        """Undo a claim: the cells first, so that whoever dies in between leaves a claim to be taken back again."""
        again = {"shop": shop, "job_id": job_id, "open": True, "published_at": {"$exists": True}}
        await self._cells.update_many({**again, "claim": held["claim"]}, _freed())
        await self._jobs.update_one(
            {"_id": key_of(shop, job_id), "publishing.claim": held["claim"]},
            {"$set": {"published_to": held["from"], "publishing": None}},
        )

    async def free_places(self, shop: str, ids: Sequence[str]) -> None:
        """Free the places of cells in the window; they will be published again."""
        await self._cells.update_many(
            {"_id": {"$in": list(ids)}, "shop": shop, "open": True},
            _freed(),
            hint=BY_NAME,
        )

    async def keep_places(self, shop: str, ids: Sequence[str]) -> None:
        """Hold the places of cells from now on: they are published again once they have been silent for long."""
        await self._cells.update_many(
            {"_id": {"$in": list(ids)}, "shop": shop, "open": True},
            {"$set": {"published_at": datetime.now(UTC)}, "$unset": {"freed_at": ""}},
            hint=BY_NAME,
        )

    async def unclaim_silent(self, shop: str, job_id: str, older_than: timedelta) -> int:
        """Free the places of open cells published too long ago; returns how many.

        When a cell was published is known by where the mark stood: each look notes that, until its silence is over.
        """
        name = {"_id": key_of(shop, job_id), "shop": shop}
        job = found(await self._jobs.find_one(name, {"published_to": 1, "stood": 1}))
        if job is None or "published_to" not in job:
            return 0  # one of an earlier build: its cells are all published anew
        now, mark, stood = datetime.now(UTC), job["published_to"], job.get("stood", [])
        silent_to = max([one["at_no"] for one in stood if one["at"] <= now - older_than], default=0)
        if not older_than:
            silent_to = mark
        open_cells = {"shop": shop, "job_id": job_id, "open": True}
        number = 0
        if silent_to:
            silent = {**open_cells, "no": {"$lt": silent_to}, **_BY_THE_MARK}
            number += (await self._cells.update_many(silent, _freed(), hint=BY_NUMBER)).modified_count
        again = {**open_cells, "published_at": {"$lt": now - older_than}}
        number += (await self._cells.update_many(again, _freed())).modified_count
        kept = [one for one in stood if one["at"] > now - older_than]
        newest = max(kept, key=lambda one: one["at"], default=None)
        passed = newest is None or now - newest["at"] >= older_than / _MARKS_A_SILENCE
        if mark > max([silent_to, *(one["at_no"] for one in kept)]) and passed:
            kept.append({"at_no": mark, "at": now})
        if kept != stood:
            await self._jobs.update_one(name, {"$set": {"stood": kept}})
        return number

    async def published_and_pending(self, shop: str) -> set[str]:
        """The cells of running jobs that were published and that nobody has begun: no more than the jobs' windows."""
        ids: set[str] = set()
        running = self._jobs.find({"shop": shop, "state": str(JobState.RUNNING)}, {"job_id": 1, "published_to": 1})
        async for job in running:
            pending = {
                "shop": shop,
                "job_id": job["job_id"],
                "open": True,
                "no": {"$lt": job.get("published_to", 0)},
                "freed_at": {"$exists": False},
                "state": str(CellState.PENDING),
            }
            on_their_way = self._cells.find(pending, {"_id": 1}, hint=BY_NUMBER, batch_size=_A_WINDOW)
            ids.update([cell["_id"] async for cell in on_their_way])
        return ids

    async def any_pending(self, shop: str) -> bool:
        """Whether a running job of the shop has a cell that nobody has begun, as far as its last ones tell."""
        running = self._jobs.find({"shop": shop, "state": str(JobState.RUNNING)}, {"job_id": 1})
        async for job in running:
            open_cells = {"shop": shop, "job_id": job["job_id"], "open": True}
            # What was begun has the lowest numbers, so that the last ones are enough to know.
            last = self._cells.find(open_cells, {"_id": 0, "state": 1}, sort=[("no", -1)], hint=BY_NUMBER)
            if any(cell["state"] == CellState.PENDING for cell in await last.limit(_LAST).to_list(_LAST)):
                return True
        return False
