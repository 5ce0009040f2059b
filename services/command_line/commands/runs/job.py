"""`trueup jobs ID`: where one job stands, or how it ended."""

from __future__ import annotations

from services.command_line.connections.stores import Records
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.job_status import holding, job_has_ended, job_status
from services.command_line.terminal.job_summary import print_job, show_summary
from services.command_line.terminal.tables import console
from shared.mongodb.jobs.job import Job


async def the_job(records: Records, shop: str, job_id: str) -> Job:
    """A job. Raises WrongUseError."""
    job = await records.listings.job(shop, job_id)
    if job is None:
        raise WrongUseError(f"there is no job {job_id} of {shop}; trueup jobs --shop {shop} lists them")
    return job


async def show_job(records: Records, shop: str, job_id: str, *, as_json: bool) -> Exit:
    """One job: its figures, and what failed with the sentence and the remedy."""
    job = await the_job(records, shop, job_id)
    if as_json:
        await print_job(records, job)
        return Exit.OK
    out = console()
    out.print(f"job {job_id} {job.direction}, asked for by {job.requested_by or job.source}", soft_wrap=True)
    out.print(job_status(job))
    if job_has_ended(job):
        await show_summary(records, shop, job, out)
    elif (reason := holding(job, await records.shops.get(shop))) is not None:
        out.print(reason, soft_wrap=True)
    return Exit.OK
