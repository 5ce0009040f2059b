"""`trueup jobs`: what has run and what runs, and a person's say in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.command_line.commands.runs.watching import print_job, watch_job
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.confirmation import confirm
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.downloads import saved
from services.command_line.terminal.lists import Listed, short_time, show_listed
from services.command_line.terminal.runs import ended, holding, show_summary, status
from services.command_line.terminal.tables import Column, console, number, show_table
from shared.domain.job import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from services.command_line.api.client import Api, Json

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
UNDONE = (
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Shopify"),
    Column("Local"),
    Column("Why not"),
)

_SHORT = {JobState.COMPLETED: "done", JobState.COMPLETED_WITH_ERRORS: "errors"}
_SHOWN = 100


async def list_jobs(api: Api, *, rows: int, as_json: bool, **wanted: object) -> Exit:
    """The newest first."""
    listed = await Listed.read(api, "/api/jobs", rows, **wanted)
    code = await show_listed(listed, COLUMNS, _line, nothing=f"{api.shop} has no such jobs", as_json=as_json)
    if not as_json:
        await _show_waits(api)
    return code


async def _show_waits(api: Api) -> None:
    """What holds those that have not ended; a pause of the shop holds all of them."""
    out = console()
    for job in (await api.get("/api/jobs", open=True, limit=20))["items"]:
        if (reason := holding(job)) is not None:
            out.print(reason if job["paused"] else f"{job['job_id']} {reason}")
            if job["paused"]:
                return


def _line(job: Json) -> Sequence[str]:
    totals = job["totals"]
    figures = (number(totals[name]) for name in ("total", "updated", "skipped", "errors"))
    state = _SHORT.get(job["state"], job["state"])
    return (job["job_id"], short_time(job["requested_at"]), job["direction"], state, *figures)


async def show_job(api: Api, job_id: str, *, as_json: bool) -> Exit:
    """One job: its figures, and what failed with the sentence and the remedy."""
    job = await api.get(f"/api/jobs/{job_id}")
    if as_json:
        await print_job(api, job)
        return Exit.OK
    out = console()
    out.print(f"job {job_id} {job['direction']}, asked for by {job['requested_by'] or job['source']}")
    out.print(status(job))
    for note in job["notes"]:
        out.print(f"note of {short_time(note['at'])} by {note['who']}: {note['text']}")
    if ended(job):
        await show_summary(api, job, out)
    return Exit.OK


async def watch(api: Api, job_id: str, *, as_json: bool) -> Exit:
    """Follow a run to its end, or say how it has ended."""
    return await watch_job(api, job_id, as_json=as_json)


async def cancel_job(api: Api, job_id: str, *, as_json: bool) -> Exit:
    """Ask for the job's end: what has not begun is cancelled."""
    job = await api.post(f"/api/jobs/{job_id}/cancel")
    if as_json:
        print_json(job)
    else:
        console().print(f"asked to cancel job {job_id}")
    return Exit.OK


async def retry_job(api: Api, job_id: str, *, not_compared: bool, mended: bool, watching: bool, as_json: bool) -> Exit:
    """Run the failed cells of a job again, as a new job linked to it."""
    retried = await api.post(f"/api/jobs/{job_id}/retry", {"with_not_compared": not_compared, "mended": mended})
    out = console()
    if not as_json:
        for code in retried["left_behind_codes"]:
            out.print(f"left behind: {code['code']} ({code['count']}): {code['message'] or ''} {code['remedy'] or ''}")
    return await _begun(api, retried["job"], watching=watching, as_json=as_json)


async def undo_job(api: Api, job_id: str, *, yes: bool, watching: bool, as_json: bool) -> Exit:
    """Show what an undo would do, ask, and have it done."""
    page = await api.get(f"/api/jobs/{job_id}/undo", limit=_SHOWN)
    if not page["total"]:
        raise WrongUseError(f"JOB: job {job_id} has changed nothing, so there is nothing to undo")
    if not as_json:
        _show_undo(page)
    confirm(f"Undo job {job_id}?", yes=yes)
    return await _begun(api, await api.post(f"/api/jobs/{job_id}/undo", {}), watching=watching, as_json=as_json)


def _show_undo(page: Json) -> None:
    out = console()
    lines = [
        (
            cell["bom_name"] or cell["bom_id"],
            cell["location_name"] or cell["location_id"],
            _step(cell["shopify_now"], cell["shopify_then"]),
            _step(cell["local_now"], cell["local_then"]),
            "" if cell["possible"] else cell["code"] or cell["reason"] or "",
        )
        for cell in page["items"]
    ]
    show_table(out, UNDONE, lines)
    if page["total"] > len(lines):
        out.print(f"… and {page['total'] - len(lines)} more")
    known = "" if page["possible"] is None else f": {page['possible']} can be undone, {page['impossible']} cannot"
    out.print(f"{page['total']} cells were changed{known}")


def _step(now: int | None, then: int | None) -> str:
    return number(now) if now == then else f"{number(now)} -> {number(then)}"


async def _begun(api: Api, job: Json, *, watching: bool, as_json: bool) -> Exit:
    """What a command says of the run it has asked for."""
    job_id = job["job_id"]
    if watching:
        if not as_json:
            console().print(f"job {job_id}")
        return await watch_job(api, job_id, as_json=as_json)
    if as_json:
        print_json(job)
    else:
        console().print(job_id)
    return Exit.OK


async def note_job(api: Api, job_id: str, text: str, *, as_json: bool) -> Exit:
    """Write a note that stays with the job."""
    job = await api.post(f"/api/jobs/{job_id}/notes", {"text": text})
    if as_json:
        print_json(job)
    else:
        console().print(f"noted of job {job_id}")
    return Exit.OK


async def export_jobs(api: Api, job_id: str | None, file: Path | None) -> Exit:
    """The cells of a job, or the history, as CSV."""
    path = "/api/history/export.csv" if job_id is None else f"/api/jobs/{job_id}/export.csv"
    with saved(file) as write:
        await api.download(path, write)
    return Exit.OK
