"""Telling of jobs: progress is a courtesy, the end is told until the broker has confirmed it."""

from __future__ import annotations

import structlog

from shared import metrics
from shared.contract.messages import JobFinished, JobProgress
from shared.domain.codes import Code
from shared.domain.job import JobState
from shared.errors import BrokerUnavailable
from shared.mongodb.jobs.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.schema import Document
from shared.rabbitmq import topology
from shared.rabbitmq.publisher import Publisher

log = structlog.get_logger()


class JobEvents:
    """Publishes what a job document says."""

    def __init__(self, jobs: JobStore, cells: CellStore, publisher: Publisher) -> None:
        self._cells = cells
        self._jobs = jobs
        self._publisher = publisher

    async def progress(self, job: Document) -> None:
        """The job as it stands. A lost event loses nothing: the document says the same."""
        try:
            await self._publisher.event(topology.JOB_PROGRESS, JobProgress(**_said(job)))
        except BrokerUnavailable:
            log.info("progress_not_told", shop=job["shop"], job=job["job_id"])

    async def ended(self, job: Document) -> None:
        """A job has just ended."""
        log.info("job_ended", shop=job["shop"], job=job["job_id"], state=job["state"], **job["totals"])
        await self.finished(job)

    async def finished(self, job: Document) -> None:
        """Publish `job.finished`, and note that it was confirmed; without the confirm the flag stays.

        Whoever notes it counts the job, so that one cancelled by its state alone is counted, too, and each one once.
        Cells that were made for a job that never started go first: they would keep every other job off themselves.
        """
        if job["planned"] is None:
            await self._cells.remove(job["shop"], job["job_id"])
        try:
            await self._publisher.finished_event(topology.JOB_FINISHED, JobFinished(**_said(job)))
        except BrokerUnavailable:
            log.warning("job_finished_not_told", shop=job["shop"], job=job["job_id"])
            return
        refused = (job["failure"] or {}).get("code") == Code.TOO_MANY_JOBS
        # What a shop's limit has refused is counted as such; an alert is about jobs that failed.
        if await self._jobs.finished_sent(job["shop"], job["job_id"]) and not refused:
            metrics.JOBS.labels(job["source"], job["direction"], job["state"]).inc()
            seconds = (job["finished_at"] - job["requested_at"]).total_seconds()
            metrics.JOB_SECONDS.labels(job["direction"]).observe(seconds)


def _said(job: Document) -> Document:
    return {
        "shop": job["shop"],
        "job_id": job["job_id"],
        "state": JobState(job["state"]),
        "totals": job["totals"],
        "waits_for": job["waits_for"],
    }
