"""`trueup jobs cancel` and `trueup jobs retry`: stopping a job, or repeating what failed of it."""

from __future__ import annotations

from rich.console import Console

from services.command_line.commands.runs.job import the_job
from services.command_line.commands.runs.reconcile import job_request, run_job
from services.command_line.commands.runs.service_requests import ask_to_cancel
from services.command_line.connections.client import Client
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.job_status import job_has_ended
from shared.domain.job import JobSource


async def cancel_job(client: Client, shop: str, job_id: str, *, as_json: bool, out: Console) -> Exit:
    """Ask for the job's end: what has not begun is cancelled."""
    job = await the_job(client, shop, job_id)
    if job_has_ended(job):
        raise WrongUseError(f"job {job_id} has ended already ({job.state})")
    await ask_to_cancel(client, shop, job_id)
    await client.note("job.cancel", shop, job_id)
    if as_json:
        print_json({"shop": shop, "job_id": job_id, "cancel_requested": True})
    else:
        out.print(f"asked to cancel job {job_id}", soft_wrap=True)
    return Exit.OK


async def retry_job(client: Client, shop: str, job_id: str, *, watch: bool, as_json: bool, out: Console) -> Exit:
    """Run the failed cells of a job again, as a new job linked to it."""
    job = await client.jobs.get_whole(shop, job_id)
    if job is None or not job_has_ended(job):
        raise WrongUseError(f"there is no ended job {job_id} of {shop} to repeat")
    if not job.totals.errors:
        raise WrongUseError(f"job {job_id} has no failed cells")
    request = job_request(
        shop,
        job.direction,
        await client.jobs.selection(job),
        preview_id=job.preview_id,
        source=JobSource.RETRY,
        of_job_id=job_id,
    )
    return await run_job(client, request, watch=watch, as_json=as_json, out=out)
