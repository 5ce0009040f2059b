"""Planning: jobs are numbered per shop, start whole or wait whole, and their cells exist before the first message."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic import ValidationError

from services.reconciler.jobs.job_cells import JobCells
from services.reconciler.jobs.job_events import JobEvents
from services.reconciler.jobs.window import Window
from services.reconciler.planner.overlap import shares_a_cell
from shared import metrics
from shared.contract.messages import CellsFinished, JobCancel, JobFinished, JobRequest
from shared.contract.mistakes import cut
from shared.domain.job import Asked, JobSource, JobState
from shared.domain.preview import is_expired
from shared.domain.words.codes import EXPLAINED, Code
from shared.errors import BrokerUnavailable
from shared.mongodb.catalogue.selections import SelectionLost
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.duplicates import is_duplicate
from shared.mongodb.jobs.cells.cell import NewCell, cell_id
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.job import FinishedEvent, Job, WholeJob
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.leases import PlanLease
from shared.mongodb.previews.preview import PreviewState
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.shops.audit import AuditLog
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.transactions import Session, Transactions, WriteConflict
from shared.observing import tracing
from shared.rabbitmq import topology
from shared.rabbitmq.consuming.delivery import Delivery, Reject
from shared.rabbitmq.publishing.publisher import Publisher
from shared.running.shop_locks import ShopLocks

log = structlog.get_logger()

MAX_TRIES = 5
"""Tries of planning a job, a watchdog's round apart, after which one that fails for its own sake ends."""

SHOPS_AT_ONCE = 20
"""Shops planned side by side on the word of messages."""

LAST_PLANS = 20.0
"""Seconds that planning under way gets to end when the process stops."""

_LEASE_TRIES = 20
_LEASE_PAUSE = 0.1


class Planner:
    """Handles `job.request`, `job.cancel` and `job.finished`."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        lease: PlanLease,
        jobs: JobStore,
        cells: CellStore,
        shops: ShopStore,
        previews: PreviewStore,
        sources: JobCells,
        window: Window,
        job_events: JobEvents,
        publisher: Publisher,
        audit: AuditLog,
        max_open: int,
    ) -> None:
        """`max_open`: jobs of one shop that have not ended."""
        self._audit = audit
        self._transactions = transactions
        self._lease = lease
        self._jobs = jobs
        self._cells = cells
        self._shops = shops
        self._previews = previews
        self._sources = sources
        self._window = window
        self._job_events = job_events
        self._publisher = publisher
        self._max_open = max_open
        self._locks = ShopLocks()
        self._planning: set[str] = set()
        self._again: set[str] = set()
        self._slots = asyncio.Semaphore(SHOPS_AT_ONCE)
        self._soon: dict[str, asyncio.Task[None]] = {}

    async def on_command(self, delivery: Delivery) -> None:
        """Handle one command. Raises Reject for a body that can never be understood."""
        if delivery.key == topology.JOB_CANCEL:
            cancel = delivery.read(JobCancel)
            await self._check_known(cancel.shop)
            await self.cancel(cancel.shop, cancel.job_id)
            if await self._jobs.cancel_requested(cancel.shop, cancel.job_id):
                await self._audit.note_message(delivery.sender, "job.cancel", cancel.shop, cancel.job_id)
            return
        if delivery.key != topology.JOB_REQUEST:
            raise Reject(f"{cut(delivery.key)} is no message about jobs")
        request = delivery.read(JobRequest)
        await self._check_known(request.shop)
        if request.of_job_id is not None:
            first = await self._jobs.get_whole(request.shop, request.of_job_id)
            if first is None:
                raise Reject(f"there is no job {request.of_job_id} to retry or undo")
            # Its cells are the first job's: what it says of overlaps must be about those.
            request = request.model_copy(update={"selection": await self._jobs.selection(first)})
        sender = delivery.sender
        said = {
            "requested_by": sender.name(request.requested_by),
            "source": sender.source(request.source, request.of_job_id),
        }
        if await self._stored(request, said, delivery):
            self.plan_soon(request.shop)

    async def _check_known(self, shop: str) -> None:
        if await self._shops.get(shop) is None:
            raise Reject(f"the shop {shop} is not known; add it first")

    async def _stored(self, request: JobRequest, said: Mapping[str, Any], delivery: Delivery) -> bool:
        """Store a job that is not known yet; whether there is anything to plan. One too many ends with its code.

        `said`: who asks and why, as it is to be kept.
        """
        shop, asker = request.shop, request.requested_by
        request = request.model_copy(update=dict(said))
        async with self._locks.of(shop):
            asked = await self._jobs.ask(request, max_open=self._max_open)
            if asked is Asked.STORED:
                await self._audit.note_message(delivery.sender, "job.start", shop, request.job_id, asker)
            if asked is not Asked.REFUSED:
                return True  # also what any of Trueup's parts has asked for: that stands before its message leaves
        metrics.REFUSED_BY_LIMIT.labels("jobs").inc()
        log.info("job_refused", shop=shop, job=request.job_id)
        await self._publish_state(shop, request.job_id)
        return False

    async def on_finished(self, delivery: Delivery) -> None:
        """A job has ended: those that waited for it may start."""
        self.plan_soon(delivery.read(JobFinished).shop)

    def plan_soon(self, shop: str) -> None:
        """Plan beside whoever asks: the cells of a large job take long to make, and no message is held meanwhile.

        What a crash leaves unplanned, or a server that is away, the watchdog finds in the documents.
        """
        self._again.add(shop)
        if shop not in self._soon and shop not in self._planning:
            self._soon[shop] = asyncio.create_task(self._planned(shop), name=f"plan {shop}")

    async def _planned(self, shop: str) -> None:
        try:
            async with self._slots:
                # From this look to the end of the task nothing else runs, so no wish in between is lost.
                while shop in self._again:
                    await self.plan(shop)
        except Exception:  # the watchdog plans it again
            log.exception("planning_failed", shop=shop)
        finally:
            self._soon.pop(shop, None)

    async def stop(self) -> None:
        """Give planning under way a moment to end, and leave the rest to others."""
        tasks = set(self._soon.values())
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_PLANS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def cancel(self, shop: str, job_id: str) -> None:
        """Cancel what has not begun. Safe to repeat: a crash in between leaves the message to do the rest."""
        state = await self._jobs.request_cancel(shop, job_id)
        job = await self._jobs.get(shop, job_id)
        if job is None:
            return
        if job.state is JobState.CANCELLED and job.planned is None:
            # No batch of its cells can commit any more, so what is there now is all there will be.
            await self._cells.remove(shop, job_id)
            if state is JobState.CANCELLED:
                await self._publish_state(shop, job_id)
            return
        if state is JobState.RUNNING:
            await self._cells.cancel_pending(shop, job_id)
            # Which they were stands in the documents; a large job's list would not fit a message.
            await self._ask_for_totals(shop, job_id)

    async def plan(self, shop: str) -> None:
        """Start what may start, under the shop's planning lease. Another planner at it does the same work.

        Where this process is planning the shop already, that run looks once more; nobody waits for it.
        """
        self._again.add(shop)
        if shop in self._planning:
            return
        self._planning.add(shop)
        try:
            while shop in self._again:
                self._again.discard(shop)
                await self._plan_once(shop)
        finally:
            self._planning.discard(shop)

    async def _plan_once(self, shop: str) -> None:
        number = await self._take_lease(shop)
        if number is None:
            log.info("planning_left_to_another", shop=shop)
            return
        try:
            await self._jobs.number(shop, number)
            for job in await self._jobs.unfinished(shop):
                if job.state is not JobState.RUNNING and job.no is not None:
                    with structlog.contextvars.bound_contextvars(shop=shop, job=job.job_id):
                        await self._plan_or_go_on(job, number)
        finally:
            await self._lease.release(shop, number)

    async def _plan_or_go_on(self, job: WholeJob, lease_no: int) -> None:
        """One job that cannot be planned must not keep the others from it; the watchdog tries it again."""
        try:
            await self._plan_one(job, lease_no)
        except WriteConflict:
            raise  # the lease has passed to another planner
        except (ValidationError, SelectionLost):
            # Checked when it came in: only an older build can have left it. It must not hold up those behind it.
            await self._fail(job, "INVALID_SELECTION", "The selection of this job cannot be read; request it again.")
        except (BrokerUnavailable, *STORE_AWAY) as error:
            log.warning("job_put_off", reason=repr(error))
        except Exception as error:  # whatever it is, it is this job's
            log.exception("job_not_planned")
            if is_duplicate(error):
                return  # another job has a cell open, for as long as that takes
            if await self._jobs.note_not_planned(job.shop, job.job_id) >= MAX_TRIES:
                await self._give_up(job)

    async def _give_up(self, job: Job) -> None:
        """End a job that fails however often it is planned: those that wait for it would wait for ever."""
        message = f"This job could not be planned in {MAX_TRIES} tries: an error of Trueup itself, which is logged."
        await self._fail(job, "NOT_PLANNED", message)
        # No batch of its cells can commit any more.
        await self._cells.remove(job.shop, job.job_id)

    async def _take_lease(self, shop: str) -> int | None:
        for _ in range(_LEASE_TRIES):
            number = await self._lease.take(shop)
            if number is not None:
                return number
            await asyncio.sleep(_LEASE_PAUSE)
        return None

    async def _plan_one(self, job: WholeJob, lease_no: int) -> None:
        others = [other for other in await self._jobs.unfinished(job.shop) if other.job_id != job.job_id]
        for other in others:
            earlier = other.no is not None and job.no is not None and other.no < job.no
            if (earlier or other.state is JobState.RUNNING) and await shares_a_cell(
                job, other, self._cells, self._jobs
            ):
                if job.waits_for != other.job_id:
                    await self._jobs.wait(job.shop, job.job_id, other.job_id)
                    log.info("job_waits", waits_for=other.job_id)
                    await self._publish_state(job.shop, job.job_id)
                return
        with tracing.span("start job", parent=job.trace, shop=job.shop, job=job.job_id):
            refusal = await self._refusal(job)
            if refusal is not None:
                await self._fail(job, str(refusal), EXPLAINED[refusal].message)
                return
            await self._start(job, lease_no)

    async def _refusal(self, job: Job) -> Code | None:
        """Why the job cannot start at all."""
        if job.preview_id is None or job.source in {JobSource.RETRY, JobSource.UNDO}:
            return None  # the rows of a retry are judged one by one, and an undo looks at settle_no
        preview = await self._previews.get(job.shop, job.preview_id)
        if preview is None or preview.state is not PreviewState.READY or preview.taken_from is None:
            return Code.NOT_IN_PREVIEW
        return Code.PREVIEW_EXPIRED if is_expired(preview.taken_from, datetime.now(UTC)) else None

    async def _start(self, job: WholeJob, lease_no: int) -> None:
        """Make the cells batch by batch, each conditional on the lease and on the job still being wanted."""
        shop, job_id = job.shop, job.job_id
        made = 0
        async for batch in self._sources.of(job):
            first = made
            fits = await self._transactions.run(
                lambda session, batch=batch, first=first: self._make(session, job, lease_no, first, batch)  # type: ignore[misc]  # mypy cannot infer bound defaults
            )
            if not fits:
                log.info("start_given_up")
                await self._publish_state(shop, job_id)
                return
            made += len(batch)
        if made == 0:
            await self._fail(job, "EMPTY_SELECTION", "Nothing is selected: no BOM or location matches.")
            return

        async def run(session: Session) -> bool:
            await self._lease_holds(session, shop, lease_no)
            planned = await self._cells.made(shop, job_id, session)
            return await self._jobs.start(shop, job_id, planned, session)

        if await self._transactions.run(run):
            log.info("job_started", cells=made, direction=job.direction)
            await self._publish_state(shop, job_id)
            if await self._window.refill(shop, job_id) == 0:
                # Every cell ended while it was made: nothing else would ask for the end test.
                await self._ask_for_totals(shop, job_id)

    async def _ask_for_totals(self, shop: str, job_id: str) -> None:
        message = CellsFinished(shop=shop, job_id=job_id, cells=[])
        await self._publisher.finished_event(topology.CELLS_FINISHED, message)

    async def _make(self, session: Session, job: Job, lease_no: int, first: int, batch: list[NewCell]) -> bool:
        await self._lease_holds(session, job.shop, lease_no)
        if not await self._jobs.touch_planning(session, job.shop, job.job_id):
            return False
        ids = {cell_id(job.shop, job.job_id, cell.key): cell for cell in batch}
        present = await self._cells.present(job.shop, list(ids), session)
        missing = [cell for this_id, cell in ids.items() if this_id not in present]
        if missing:
            await self._cells.make(session, job.shop, job.job_id, first, missing)
        return True

    async def _lease_holds(self, session: Session, shop: str, lease_no: int) -> None:
        if not await self._lease.extend(session, shop, lease_no):
            raise WriteConflict("the planning lease has passed to another planner")

    async def _publish_state(self, shop: str, job_id: str) -> None:
        job = await self._jobs.get(shop, job_id)
        if job is None:
            return
        if job.finished_event is FinishedEvent.DUE:
            await self._job_events.ended(job)
        else:
            await self._job_events.progress(job)

    async def _fail(self, job: Job, code: str, message: str) -> None:
        """End a job that cannot start, and publish it at once: others may be waiting for it."""
        if await self._jobs.fail(job.shop, job.job_id, code, message):
            await self._publish_state(job.shop, job.job_id)
