"""The history of runs, of some BOMs alone: a job's cells are named after their job and BOM, so each job is asked.

No index leads from a BOM to its jobs: it would cost every cell of every run. The newest jobs are looked at some at a
time, a range of ids for each of them and BOM; what is sought far down is sought page by page.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC

from shared.mongodb.jobs.job import Job, JobsWanted
from shared.mongodb.lists.listings import Listings
from shared.mongodb.lists.pages import Keys, Page
from shared.mongodb.schema import Database, Document, ids_of

_RANGES = 500
"""Ranges of ids in one query."""

_MOST_LOOKED_AT = 5_000
"""Jobs that a page looks at before it ends short."""


class RunsOfBoms:
    """Reads pages of the jobs of some BOMs."""

    def __init__(self, database: Database) -> None:
        self._cells = database["cells"]
        self._listings = Listings(database)

    async def page(
        self, shop: str, wanted: JobsWanted, bom_ids: Collection[str], before: Keys | None, *, limit: int
    ) -> Page[Job]:
        """Jobs with a cell of one of the BOMs, the newest first. A page may be short although others follow."""
        chosen: list[Job] = []
        if not bom_ids:
            return Page(chosen, None)
        at_once = max(1, _RANGES // len(bom_ids))
        looked_at = 0
        while looked_at < _MOST_LOOKED_AT:
            jobs = await self._listings.jobs(shop, wanted, before, at_once)
            looked_at += len(jobs.items)
            concerned = await self._concerned(shop, [job.job_id for job in jobs.items], bom_ids)
            for job in jobs.items:
                if job.job_id in concerned:
                    chosen.append(job)
                    if len(chosen) == limit:
                        last = job is jobs.items[-1] and jobs.after is None
                        return Page(chosen, None if last else _keys(job))
            if jobs.after is None:
                return Page(chosen, None)
            before = jobs.after
        return Page(chosen, list(before or ()) or None)

    async def _concerned(self, shop: str, job_ids: Sequence[str], bom_ids: Collection[str]) -> set[str]:
        if not job_ids:
            return set()
        ways: list[Document] = [{"_id": ids_of(shop, job_id, bom_id)} for job_id in job_ids for bom_id in bom_ids]
        query: Document = {"$or": ways, "shop": shop, "bom_id": {"$in": sorted(bom_ids)}}
        pipeline: list[Document] = [{"$match": query}, {"$group": {"_id": "$job_id"}}]
        return {group["_id"] async for group in self._cells.aggregate(pipeline)}


def _keys(job: Job) -> list[str | int]:
    return [round(job.requested_at.astimezone(UTC).timestamp() * 1000), job.job_id]
