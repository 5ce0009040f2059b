"""Where a job stands, and whether it is over."""

from __future__ import annotations

from datetime import datetime

from shared.domain.job import UNFINISHED_JOB_STATES, Totals
from shared.mongodb.collections import Document

_OPEN_JOBS = frozenset(str(state) for state in UNFINISHED_JOB_STATES)


def job_has_ended(job: Document) -> bool:
    """Whether a job is over."""
    return job["state"] not in _OPEN_JOBS


def figures(totals: Totals) -> str:
    """The ended cells by outcome."""
    parts = [f"updated {totals.updated}", f"skipped {totals.skipped}", f"errors {totals.errors}"]
    if totals.cancelled:
        parts.append(f"cancelled {totals.cancelled}")
    return ", ".join(parts)


def standing(job: Document) -> str:
    """Where a job stands, on one line."""
    totals = Totals(**job["totals"])
    if job["state"] == "waiting":
        return f"waiting for job {job['waits_for']}"
    if job["planned"] is None:
        return str(job["state"])
    return f"{job['state']}: {totals.ended} of {job['planned']} cells; {figures(totals)}"


def short_time(at: datetime) -> str:
    """A moment without its year."""
    return f"{at:%m-%d %H:%M}"
