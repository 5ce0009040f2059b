"""Job documents: made once per id, numbered per shop, moved along the state table, ended exactly once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared import tracing
from shared.domain.cell import CellState
from shared.domain.codes import Code
from shared.domain.job import JOB_TRANSITIONS, UNFINISHED_JOB_STATES, Asked, JobState, Totals, end_state
from shared.mongodb.collections import Database, Document, found, key_of
from shared.mongodb.different import different
from shared.mongodb.leases import PLAN
from shared.mongodb.selections import Selections, as_held, job_owner
from shared.mongodb.transactions import Session, Transactions, WriteConflict

if TYPE_CHECKING:
    from shared.contract.messages import JobRequest

FIRST_ERRORS = 20
"""How many errors the job document itself shows; the rest are in the cells."""

WITHOUT_LISTS = {"selection": 0, "leave_out.cells": 0}
"""Of a job's document: what may be long, and is needed to plan it alone."""

OF_PAUSED_SHOP = "of_paused_shop"
"""Stands for the state of an unfinished job whose shop is paused, where jobs are counted."""

_UNFINISHED = [str(state) for state in UNFINISHED_JOB_STATES]


def _predecessors(state: JobState) -> list[str]:
    return [str(before) for before, after in JOB_TRANSITIONS.items() if state in after]


_TELLING = timedelta(seconds=2)
"""How long whoever ends a job may take to tell it before others do."""


class JobStore:
    """Reads and writes job documents, and derives their totals from the cells."""

    def __init__(self, database: Database, transactions: Transactions) -> None:
        self._database = database
        self._jobs = database["jobs"]
        self._cells = database["cells"]
        self._shops = database["shops"]
        self._transactions = transactions
        self._selections = Selections(database)

    async def selection(self, job: Document) -> Document:
        """The whole selection of a job. Raises SelectionLost."""
        return await self._selections.whole(job["shop"], job_owner(job["job_id"]), job["selection"])

    async def leave_out(self, job: Document) -> Document | None:
        """What a job leaves out, whole. Raises SelectionLost."""
        held = job.get("leave_out")
        return None if held is None else await self._selections.whole(job["shop"], job_owner(job["job_id"]), held)

    async def request(self, message: JobRequest, *, refused: tuple[str, str] | None = None) -> bool:
        """Store a requested job; answers False for an id that is known already (a repeat).

        `refused`: code and message of one that ends here, without having begun.
        """
        now = datetime.now(UTC)
        job = {"_id": key_of(message.shop, message.job_id), "shop": message.shop}
        if found(await self._jobs.find_one(job, {"_id": 1})) is not None:
            return False
        # The parts of a long list before the document: whoever finds this has them.
        wanted, owner = message.selection.model_dump(exclude_none=True), job_owner(message.job_id)
        selection = await self._selections.keep(message.shop, owner, wanted)
        leave_out = _left_out(message)
        if leave_out is not None:
            leave_out = await self._selections.keep(message.shop, owner, leave_out)
        document: Document = {
            "_id": key_of(message.shop, message.job_id),
            "shop": message.shop,
            "job_id": message.job_id,
            "no": None,
            "direction": str(message.direction),
            "selection": selection,
            "preview_id": message.preview_id,
            "source": str(message.source),
            "requested_by": message.requested_by,
            "options": message.options.model_dump(exclude_none=True),
            "of_job_id": message.of_job_id,
            "left_out": message.left_out,
            "leave_out": leave_out,
            "state": str(JobState.REQUESTED if refused is None else JobState.FAILED),
            "waits_for": None,
            "planned": None,
            "totals": asdict(Totals(0)),
            "codes": {},
            "reasons": {},
            "first_errors": [],
            "requested_at": now,
            "started_at": None,
            "finished_at": None if refused is None else now,
            "held": None,
            "refreshed_at": None,
            "cancel_requested": False,
            "failure": None if refused is None else {"code": refused[0], "message": refused[1]},
        }
        if refused is not None:
            document["finished_event"] = "due"
        if (carried := tracing.carried()) is not None:
            # Messages may be lost; by this the job's later work stays in the trace of its request.
            document["trace"] = carried
        try:
            await self._jobs.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def ask(self, message: JobRequest, *, most_open: int) -> Asked:
        """Store a job where the shop has fewer open than it may, else its refusal. One that is known stays as it is."""
        shop = message.shop
        if await self.open(shop, most_open) < most_open:
            return Asked.STORED if await self.request(message) else Asked.KNOWN
        if await self.get(shop, message.job_id) is not None:
            return Asked.KNOWN
        why = f"{most_open} jobs of this shop have not ended yet, which is the most."
        refused = await self.request(message, refused=(str(Code.TOO_MANY_JOBS), why))
        return Asked.REFUSED if refused else Asked.KNOWN

    async def get(self, shop: str, job_id: str) -> Document | None:
        """The job document, or None."""
        return found(await self._jobs.find_one({"_id": key_of(shop, job_id), "shop": shop}))

    async def trace(self, shop: str, job_id: str) -> str | None:
        """The span in which the job was requested, where that was traced."""
        document = found(await self._jobs.find_one({"_id": key_of(shop, job_id), "shop": shop}, {"trace": 1}))
        trace: str | None = None if document is None else document.get("trace")
        return trace

    async def get_many(self, shop: str, job_ids: Iterable[str]) -> dict[str, Document]:
        """Job documents by job id, without what may be long."""
        ids = [key_of(shop, job_id) for job_id in set(job_ids)]
        cursor = self._jobs.find({"_id": {"$in": ids}, "shop": shop}, WITHOUT_LISTS)
        return {d["job_id"]: d async for d in cursor}

    async def number(self, shop: str, lease_no: int) -> None:
        """Give every job without one its place in the shop's order. Under the planning lease."""
        unnumbered = self._jobs.find({"shop": shop, "no": None}, {"_id": 1}).sort("requested_at", 1)
        async for document in unnumbered:
            shop_document = found(
                await self._shops.find_one_and_update(
                    {"_id": shop, **PLAN.held(number=lease_no)},
                    {"$inc": {"job_no": 1}},
                    return_document=ReturnDocument.AFTER,
                )
            )
            if shop_document is None:
                raise WriteConflict("the planning lease has passed to another planner")
            await self._jobs.update_one({"_id": document["_id"], "no": None}, {"$set": {"no": shop_document["job_no"]}})

    async def unfinished(self, shop: str) -> list[Document]:
        """The shop's unfinished jobs in the order of their numbers."""
        cursor = self._jobs.find({"shop": shop, "state": {"$in": _UNFINISHED}}).sort("no", 1)
        return [document async for document in cursor]

    async def open(self, shop: str, limit: int) -> int:
        """How many jobs of the shop have not ended, counted up to `limit`."""
        condition = {"shop": shop, "state": {"$in": _UNFINISHED}}
        number: int = await self._jobs.count_documents(condition, limit=limit)
        return number

    async def how_many_run(self, shop: str) -> int:
        """How many jobs of the shop are running."""
        number: int = await self._jobs.count_documents({"shop": shop, "state": str(JobState.RUNNING)})
        return number

    async def move(
        self,
        shop: str,
        job_id: str,
        state: JobState,
        *,
        only_from: Iterable[JobState] | None = None,
        session: Session | None = None,
        **values: Any,
    ) -> bool:
        """Move along the state table, setting `values`; answers whether the job was in a state that allows it."""
        before = _predecessors(state) if only_from is None else [str(allowed) for allowed in only_from]
        result = await self._jobs.update_one(
            {"_id": key_of(shop, job_id), "shop": shop, "state": {"$in": before}},
            {"$set": {"state": str(state), **values}},
            session=session,
        )
        return result.modified_count == 1

    async def touch_planning(self, session: Session, shop: str, job_id: str) -> bool:
        """Whether the job is still to be started; writing it makes a cancellation at the same time conflict."""
        result = await self._jobs.update_one(
            {"_id": key_of(shop, job_id), "state": {"$in": ["requested", "waiting"]}},
            {"$inc": {"planning_batches": 1}},
            session=session,
        )
        return result.matched_count == 1

    async def wait(self, shop: str, job_id: str, waits_for: str) -> None:
        """The job waits, and says for which."""
        await self._jobs.update_one(
            {"_id": key_of(shop, job_id), "state": {"$in": ["requested", "waiting"]}},
            {"$set": {"state": "waiting", "waits_for": waits_for}},
        )

    async def fail(self, shop: str, job_id: str, code: str, message: str) -> bool:
        """End a job whose cells do not exist yet."""
        return await self.move(
            shop,
            job_id,
            JobState.FAILED,
            only_from=(JobState.REQUESTED, JobState.WAITING),
            failure={"code": code, "message": message},
            finished_at=datetime.now(UTC),
            finished_event="due",
        )

    async def note_not_planned(self, shop: str, job_id: str) -> int:
        """Planning it has failed once more; answers how often it has."""
        document = found(
            await self._jobs.find_one_and_update(
                {"_id": key_of(shop, job_id), "state": {"$in": ["requested", "waiting"]}},
                {"$inc": {"plan_failures": 1}},
                projection={"plan_failures": 1},
                return_document=ReturnDocument.AFTER,
            )
        )
        return 0 if document is None else int(document["plan_failures"])

    async def request_cancel(self, shop: str, job_id: str) -> JobState | None:
        """Cancel what has not begun: directly where no cells exist, else cell by cell. Answers the new state."""
        direct = await self.move(
            shop,
            job_id,
            JobState.CANCELLED,
            only_from=(JobState.REQUESTED, JobState.WAITING),
            cancel_requested=True,
            finished_at=datetime.now(UTC),
            finished_event="due",
            waits_for=None,
        )
        if direct:
            # The planner may just have been making its cells; they are removed when it finds the start refused.
            return JobState.CANCELLED
        result = await self._jobs.update_one(
            {"_id": key_of(shop, job_id), "shop": shop, "state": "running"}, {"$set": {"cancel_requested": True}}
        )
        return JobState.RUNNING if result.matched_count else None

    async def hold(self, shop: str, job_ids: Iterable[str], reason: str, until: datetime) -> None:
        """Say what these running jobs wait for; since when stays, where they have waited for the same before."""
        ids = [key_of(shop, job_id) for job_id in set(job_ids)]
        since = {"$cond": [{"$eq": ["$held.reason", reason]}, "$held.since", datetime.now(UTC)]}
        held = {"reason": reason, "since": since, "until": until}
        condition = {"_id": {"$in": ids}, "shop": shop, "state": "running"}
        await self._jobs.update_many(condition, [{"$set": {"held": held}}])

    async def let_go(self, shop: str) -> None:
        """Nothing holds the shop's running jobs any more."""
        condition = {"shop": shop, "state": "running", "held": {"$ne": None}}
        await self._jobs.update_many(condition, {"$set": {"held": None}})

    async def is_held(self, shop: str, job_id: str) -> bool:
        """Whether the job says that it waits for something."""
        condition = {"_id": key_of(shop, job_id), "held": {"$ne": None}}
        return found(await self._jobs.find_one(condition, {"_id": 1})) is not None

    async def held_by_reason(self, paused: Collection[str] = ()) -> dict[str, int]:
        """How many running jobs wait now, by reason; those of the shops `paused` are not among them."""
        condition = {"state": "running", "held.until": {"$gte": datetime.now(UTC)}, "shop": {"$nin": sorted(paused)}}
        pipeline: list[Document] = [{"$match": condition}, {"$group": {"_id": "$held.reason", "n": {"$sum": 1}}}]
        return {d["_id"]: d["n"] async for d in self._jobs.aggregate(pipeline)}

    async def cancel_requested(self, shop: str, job_id: str) -> bool:
        """Whether somebody asked for the job to be cancelled."""
        condition = {"_id": key_of(shop, job_id), "cancel_requested": True}
        return found(await self._jobs.find_one(condition, {"_id": 1})) is not None

    async def counts(self, shop: str, job_id: str, session: Session | None = None) -> list[Document]:
        """Cells by state, code and reason."""
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "job_id": job_id}},
            {"$group": {"_id": {"s": "$state", "c": "$code", "r": "$reason"}, "n": {"$sum": 1}}},
        ]
        return [document async for document in self._cells.aggregate(pipeline, session=session)]

    async def refresh(self, shop: str, job_id: str) -> Document | None:
        """Derive the totals under a snapshot and store them; end the job where nothing is open.

        Answers the document afterwards, or None where the job is not running.
        """

        async def derive(session: Session) -> Document | None:
            job = await self._jobs.find_one({"_id": key_of(shop, job_id), "shop": shop}, WITHOUT_LISTS, session=session)
            if job is None or job["state"] != JobState.RUNNING:
                return None
            values = _figures(await self.counts(shop, job_id, session))
            totals = Totals(**values["totals"])
            if totals.errors != job["totals"]["errors"]:
                values["first_errors"] = await self._first_errors(shop, job_id, session)
            values["refreshed_at"] = datetime.now(UTC)
            ended = end_state(totals, job["planned"], cancel_requested=job["cancel_requested"])
            if ended is not None:
                values |= {"state": str(ended), "finished_at": datetime.now(UTC), "finished_event": "due"}
            return found(
                await self._jobs.find_one_and_update(
                    {"_id": job["_id"], "state": "running"},
                    {"$set": values},
                    projection=WITHOUT_LISTS,
                    session=session,
                    return_document=ReturnDocument.AFTER,
                )
            )

        return await self._transactions.run(derive)

    async def _first_errors(self, shop: str, job_id: str, session: Session) -> list[Document]:
        condition = {"shop": shop, "job_id": job_id, "state": "error"}
        fields = {"_id": 0, "bom_id": 1, "bom_name": 1, "location_id": 1, "code": 1, "detail": 1}
        cursor = self._cells.find(condition, fields, session=session).limit(FIRST_ERRORS)
        return [document async for document in cursor]

    async def finished_due(self) -> AsyncIterator[Document]:
        """Ended jobs whose `job.finished` is not confirmed yet."""
        # Whoever has just ended a job is telling it at this moment.
        before = datetime.now(UTC) - _TELLING
        async for document in self._jobs.find({"finished_event": "due", "finished_at": {"$lt": before}}, WITHOUT_LISTS):
            yield document

    async def finished_sent(self, shop: str, job_id: str) -> bool:
        """`job.finished` was confirmed by the broker; answers whether nobody has noted so before."""
        result = await self._jobs.update_one(
            {"_id": key_of(shop, job_id), "finished_event": {"$ne": "sent"}}, {"$set": {"finished_event": "sent"}}
        )
        return bool(result.modified_count)

    async def open_by_state(self, paused: Collection[str] = ()) -> list[tuple[str, int, datetime]]:
        """Unfinished jobs: state, number, and when the oldest was requested.

        Those of the shops `paused` have the state OF_PAUSED_SHOP here: they wait for the merchant.
        """
        state = {"$cond": [{"$in": ["$shop", sorted(paused)]}, OF_PAUSED_SHOP, "$state"]}
        pipeline: list[Document] = [
            {"$match": {"state": {"$in": _UNFINISHED}}},
            {"$group": {"_id": state, "n": {"$sum": 1}, "oldest": {"$min": "$requested_at"}}},
        ]
        return [(d["_id"], d["n"], d["oldest"]) async for d in self._jobs.aggregate(pipeline)]

    async def shops_with(self, states: Iterable[JobState]) -> list[str]:
        """The shops that have jobs in one of the states."""
        condition = {"state": {"$in": [str(state) for state in states]}}
        return [shop async for shop in different(self._jobs, "shop", condition)]

    async def running(self) -> list[tuple[str, str]]:
        """(shop, job id) of every running job."""
        cursor = self._jobs.find({"state": "running"}, {"shop": 1, "job_id": 1}).sort("requested_at", 1)
        return [(d["shop"], d["job_id"]) async for d in cursor]


def left_out_document(message: JobRequest) -> Document | None:
    """What a job leaves out, as its document holds it."""
    leave_out = _left_out(message)
    return None if leave_out is None else as_held(leave_out)


def _left_out(message: JobRequest) -> Document | None:
    if message.leave_out is None:
        return None
    # How many is stored beside them: lists of jobs leave the cells themselves out.
    return {**message.leave_out.model_dump(mode="json"), "cells_no": len(message.leave_out.cells or ())}


def _figures(counts: list[Document]) -> Document:
    by_state: dict[CellState, int] = {}
    codes: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for group in counts:
        state = CellState(group["_id"]["s"])
        by_state[state] = by_state.get(state, 0) + group["n"]
        if code := group["_id"].get("c"):
            codes[code] = codes.get(code, 0) + group["n"]
        if reason := group["_id"].get("r"):
            reasons[reason] = reasons.get(reason, 0) + group["n"]
    return {"totals": asdict(Totals.of(by_state)), "codes": codes, "reasons": reasons}
