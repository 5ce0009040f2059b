"""What people write about a job."""

from __future__ import annotations

from typing import Final

from shared.mongodb.jobs.job import RunNote
from shared.mongodb.schema import Database, Document, found, key_of

MAX_NOTES: Final = 20


class JobNotes:
    """Keeps notes in the documents of jobs."""

    def __init__(self, database: Database) -> None:
        self._jobs = database["jobs"]

    async def add(self, shop: str, job_id: str, note: RunNote) -> bool:
        """Keep what a person has written about the job, once under its id; returns False where it has its most."""
        job: Document = {"_id": key_of(shop, job_id), "shop": shop}
        there = {"note_id": note.note_id, "text": note.text, "by": note.by, "at": note.at}
        result = await self._jobs.update_one(
            {**job, f"notes.{MAX_NOTES - 1}": {"$exists": False}, "notes.note_id": {"$ne": note.note_id}},
            {"$push": {"notes": there}},
        )
        if result.matched_count:
            return True
        return found(await self._jobs.find_one({**job, "notes.note_id": note.note_id}, {"_id": 1})) is not None
