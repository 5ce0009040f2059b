"""Events of jobs: progress is a courtesy, the end is published until the broker has confirmed it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TypeVar

import structlog

from shared import metrics
from shared.contract.messages import JobFinished, JobProgress
from shared.domain.words.codes import Code
from shared.errors import BrokerUnavailable
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.job import Job
from shared.mongodb.jobs.jobs import JobStore
from shared.rabbitmq import topology
from shared.rabbitmq.publishing.publisher import Publisher

log = structlog.get_logger()

ProgressT = TypeVar("ProgressT", bound=JobProgress)


class JobEvents:
    """Publishes what a job's record says."""

    def __init__(self, jobs: JobStore, cells: CellStore, publisher: Publisher) -> None:
        self._cells = cells
        self._jobs = jobs
        self._publisher = publisher

    async def progress(self, job: Job) -> None:
        """The job as it stands. A lost event loses nothing: the document says the same."""
        try:
            await self._publisher.event(topology.JOB_PROGRESS, _said(JobProgress, job))
        except BrokerUnavailable:
            log.info("progress_not_published", shop=job.shop, job=job.job_id)

    async def ended(self, job: Job) -> None:
        """A job has just ended."""
        log.info("job_ended", shop=job.shop, job=job.job_id, state=job.state, **asdict(job.totals))
        await self.finished(job)

    async def finished(self, job: Job) -> None:
        """Publish `job.finished`, and note that it was confirmed; without the confirm the flag stays.

        Whoever notes it counts the job, so that one cancelled by its state alone is counted, too, and each one once.
        Cells that were made for a job that never started go first: they would keep every other job off themselves.
        """
        if job.planned is None:
            await self._cells.remove(job.shop, job.job_id)
        try:
            await self._publisher.finished_event(topology.JOB_FINISHED, _said(JobFinished, job))
        except BrokerUnavailable:
            log.warning("job_finished_not_published", shop=job.shop, job=job.job_id)
            return
        refused = job.failure is not None and job.failure.code == Code.TOO_MANY_JOBS
        # What a shop's limit has refused is counted as such; an alert is about jobs that failed.
        if await self._jobs.finished_sent(job.shop, job.job_id) and not refused:
            metrics.JOBS.labels(job.source, job.direction, job.state).inc()
            if job.finished_at is not None:
                seconds = (job.finished_at - job.requested_at).total_seconds()
                metrics.JOB_SECONDS.labels(job.direction).observe(seconds)


def _said(form: type[ProgressT], job: Job) -> ProgressT:
    return form(shop=job.shop, job_id=job.job_id, state=job.state, totals=asdict(job.totals), waits_for=job.waits_for)
