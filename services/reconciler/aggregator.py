"""Gathering results: totals derived at most once a second per job, the end told until it is confirmed."""

from __future__ import annotations

import asyncio
from time import monotonic

import structlog
from pydantic import ValidationError

from services.reconciler.window import Window
from shared import metrics
from shared.contract.messages import CellsFinished, JobFinished, JobProgress
from shared.domain.job import UNFINISHED_JOB_STATES, JobState
from shared.errors import BrokerUnavailable
from shared.mongodb.collections import Document
from shared.mongodb.jobs import JobStore
from shared.rabbitmq import topology
from shared.rabbitmq.consumer import Delivery, Reject
from shared.rabbitmq.publisher import Publisher

log = structlog.get_logger()

REFRESH_EVERY = 1.0
"""Seconds between two derivations of one job's totals."""


class Aggregator:
    """Handles `cells.finished`: derives the totals, refills the window, ends the job."""

    def __init__(self, jobs: JobStore, window: Window, publisher: Publisher) -> None:
        self._jobs = jobs
        self._window = window
        self._publisher = publisher
        self._last: dict[tuple[str, str], float] = {}
        self._later: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def on_finished(self, delivery: Delivery) -> None:
        """Some cells have ended. Repeats and losses do no harm: the documents are counted, not the messages."""
        try:
            message = CellsFinished.model_validate_json(delivery.body)
        except ValidationError as error:
            raise Reject(f"{delivery.key}: {error.errors(include_url=False, include_input=False)}") from None
        key = (message.shop, message.job_id)
        waited = monotonic() - self._last.get(key, float("-inf"))
        if waited >= REFRESH_EVERY:
            await self.refresh(*key)
        elif key not in self._later:
            self._later[key] = asyncio.create_task(self._refresh_later(key, REFRESH_EVERY - waited))

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
        """Derive the totals; end the job, or publish its next cells and tell how far it is."""
        self._last[shop, job_id] = monotonic()
        job = await self._jobs.refresh(shop, job_id)
        if job is None:
            self._last.pop((shop, job_id), None)
            return
        if JobState(job["state"]) not in UNFINISHED_JOB_STATES:
            self._last.pop((shop, job_id), None)
            await self._ended(job)
            return
        await self._window.refill(shop, job_id)
        await self.tell_progress(job)

    async def tell_progress(self, job: Document) -> None:
        """Publish `job.progress`."""
        shop, job_id = job["shop"], job["job_id"]
        try:
            await self._publisher.event(
                topology.JOB_PROGRESS,
                JobProgress(shop=shop, job_id=job_id, state=JobState(job["state"]), totals=job["totals"]),
            )
        except BrokerUnavailable:
            log.info("progress_not_told", shop=shop, job=job_id)  # the document says the same

    async def _ended(self, job: Document) -> None:
        metrics.JOBS.labels(job["source"], job["direction"], job["state"]).inc()
        seconds = (job["finished_at"] - job["requested_at"]).total_seconds()
        metrics.JOB_SECONDS.labels(job["direction"]).observe(seconds)
        log.info("job_ended", shop=job["shop"], job=job["job_id"], state=job["state"], **job["totals"])
        await self.tell_finished(job)

    async def tell_finished(self, job: Document) -> None:
        """Publish `job.finished` and note that it was confirmed; without the confirm the flag stays."""
        message = JobFinished(
            shop=job["shop"], job_id=job["job_id"], state=JobState(job["state"]), totals=job["totals"]
        )
        try:
            await self._publisher.finished_event(topology.JOB_FINISHED, message)
        except BrokerUnavailable:
            log.warning("job_finished_not_told", shop=job["shop"], job=job["job_id"])
            return
        await self._jobs.finished_sent(job["shop"], job["job_id"])

    async def stop(self) -> None:
        """Let pending derivations go: the watchdog of another process, or the next start, makes up for them."""
        for task in self._later.values():
            task.cancel()
        await asyncio.gather(*self._later.values(), return_exceptions=True)
