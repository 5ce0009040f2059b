"""Where a job stands, and whether it is over."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.domain.job import JobState, Totals
from shared.mongodb.jobs.job import Job
from shared.mongodb.shops.shops import Shop


def job_has_ended(job: Job) -> bool:
    """Whether a job is over."""
    return job.ended


def figures(totals: Totals) -> str:
    """The ended cells by outcome."""
    parts = [f"updated {totals.updated}", f"skipped {totals.skipped}", f"errors {totals.errors}"]
    if totals.cancelled:
        parts.append(f"cancelled {totals.cancelled}")
    return ", ".join(parts)


def job_status(job: Job, shop: Shop | None = None) -> str:
    """Where a job stands, on one line; where it does not go on now, also why. `shop` as it is stored."""
    reason = None if job_has_ended(job) else holding(job, shop)
    return _figures_of(job) + ("" if reason is None else f"; {reason}")


def holding(job: Job | None, shop: Shop | None) -> str | None:
    """Why an unfinished job does not go on now, in a sentence with the remedy; None: nothing holds it.

    Without a job: why none of the shop goes on.
    """
    if shop is not None and (pause := shop.pause) is not None:
        return f"paused since {short_time(pause.since)}: {pause.message} {pause.remedy}"
    if job is not None and job.held is not None and (wait := job.held.wait(datetime.now(UTC))) is not None:
        return f"waits until {wait.until:%H:%M:%S}: {wait.message}"
    return None


def _figures_of(job: Job) -> str:
    if job.state is JobState.WAITING:
        return f"waiting for job {job.waits_for}"
    if job.planned is None:
        return str(job.state)
    return f"{job.state}: {job.totals.ended} of {job.planned} cells; {figures(job.totals)}"


def short_time(at: datetime) -> str:
    """A moment without its year."""
    return f"{at:%m-%d %H:%M}"
