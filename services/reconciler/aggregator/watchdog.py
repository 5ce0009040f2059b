"""The watchdog: what a lost message, a crash or a broker's restart left behind is taken up again from the documents."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import structlog

from services.reconciler.aggregator.aggregator import Aggregator
from services.reconciler.jobs.job_events import JobEvents
from services.reconciler.jobs.window import Window
from services.reconciler.planner.planner import Planner
from shared import metrics
from shared.domain.job import UNFINISHED_JOB_STATES, JobState
from shared.domain.words.pauses import PAUSES
from shared.domain.words.waits import WaitReason
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.jobs import OF_PAUSED_SHOP, JobStore
from shared.mongodb.shops.shops import ShopStore
from shared.running.work_pool import WorkPool

log = structlog.get_logger()

EVERY = 5.0
"""Seconds between rounds."""

PAUSE_REASONS = tuple(PAUSES)
"""Shown also while no shop has them (`ShopPaused`)."""

SHOPS_AT_ONCE = 8
"""Shops planned side by side."""

SILENT_AFTER = timedelta(seconds=60)
"""A cell published this long ago and still open is published again."""


class Watchdog:
    """Runs beside the planner and the aggregator."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        cells: CellStore,
        shops: ShopStore,
        planner: Planner,
        aggregator: Aggregator,
        job_events: JobEvents,
        window: Window,
        silent_after: timedelta = SILENT_AFTER,
    ) -> None:
        self._jobs = jobs
        self._cells = cells
        self._shops = shops
        self._planner = planner
        self._aggregator = aggregator
        self._job_events = job_events
        self._window = window
        self._silent_after = silent_after
        self._planning = WorkPool(SHOPS_AT_ONCE)

    async def finish(self) -> None:
        """Cancel the planning under way."""
        await self._planning.finish()

    async def round(self) -> None:
        """Plan what waits, refill what is silent, end what is done, publish what was not confirmed.

        Each part and each job for itself: one that fails must not keep the others waiting.
        """
        await self._try("measure", self._measure())
        # Making a large job's cells takes long, so nobody waits for it here; the next round plans what found no slot.
        for shop in await self._jobs.shops_with([JobState.REQUESTED, JobState.WAITING]):
            if self._planning.free > 0 and shop not in self._planning.busy:
                self._planning.begin(shop, self._try("plan", self._planner.plan(shop), shop=shop))
        for shop, job_id in await self._jobs.running():
            await self._try("wake", self._wake(shop, job_id), shop=shop, job=job_id)
        async for job in self._jobs.finished_due():
            await self._try("tell", self._job_events.finished(job), shop=job.shop, job=job.job_id)

    async def _try(self, part: str, work: Awaitable[None], **about: str) -> None:
        try:
            await work
        except Exception:  # the next round tries again
            log.exception("watchdog_part_failed", part=part, **about)

    async def _wake(self, shop: str, job_id: str) -> None:
        document = await self._shops.get(shop)
        if await self._jobs.cancel_requested(shop, job_id):
            # The message that asked for it may have been lost between the flag and the cells.
            await self._cells.cancel_pending(shop, job_id)
        if document is not None and document.status == "active":
            silent = await self._cells.unclaim_silent(shop, job_id, self._silent_after)
            published = await self._window.refill(shop, job_id)
            if silent:
                metrics.WATCHDOG_REPUBLISHED.labels("cells").inc(published)
                log.warning("cells_published_again", shop=shop, job=job_id, silent=silent, published=published)
        if not await self._cells.any_open(shop, job_id):
            await self._aggregator.refresh(shop, job_id)
        elif (document is not None and document.status == "paused") or await self._jobs.is_held(shop, job_id):
            await self._publish_held(shop, job_id)

    async def _publish_held(self, shop: str, job_id: str) -> None:
        """Nothing moves in a job that waits, so nothing else would say why to those who watch it."""
        job = await self._jobs.get(shop, job_id)
        if job is not None:
            await self._job_events.progress(job)

    async def _measure(self) -> None:
        # Everything is asked for before anything is shown: a scrape in between sees the last figures, not a gap.
        domains = await self._shops.paused_domains()
        jobs, held = await self._jobs.open_by_state(domains), await self._jobs.held_by_reason(domains)
        paused = await self._shops.paused_by_reason()
        now = datetime.now(UTC)
        numbers = dict.fromkeys((*map(str, UNFINISHED_JOB_STATES), OF_PAUSED_SHOP), 0)
        ages = dict.fromkeys(numbers, 0.0)
        for state, number, oldest in jobs:
            numbers[state], ages[state] = number, (now - oldest).total_seconds()
        metrics.JOBS_OPEN.record({(state,): number for state, number in numbers.items()})
        metrics.JOB_OLDEST.record({(state,): age for state, age in ages.items()})
        metrics.SHOPS_PAUSED.record(
            {(reason,): number for reason, number in (dict.fromkeys(PAUSE_REASONS, 0) | paused).items()}
        )
        metrics.JOBS_HELD.record({(str(reason),): held.get(reason, 0) for reason in WaitReason})
