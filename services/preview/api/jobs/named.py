"""The job that a path names."""

from __future__ import annotations

from typing import Any

from services.preview.api.http.responses.problem import ProblemError, conflict, unknown
from services.preview.api.http.route import Call
from shared.mongodb.jobs.job import Job, WholeJob


async def known_job(call: Call[Any, Any], job_id: str) -> Job:
    """The job. Raises ProblemError (404)."""
    job = await call.deps.listings.job(call.shop, job_id)
    if job is None:
        raise _no_such_job(job_id)
    return job


def _no_such_job(job_id: str) -> ProblemError:
    return unknown("path.job_id", f"There is no job {job_id}.", "See GET /api/jobs.")


async def ended_job(call: Call[Any, Any], what: str) -> WholeJob:
    """The job, which has ended, as `what` needs it. Raises ProblemError (404, 409)."""
    job = await call.deps.jobs.get_whole(call.shop, call.params.job_id)
    if job is None:
        raise _no_such_job(call.params.job_id)
    if not job.ended:
        remedy = "Wait until it has ended, or cancel it."
        raise conflict("job-unfinished", "path.job_id", f"The job is {job.state}; {what} needs an ended one.", remedy)
    return job
