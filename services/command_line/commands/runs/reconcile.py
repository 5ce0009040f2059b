"""`trueup reconcile`: ask for a job as any client does, and, where wanted, watch it to its end."""

from __future__ import annotations

from rich.console import Console
from ulid import ULID

from services.command_line.commands.runs.service_requests import ask_for_job
from services.command_line.connections.client import Client
from services.command_line.outcome import REQUESTED_BY, Exit
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.job_progress import watch_job
from services.command_line.terminal.job_status import job_has_ended
from services.command_line.terminal.job_summary import print_job, show_summary
from services.command_line.terminal.watch import end_of, follow, listening
from shared.contract.messages import JobOptions, JobRequest
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.domain.job import JobSource, JobState
from shared.mongodb.jobs.job import Job


def job_request(
    shop: str,
    direction: Direction,
    selection: SelectionBody,
    *,
    preview_id: str | None = None,
    source: JobSource = JobSource.API,
    of_job_id: str | None = None,
    options: JobOptions | None = None,
) -> JobRequest:
    """The message that asks for a job, under a new id."""
    return JobRequest(
        shop=shop,
        job_id=str(ULID()),
        direction=direction,
        selection=selection,
        preview_id=preview_id,
        source=source,
        of_job_id=of_job_id,
        requested_by=REQUESTED_BY,
        options=options or JobOptions(),
    )


async def run_job(client: Client, request: JobRequest, *, watch: bool, as_json: bool, out: Console) -> Exit:
    """Publish the request; print its id, or watch the job and print how it ended."""
    async with listening(client.consumer, request.shop, request.job_id) as wake:
        await ask_for_job(client, request)
        await client.note(
            "job.retry" if request.source is JobSource.RETRY else "job.start", request.shop, request.job_id
        )
        if not watch:
            if as_json:
                print_json({"shop": request.shop, "job_id": request.job_id})
            else:
                out.print(request.job_id, soft_wrap=True)
            return Exit.OK
        if not as_json:
            out.print(f"job {request.job_id}", soft_wrap=True)
            job = await watch_job(client, request.shop, request.job_id, wake, out)
            await show_summary(client, request.shop, job, out)
            return exit_of(job)
        states = follow(wake, lambda: client.listings.job(request.shop, request.job_id), job_has_ended)
        job = await end_of(states)
    await print_job(client, job)
    return exit_of(job)


def exit_of(job: Job) -> Exit:
    """0 where every cell went through; a job cancelled on purpose has failed nothing."""
    failed = job.totals.errors or job.state is JobState.FAILED
    return Exit.CELLS_FAILED if failed else Exit.OK
