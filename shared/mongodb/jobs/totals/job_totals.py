"""The totals of a job, derived from the tallies of its ended cells, and its end, which happens exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from shared.domain.cell import OPEN_CELL_STATES, CellState
from shared.domain.job import JobState, Totals, end_state
from shared.mongodb.jobs.cells.places import BY_NUMBER
from shared.mongodb.jobs.job import FinishedEvent, Job
from shared.mongodb.jobs.job_form import BUT_THE_LONG, job_of, totals_document
from shared.mongodb.jobs.totals.tallies import EndedAs, Tallies
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.transactions import Session, Transactions

log = structlog.get_logger()

FIRST_ERRORS = 20
"""How many errors the job document itself shows; the rest are in the cells."""


class JobTotals:
    """Derives the figures of running jobs, and ends those that have no work left."""

    def __init__(self, database: Database, transactions: Transactions) -> None:
        self._jobs = database["jobs"]
        self._cells = database["cells"]
        self._tallies = Tallies(database)
        self._transactions = transactions

    async def refresh(self, shop: str, job_id: str) -> Job | None:
        """Derive the totals under a snapshot and store them; end the job where nothing is open.

        Returns the job afterwards, or None where it is not running.
        """

        async def derive(session: Session) -> Document | None:
            name = {"_id": key_of(shop, job_id), "shop": shop}
            job = await self._jobs.find_one(name, BUT_THE_LONG, session=session)
            if job is None or job["state"] != JobState.RUNNING:
                return None
            values = await self._figures(session, job)
            totals = Totals(**values["totals"])
            if totals.errors != job["totals"]["errors"]:
                values["first_errors"] = await self._first_errors(shop, job_id, session)
            ended = end_state(totals, job["planned"], cancel_requested=job["cancel_requested"])
            if ended is not None:
                values |= {
                    "state": str(ended),
                    "finished_at": datetime.now(UTC),
                    "finished_event": str(FinishedEvent.DUE),
                }
            return found(
                await self._jobs.find_one_and_update(
                    {"_id": job["_id"], "state": str(JobState.RUNNING)},
                    {"$set": values},
                    projection=BUT_THE_LONG,
                    session=session,
                    return_document=True,
                )
            )

        document = await self._transactions.run(derive)
        return None if document is None else job_of(document)

    async def _figures(self, session: Session, job: Document) -> Document:
        """By the tallies; by the cells themselves where these cannot be right."""
        shop, job_id, planned = job["shop"], job["job_id"], job["planned"]
        if not job.get("tallied"):
            return _figures(await self._counted(session, shop, job_id))
        ended = await self._tallies.of(shop, job_id, session)
        left = planned - sum(ended.values())
        open_cell = {"shop": shop, "job_id": job_id, "open": True}
        first = await self._cells.find_one(open_cell, {"_id": 0, "no": 1}, session=session, hint=BY_NUMBER)
        if (first is None) != (left == 0) or left < 0:
            log.warning("job_counted", shop=shop, job=job_id, left=left)
            return _figures(await self._counted(session, shop, job_id))
        applying = 0
        if first is not None:
            # What is published is a window full of cells at most.
            at_work = {**open_cell, "no": {"$lt": job.get("published_to", 0)}, "state": str(CellState.APPLYING)}
            applying = await self._cells.count_documents(at_work, session=session, hint=BY_NUMBER)
        at_hand = {EndedAs(CellState.APPLYING): applying, EndedAs(CellState.PENDING): left - applying}
        return _figures({**ended, **at_hand})

    async def _counted(self, session: Session, shop: str, job_id: str) -> dict[EndedAs, int]:
        """All cells by how they stand: of a job some of whose cells an earlier build has ended, without a tally."""
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "job_id": job_id}},
            {"$group": {"_id": {"s": "$state", "c": "$code", "r": "$reason"}, "n": {"$sum": 1}}},
        ]
        return {
            EndedAs(CellState(group["_id"]["s"]), group["_id"].get("c"), group["_id"].get("r")): group["n"]
            async for group in self._cells.aggregate(pipeline, session=session)
        }

    async def _first_errors(self, shop: str, job_id: str, session: Session) -> list[Document]:
        condition = {"shop": shop, "job_id": job_id, "state": str(CellState.ERROR)}
        fields = {"_id": 0, "bom_id": 1, "bom_name": 1, "location_id": 1, "code": 1, "detail": 1}
        cursor = self._cells.find(condition, fields, session=session).limit(FIRST_ERRORS)
        return [document async for document in cursor]


def _figures(cells: Mapping[EndedAs, int]) -> Document:
    by_state: dict[CellState, int] = {}
    codes: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for way, number in cells.items():
        by_state[way.state] = by_state.get(way.state, 0) + number
        if way.state in OPEN_CELL_STATES:
            continue
        if way.code:
            codes[way.code] = codes.get(way.code, 0) + number
        if way.reason:
            reasons[way.reason] = reasons.get(way.reason, 0) + number
    return {"totals": totals_document(Totals.of(by_state)), "codes": codes, "reasons": reasons}
