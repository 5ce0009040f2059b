"""`trueup jobs`: what has run, how one of them ended, and stopping or repeating one."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console

from services.command_line.client import Client
from services.command_line.documents import plain, print_document
from services.command_line.job_progress import standing
from services.command_line.job_summary import show_summary
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.reconcile_command import job_request, print_job, run_job
from services.command_line.tables import Column, show_table
from services.command_line.watching import job_has_ended
from services.preview.api.explained import pause_of
from shared.contract.messages import JobCancel
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.domain.job import JobSource, JobState
from shared.mongodb.collections import Document
from shared.rabbitmq.topology import JOB_CANCEL

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

_SHORT = {str(JobState.COMPLETED): "done", str(JobState.COMPLETED_WITH_ERRORS): "errors"}


async def list_jobs(client: Client, shop: str, *, most: int, as_json: bool, out: Console) -> Exit:
    """The newest jobs first."""
    page = await client.listings.jobs(shop, {}, None, most)
    if as_json:
        print_document({"shop": shop, "jobs": [plain(job) for job in page.items]})
        return Exit.OK
    if not page.items:
        out.print(f"{shop} has no jobs yet")
        return Exit.OK
    show_table(out, COLUMNS, [_line(job) for job in page.items])
    if page.after is not None:
        out.print("… and older ones: --rows N shows more")
    return Exit.OK


def _line(job: Document) -> tuple[str, ...]:
    totals = job["totals"]
    figures = (totals["total"], totals["updated"], totals["skipped"], totals["errors"])
    state = _SHORT.get(job["state"], job["state"])
    return (job["job_id"], _time(job["requested_at"]), job["direction"], state, *(str(n) for n in figures))


def _time(at: datetime) -> str:
    return f"{at:%m-%d %H:%M}"


async def the_job(client: Client, shop: str, job_id: str) -> Document:
    """A job's document. Raises WrongUseError."""
    job = await client.listings.job(shop, job_id)
    if job is None:
        raise WrongUseError(f"there is no job {job_id} of {shop}; trueup jobs --shop {shop} lists them")
    return job


async def show_job(client: Client, shop: str, job_id: str, *, as_json: bool, out: Console) -> Exit:
    """One job: its figures, and what failed with the sentence and the remedy."""
    job = await the_job(client, shop, job_id)
    if as_json:
        await print_job(client, job)
        return Exit.OK
    out.print(f"job {job_id} {job['direction']}, asked for by {job['requested_by'] or job['source']}", soft_wrap=True)
    out.print(standing(job))
    if job_has_ended(job):
        await show_summary(client, shop, job, out)
    elif (pause := pause_of(await client.shops.get(shop))) is not None:
        out.print(f"paused since {_time(pause.since)}: {pause.message} {pause.remedy}")
    return Exit.OK


async def cancel_job(client: Client, shop: str, job_id: str, *, as_json: bool, out: Console) -> Exit:
    """Ask for the job's end: what has not begun is cancelled."""
    job = await the_job(client, shop, job_id)
    if job_has_ended(job):
        raise WrongUseError(f"job {job_id} has ended already ({job['state']})")
    await client.publisher.command(JOB_CANCEL, JobCancel(shop=shop, job_id=job_id))
    if as_json:
        print_document({"shop": shop, "job_id": job_id, "cancel_requested": True})
    else:
        out.print(f"asked to cancel job {job_id}", soft_wrap=True)
    return Exit.OK


async def retry_job(client: Client, shop: str, job_id: str, *, watch: bool, as_json: bool, out: Console) -> Exit:
    """Run the failed cells of a job again, as a new job linked to it."""
    job = await client.jobs.get(shop, job_id)
    if job is None or not job_has_ended(job):
        raise WrongUseError(f"there is no ended job {job_id} of {shop} to repeat")
    if not job["totals"]["errors"]:
        raise WrongUseError(f"job {job_id} has no failed cells")
    request = job_request(
        shop,
        Direction(job["direction"]),
        SelectionBody(**job["selection"]),
        preview_id=job["preview_id"],
        source=JobSource.RETRY,
        of_job_id=job_id,
    )
    return await run_job(client, request, watch=watch, as_json=as_json, out=out)
