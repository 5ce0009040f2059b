"""`trueup jobs`: what has run."""

from __future__ import annotations

from services.command_line.connections.stores import Records
from services.command_line.outcome import Exit
from services.command_line.terminal.documents import job_document, paused_document, print_json
from services.command_line.terminal.job_status import holding, job_has_ended, short_time
from services.command_line.terminal.tables import Column, console, show_table
from shared.domain.job import JobState
from shared.mongodb.jobs.job import ANY_JOB, Job

COLUMNS = (
    Column("Job"),
    Column("Requested"),
    Column("Direction"),
    Column("State"),
    Column("All", "number"),
    Column("Upd", "number"),
    Column("Skip", "number"),
    Column("Err", "number"),
)

_SHORT = {JobState.COMPLETED: "done", JobState.COMPLETED_WITH_ERRORS: "errors"}


async def list_jobs(records: Records, shop: str, *, limit: int, as_json: bool) -> Exit:
    """The newest jobs first."""
    page = await records.listings.jobs(shop, ANY_JOB, None, limit)
    if as_json:
        paused = paused_document(await records.shops.get(shop))
        print_json({"shop": shop, **paused, "jobs": [job_document(job) for job in page.items]})
        return Exit.OK
    out = console()
    if not page.items:
        out.print(f"{shop} has no jobs yet")
        return Exit.OK
    show_table(out, COLUMNS, [_line(job) for job in page.items])
    open_jobs = [job for job in page.items if not job_has_ended(job)]
    known = await records.shops.get(shop) if open_jobs else None
    if (reason := holding(None, known)) is not None:
        out.print(reason, soft_wrap=True)
    else:
        for job in open_jobs:
            if (reason := holding(job, known)) is not None:
                out.print(f"{job.job_id} {reason}", soft_wrap=True)
    if page.after is not None:
        out.print("… and older ones: --rows N shows more")
    return Exit.OK


def _line(job: Job) -> tuple[str, ...]:
    totals = job.totals
    figures = (totals.total, totals.updated, totals.skipped, totals.errors)
    state = _SHORT.get(job.state, job.state)
    return (job.job_id, short_time(job.requested_at), job.direction, state, *(str(n) for n in figures))
