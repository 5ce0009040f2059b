"""Job documents: made once per id, numbered per shop, moved along the state table. `job_totals` ends them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.contract.selection import LeaveOut, SelectionBody
from shared.domain.job import JOB_TRANSITIONS, UNFINISHED_JOB_STATES, Asked, JobState, Totals
from shared.domain.words.codes import Code
from shared.domain.words.waits import WaitReason
from shared.mongodb.catalogue.selections import Selections, job_owner
from shared.mongodb.jobs.job import Approved, FinishedEvent, Job, WholeJob
from shared.mongodb.jobs.job_form import (
    BUT_THE_LONG,
    approved_document,
    asked_document,
    held_document,
    job_of,
    leave_out_of,
    totals_document,
    whole_job_of,
)
from shared.mongodb.jobs.leases import PLAN
from shared.mongodb.lists.distinct import distinct_values
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.transactions import Session, Transactions, WriteConflict
from shared.observing import tracing

if TYPE_CHECKING:
    from shared.contract.messages import JobRequest

OF_PAUSED_SHOP = "of_paused_shop"
"""Stands for the state of an unfinished job whose shop is paused, where jobs are counted."""

_UNFINISHED = [str(state) for state in UNFINISHED_JOB_STATES]
_DUE, _SENT = str(FinishedEvent.DUE), str(FinishedEvent.SENT)


def _predecessors(state: JobState) -> list[str]:
    return [str(before) for before, after in JOB_TRANSITIONS.items() if state in after]


_PUBLISHES_WITHIN = timedelta(seconds=2)
"""How long whoever ends a job may take to publish it before others do."""


class JobStore:
    """Reads and writes job documents."""

    def __init__(self, database: Database, transactions: Transactions) -> None:
        self._database = database
        self._jobs = database["jobs"]
        self._shops = database["shops"]
        self._transactions = transactions
        self._selections = Selections(database)

    async def request(
        self, message: JobRequest, *, refused: tuple[str, str] | None = None, approved: Approved | None = None
    ) -> bool:
        """Store a requested job; returns False for an id that is known already (a repeat).

        `refused`: code and message of one that ends here, without having begun. `approved`: what was told of it.
        """
        now = datetime.now(UTC)
        job = {"_id": key_of(message.shop, message.job_id), "shop": message.shop}
        if found(await self._jobs.find_one(job, {"_id": 1})) is not None:
            return False
        # The parts of a long list before the document: whoever finds this has them.
        asked, owner = asked_document(message), job_owner(message.job_id)
        selection = await self._selections.keep(message.shop, owner, asked["selection"])
        leave_out = asked["leave_out"]
        if leave_out is not None:
            leave_out = await self._selections.keep(message.shop, owner, leave_out)
        document: Document = {
            "_id": key_of(message.shop, message.job_id),
            "shop": message.shop,
            "job_id": message.job_id,
            "no": None,
            "direction": asked["direction"],
            "selection": selection,
            "preview_id": asked["preview_id"],
            "source": asked["source"],
            "requested_by": message.requested_by,
            "options": asked["options"],
            "of_job_id": asked["of_job_id"],
            "left_out": asked["left_out"],
            "leave_out": leave_out,
            "without_codes": asked["without_codes"],
            "approved": None if approved is None else approved_document(approved),
            "state": str(JobState.REQUESTED if refused is None else JobState.FAILED),
            "waits_for": None,
            "planned": None,
            "tallied": True,
            "totals": totals_document(Totals(0)),
            "codes": {},
            "reasons": {},
            "first_errors": [],
            "requested_at": now,
            "started_at": None,
            "finished_at": None if refused is None else now,
            "held": None,
            "cancel_requested": False,
            "failure": None if refused is None else {"code": refused[0], "message": refused[1]},
        }
        if refused is not None:
            document["finished_event"] = _DUE
        if (carried := tracing.carried()) is not None:
            # Messages may be lost; by this the job's later work stays in the trace of its request.
            document["trace"] = carried
        try:
            await self._jobs.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def ask(self, message: JobRequest, *, max_open: int) -> Asked:
        """Store a job where the shop has fewer open than it may, else its refusal. One that is known stays as it is."""
        shop = message.shop
        if await self.open(shop, max_open) < max_open:
            return Asked.STORED if await self.request(message) else Asked.KNOWN
        if await self.get(shop, message.job_id) is not None:
            return Asked.KNOWN
        why = f"{max_open} jobs of this shop have not ended yet, which is the most."
        refused = await self.request(message, refused=(str(Code.TOO_MANY_JOBS), why))
        return Asked.REFUSED if refused else Asked.KNOWN

    async def get(self, shop: str, job_id: str) -> Job | None:
        """The job, or None."""
        document = found(await self._jobs.find_one({"_id": key_of(shop, job_id), "shop": shop}, BUT_THE_LONG))
        return None if document is None else job_of(document)

    async def get_whole(self, shop: str, job_id: str) -> WholeJob | None:
        """The job with what its document holds of its selection, or None."""
        document = found(await self._jobs.find_one({"_id": key_of(shop, job_id), "shop": shop}))
        return None if document is None else whole_job_of(document)

    async def get_as_asked(self, message: JobRequest) -> Job | None:
        """The job under the request's id; None where there is none, or where it was asked for in other words."""
        shop, job_id = message.shop, message.job_id
        document = found(await self._jobs.find_one({"_id": key_of(shop, job_id), "shop": shop}))
        if document is None:
            return None
        return job_of(document) if held_document(document) == held_document(asked_document(message)) else None

    async def selection(self, job: WholeJob) -> SelectionBody:
        """The whole selection of a job.

        Raises SelectionLost, and ValidationError for one that only an older build can have taken.
        """
        owner = job_owner(job.job_id)
        return SelectionBody.model_validate(await self._selections.whole(job.shop, owner, job.held_selection))

    async def leave_out(self, job: WholeJob) -> LeaveOut | None:
        """Rows of the preview that are no part of a job. Raises as above."""
        if job.held_leave_out is None:
            return None
        owner = job_owner(job.job_id)
        return leave_out_of(await self._selections.whole(job.shop, owner, job.held_leave_out))

    async def trace(self, shop: str, job_id: str) -> str | None:
        """The span in which the job was requested, where that was traced."""
        document = found(await self._jobs.find_one({"_id": key_of(shop, job_id), "shop": shop}, {"trace": 1}))
        trace: str | None = None if document is None else document.get("trace")
        return trace

    async def get_many(self, shop: str, job_ids: Iterable[str]) -> dict[str, Job]:
        """Jobs by job id."""
        ids = [key_of(shop, job_id) for job_id in set(job_ids)]
        cursor = self._jobs.find({"_id": {"$in": ids}, "shop": shop}, BUT_THE_LONG)
        return {document["job_id"]: job_of(document) async for document in cursor}

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

    async def unfinished(self, shop: str) -> list[WholeJob]:
        """The shop's unfinished jobs in the order of their numbers."""
        cursor = self._jobs.find({"shop": shop, "state": {"$in": _UNFINISHED}}).sort("no", 1)
        return [whole_job_of(document) async for document in cursor]

    async def open(self, shop: str, limit: int) -> int:
        """How many jobs of the shop have not ended, counted up to `limit`."""
        condition = {"shop": shop, "state": {"$in": _UNFINISHED}}
        number: int = await self._jobs.count_documents(condition, limit=limit)
        return number

    async def how_many_run(self, shop: str) -> int:
        """How many jobs of the shop are running."""
        number: int = await self._jobs.count_documents({"shop": shop, "state": str(JobState.RUNNING)})
        return number

    async def start(self, shop: str, job_id: str, planned: int, session: Session | None = None) -> bool:
        """The job runs, with so many cells; returns False where it is not to be started any more."""
        return await self._move(
            shop,
            job_id,
            JobState.RUNNING,
            session=session,
            planned=planned,
            started_at=datetime.now(UTC),
            waits_for=None,
            totals=totals_document(Totals(total=planned, pending=planned)),
        )

    async def _move(
        self,
        shop: str,
        job_id: str,
        state: JobState,
        *,
        only_from: Iterable[JobState] | None = None,
        session: Session | None = None,
        **values: Any,
    ) -> bool:
        """Move along the state table, setting `values`; returns whether the job was in a state that allows it."""
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
        return await self._move(
            shop,
            job_id,
            JobState.FAILED,
            only_from=(JobState.REQUESTED, JobState.WAITING),
            failure={"code": code, "message": message},
            finished_at=datetime.now(UTC),
            finished_event=_DUE,
        )

    async def note_not_planned(self, shop: str, job_id: str) -> int:
        """Planning it has failed once more; returns how often it has."""
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
        """Cancel what has not begun: directly where no cells exist, else cell by cell. Returns the new state."""
        direct = await self._move(
            shop,
            job_id,
            JobState.CANCELLED,
            only_from=(JobState.REQUESTED, JobState.WAITING),
            cancel_requested=True,
            finished_at=datetime.now(UTC),
            finished_event=_DUE,
            waits_for=None,
        )
        if direct:
            # The planner may just have been making its cells; they are removed when it finds the start refused.
            return JobState.CANCELLED
        result = await self._jobs.update_one(
            {"_id": key_of(shop, job_id), "shop": shop, "state": "running"}, {"$set": {"cancel_requested": True}}
        )
        return JobState.RUNNING if result.matched_count else None

    async def hold(self, shop: str, job_ids: Iterable[str], reason: WaitReason, until: datetime) -> None:
        """Say what these running jobs wait for; since when stays, where they have waited for the same before."""
        ids = [key_of(shop, job_id) for job_id in set(job_ids)]
        since = {"$cond": [{"$eq": ["$held.reason", str(reason)]}, "$held.since", datetime.now(UTC)]}
        held = {"reason": str(reason), "since": since, "until": until}
        condition = {"_id": {"$in": ids}, "shop": shop, "state": "running"}
        await self._jobs.update_many(condition, [{"$set": {"held": held}}])

    async def let_go(self, shop: str, *, but: Collection[str] = ()) -> None:
        """Nothing holds the shop's running jobs any more, but for some."""
        condition: Document = {"shop": shop, "state": "running", "held": {"$ne": None}}
        if but:
            condition["job_id"] = {"$nin": sorted(but)}
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

    async def finished_due(self) -> AsyncIterator[Job]:
        """Ended jobs whose `job.finished` is not confirmed yet."""
        # Whoever has just ended a job is publishing it at this moment.
        before = datetime.now(UTC) - _PUBLISHES_WITHIN
        condition = {"finished_event": _DUE, "finished_at": {"$lt": before}}
        async for document in self._jobs.find(condition, BUT_THE_LONG):
            yield job_of(document)

    async def finished_sent(self, shop: str, job_id: str) -> bool:
        """`job.finished` was confirmed by the broker; returns whether nobody has noted so before."""
        result = await self._jobs.update_one(
            {"_id": key_of(shop, job_id), "finished_event": {"$ne": _SENT}}, {"$set": {"finished_event": _SENT}}
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
        return [shop async for shop in distinct_values(self._jobs, "shop", condition)]

    async def running(self) -> list[tuple[str, str]]:
        """(shop, job id) of every running job."""
        cursor = self._jobs.find({"state": "running"}, {"shop": 1, "job_id": 1}).sort("requested_at", 1)
        return [(d["shop"], d["job_id"]) async for d in cursor]
