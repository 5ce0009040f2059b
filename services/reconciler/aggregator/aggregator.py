"""Gathering results: totals derived at most once a second per job, the end published until it is confirmed.

Deriving the totals sums the tallies of the job, one for each batch that has ended, so it costs little. A job of which
an earlier build has ended cells is counted, all its cells: so the next derivation waits a multiple of what the last one
took. The window is refilled meanwhile: that reads open cells only.
"""

from __future__ import annotations

import asyncio
from time import monotonic

import structlog

from services.reconciler.jobs.job_events import JobEvents
from services.reconciler.jobs.window import Window
from shared.contract.messages import CellsFinished
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.totals.job_totals import JobTotals
from shared.rabbitmq.consuming.delivery import Delivery

log = structlog.get_logger()

REFRESH_EVERY = 1.0
"""Least seconds between two derivations of one job's totals."""

REFILL_EVERY = 0.1
"""Least seconds between two refills of a job's window, which holds what some batches take in this time."""

DERIVING_SHARE = 0.2
"""Derivations of one job take at most this share of the time."""


class Aggregator:
    """Handles `cells.finished`: derives the totals, refills the window, ends the job."""

    def __init__(self, totals: JobTotals, cells: CellStore, window: Window, job_events: JobEvents) -> None:
        self._totals = totals
        self._cells = cells
        self._window = window
        self._job_events = job_events
        self._due: dict[tuple[str, str], float] = {}
        self._refill_due: dict[tuple[str, str], float] = {}
        self._later: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._refilling: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def on_finished(self, delivery: Delivery) -> None:
        """Some cells have ended. Repeats and losses do no harm: the documents are counted, not the messages."""
        message = delivery.read(CellsFinished)
        key = (message.shop, message.job_id)
        wait = self._due.get(key, 0.0) - monotonic()
        # The last cells end the job at once, however short ago the totals were derived.
        if wait <= 0 or not await self._cells.any_open(*key):
            await self.refresh(*key)
            return
        if key not in self._later:
            self._later[key] = asyncio.create_task(self._refresh_later(key, wait))
        await self._refill_soon(key)

    async def _refresh_later(self, key: tuple[str, str], seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            self._later.pop(key, None)
        try:
            await self.refresh(*key)
        except Exception:  # the watchdog runs the same test on every unfinished job
            log.exception("job_not_refreshed", shop=key[0], job=key[1])

    async def refresh(self, shop: str, job_id: str) -> None:
        """Derive the totals; end the job, or publish its next cells and how far it is."""
        key = (shop, job_id)
        began = monotonic()
        self._due[key] = began + REFRESH_EVERY
        job = await self._totals.refresh(shop, job_id)
        if job is None or job.ended:
            self._due.pop(key, None)
            self._refill_due.pop(key, None)
            if job is not None:
                await self._job_events.ended(job)
            return
        taken = monotonic() - began
        self._due[key] = began + max(REFRESH_EVERY, taken / DERIVING_SHARE)
        await self._refill(shop, job_id)
        await self._job_events.progress(job)

    async def _refill_soon(self, key: tuple[str, str]) -> None:
        """Refill the window, now or as soon as the least time has passed: batches often end close together."""
        wait = self._refill_due.get(key, 0.0) - monotonic()
        if wait <= 0:
            await self._refill(*key)
        elif key not in self._refilling:
            self._refilling[key] = asyncio.create_task(self._refill_later(key, wait))

    async def _refill_later(self, key: tuple[str, str], seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            self._refilling.pop(key, None)
        if key not in self._due:
            return  # the job has ended
        try:
            await self._refill(*key)
        except Exception:  # the next derivation refills it, or the watchdog
            log.exception("window_not_refilled", shop=key[0], job=key[1])

    async def _refill(self, shop: str, job_id: str) -> None:
        self._refill_due[shop, job_id] = monotonic() + REFILL_EVERY
        await self._window.refill(shop, job_id)

    async def stop(self) -> None:
        """Let pending derivations go: the watchdog of another process, or the next start, makes up for them."""
        tasks = [*self._later.values(), *self._refilling.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
