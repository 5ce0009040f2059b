"""What becomes of a missed webhook: repaired by a job where the policy allows it, or left to a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from ulid import ULID

from services.reconciler.sweeper.full_read import CELLS_PER_JOB, ask_for_repair, repair_request
from shared import metrics
from shared.domain.cell import CellKey, CellState
from shared.domain.comparison import CellClass, classify
from shared.domain.drift import DriftMode, RepairPolicy, breaker_reason, caught_up, hold
from shared.domain.stock import Stock
from shared.errors import TimeZoneUnknown
from shared.mongodb.drift.drift import MAX_TRIES, DriftStore
from shared.mongodb.drift.missed import LeftByJob, MissedOutcome, MissedState, MissedWebhook
from shared.mongodb.drift.sweeps import Breaker, SweepState, SweepStore
from shared.mongodb.jobs.cells.cell import cell_id
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.job import Job
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.stock.stock import StockStore
from shared.rabbitmq.publishing.publisher import Publisher
from shared.zones import zone_of

log = structlog.get_logger()

REQUESTED_BY = "sweeper"

FOLLOW = timedelta(seconds=5)
"""Between looks at a missed webhook whose repair is under way."""

STANDING = timedelta(seconds=60)
"""Between looks at one that waits for a person or for its time."""

LOST_AFTER = timedelta(minutes=2)
"""A job that is not known this long after it was asked for was never asked for: the process died in between."""

_BATCH = 500


class Repair:
    """Follows the missed webhooks of one shop and asks for their repair."""

    def __init__(
        self,
        *,
        drift: DriftStore,
        sweeps: SweepStore,
        stock: StockStore,
        jobs: JobStore,
        cells: CellStore,
        publisher: Publisher,
        grace: timedelta,
        follow: timedelta = FOLLOW,
    ) -> None:
        self._drift = drift
        self._sweeps = sweeps
        self._stock = stock
        self._jobs = jobs
        self._cells = cells
        self._publisher = publisher
        self._grace = grace
        self._follow_every = follow

    async def follow(self, shop: str) -> None:
        """Close what has been repaired or explained, and take back what a job left as it was."""
        while late := await self._drift.take_late(shop, _BATCH):
            for missed in late:
                metrics.DRIFT_DETECTED.labels(str(missed.cell_class), "late").inc()
                log.info("webhook_came_late", shop=shop, bom=missed.key.bom_id, location=missed.key.location_id)
        started = datetime.now(UTC)
        while due := await self._drift.due(shop, MissedState.MISSED, started, _BATCH):
            # First the jobs: what one of them has done by its end stands in what is read after it.
            known = await self._jobs.get_many(shop, [missed.job_id for missed in due if missed.job_id is not None])
            stock = await self._stock.load(shop, [missed.key for missed in due])
            repaired = await self._repaired(shop, due)
            for missed in due:
                cell = stock.get(missed.key)
                if cell is None or cell.item_id != missed.item_id:
                    await self._close(missed, MissedOutcome.GONE)
                elif _caught_up(cell.stock, missed):
                    unasked = MissedOutcome.LATE if missed.late else MissedOutcome.SETTLED
                    is_repaired = missed.drift_id in repaired
                    await self._close(missed, MissedOutcome.REPAIRED if is_repaired else unasked)
                else:
                    job = known.get(missed.job_id or "")
                    due_at, left = await self._standing(missed, job)
                    await self._drift.stands(missed, _class(cell.stock, missed.shopify), due_at=due_at, left=left)

    async def _repaired(self, shop: str, due: Sequence[MissedWebhook]) -> set[str]:
        """The ids of those whose job has updated their cell."""
        cells = {cell_id(shop, m.job_id, m.key): m.drift_id for m in due if m.job_id is not None}
        ended = await self._cells.ended(shop, list(cells))
        return {cells[cell.cell_id] for cell in ended if cell.state is CellState.UPDATED}

    async def _close(self, missed: MissedWebhook, outcome: MissedOutcome) -> None:
        if await self._drift.resolve(missed, outcome, now=datetime.now(UTC)) and missed.job_id is not None:
            metrics.DRIFT_REPAIRED.labels(str(missed.cell_class), str(outcome)).inc()

    async def _standing(self, missed: MissedWebhook, job: Job | None) -> tuple[datetime, LeftByJob | None]:
        """When to look again at one that is still open, and how its job has left it, where that is over."""
        now = datetime.now(UTC)
        if missed.job_id is None:
            read = missed.asked_at is not None and now - missed.asked_at < LOST_AFTER
            return now + (self._follow_every if read else max(STANDING, self._follow_every)), None
        asked = missed.asked_at or now
        if job is None and now - asked < LOST_AFTER:
            return now + self._follow_every, None
        if job is not None and not job.ended:
            return now + self._follow_every, None
        note = "the job was never asked for" if job is None else await self._left(missed.shop, missed.job_id, missed)
        tries = missed.tries + 1
        if tries >= MAX_TRIES:
            metrics.DRIFT_REPAIRED.labels(str(missed.cell_class), "failed").inc()
        return now, LeftByJob(tries, note)

    async def _left(self, shop: str, job_id: str, missed: MissedWebhook) -> str:
        """Why the job left the cell as it was."""
        for cell in await self._cells.ended(shop, [cell_id(shop, job_id, missed.key)]):
            return str(cell.code or cell.reason or cell.state)
        return "the job had no such cell"

    async def repair(self, state: SweepState) -> list[str]:
        """Open the breaker where it must, ask for the repair of what may be repaired; returns the jobs' ids."""
        shop = state.shop
        if await self._drift.open_missed(shop) == 0:
            if state.breaker is not None:
                await self._sweeps.close_breaker(shop)  # nothing is left to ask a person about
            return []
        jobs = await self._ask(shop, await self._drift.repairable(shop, approved=True, limit=CELLS_PER_JOB))
        await self._observe(shop, await self._drift.to_observe(shop, CELLS_PER_JOB))
        if await self._more_to_come(shop):
            return jobs
        broken = state.breaker is not None or await self._break(state)
        waiting = await self._drift.repairable(shop, approved=False, limit=CELLS_PER_JOB)
        uncounted = await self._drift.uncounted(shop, CELLS_PER_JOB)
        if not waiting and not uncounted:
            return jobs
        now = datetime.now(UTC)
        why = hold(
            state.policy,
            breaker_open=broken,
            minute=_minute(state.policy, now),
            jobs_in_last_hour=await self._sweeps.repairs_since(shop, now - timedelta(hours=1)),
        )
        if why is not None:
            await self._drift.hold([*waiting, *uncounted], why)
            return jobs
        # A cell without a count has nothing here that a read could change but its base.
        await self._observe(shop, uncounted)
        return jobs + await self._ask(shop, waiting)

    async def _observe(self, shop: str, evidence: Sequence[MissedWebhook]) -> None:
        """Of a cell that moved on both sides, approval takes over what was missed on top of what was changed here.

        A verifying read does it, as the webhook would have done: base and count move together. What was counted by
        hand stays, and stays to be seen as a difference.
        """
        if not evidence:
            return
        now = datetime.now(UTC)
        await self._stock.ask_verify(shop, [missed.key for missed in evidence])
        for missed in evidence:
            await self._drift.asked_to_read(missed, now=now, due_at=now + self._follow_every)
        log.info("missed_values_read", shop=shop, cells=len(evidence))

    async def _more_to_come(self, shop: str) -> bool:
        """Whether cells of the same look are about to be judged: the breaker must see them together.

        Bounded, because a cell that a long job holds is watched for as long as that takes.
        """
        now = datetime.now(UTC)
        soon, seen_after = now + self._grace / 4, now - 2 * self._grace
        return await self._drift.any_undecided(shop, due_before=soon, seen_after=seen_after)

    async def _break(self, state: SweepState) -> bool:
        """Open the breaker where too much has moved: logged once, in words for a person."""
        if state.policy.mode is not DriftMode.REPAIR:
            return False
        standing = await self._drift.unrepaired(state.shop)
        cells = await self._sweeps.cells(state.shop)
        reason = breaker_reason(state.policy, missed=standing.missed, cells=cells, largest_move=standing.largest_move)
        if reason is None:
            return False
        breaker = Breaker(reason, datetime.now(UTC), standing.missed, cells)
        if await self._sweeps.open_breaker(state.shop, breaker):
            log.warning("repair_stopped", shop=state.shop, reason=reason)
        return True

    async def _ask(self, shop: str, evidence: Sequence[MissedWebhook]) -> list[str]:
        """Link the evidence to a job, then ask for the job: a crash in between is found by `follow`."""
        if not evidence:
            return []
        job_id = str(ULID())
        now = datetime.now(UTC)
        keys: list[CellKey] = await self._drift.claim(shop, evidence, job_id, now=now)
        if not keys:
            return []
        request = repair_request(shop, keys, job_id, requested_by=REQUESTED_BY)
        await ask_for_repair(request, self._jobs, self._publisher)
        await self._drift.look_again(shop, [missed.drift_id for missed in evidence], now + self._follow_every)
        log.info("repair_asked", shop=shop, job=job_id, cells=len(keys))
        return [job_id]


def _class(stock: Stock, shopify: int) -> CellClass:
    """The class of a cell with the value that was missed."""
    if stock.unknown_outcome:
        return CellClass.BOTH_MOVED
    return classify(stock.base, stock.local, shopify, never_agreed=stock.never_agreed)


def _caught_up(stock: Stock, missed: MissedWebhook) -> bool:
    return caught_up(stock, missed.base_time, missed.shopify, missed.shopify_time)


def _minute(policy: RepairPolicy, now: datetime) -> int | None:
    """The minute of the day where the quiet hours are meant; None where their time zone is not known."""
    try:
        local = now.astimezone(UTC if policy.quiet is None else zone_of(policy.quiet.time_zone))
    except TimeZoneUnknown as error:
        log.warning("quiet_hours_unknown", reason=str(error))
        return None
    return local.hour * 60 + local.minute
