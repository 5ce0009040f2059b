"""/api/jobs: start a job, watch it, read its cells, cancel it."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from services.preview.api.http.responses.csv import table
from services.preview.api.http.responses.pages import read_cursor, write_cursor
from services.preview.api.http.responses.problem import conflict
from services.preview.api.http.responses.sse import State, stream
from services.preview.api.http.route import Answer, AnyRoute, Call, Media, NoParameters, Route
from services.preview.api.jobs.models import (
    BOMS_SOUGHT,
    CELL_COLUMNS,
    HISTORY_COLUMNS,
    BomProgressPage,
    JobBomSearch,
    JobCellPage,
    JobCellSearch,
    JobFilter,
    JobIn,
    JobOut,
    JobPage,
    JobPath,
    JobSearch,
    NoteIn,
)
from services.preview.api.jobs.named import known_job
from services.preview.api.jobs.request import also_wrong, check, send
from services.preview.api.jobs.view import (
    accepted,
    bom_progress_out,
    history_line,
    job_cell_out,
    job_out,
    jobs_out,
    place_names,
)
from services.preview.api.left_out.routes import left_out_of
from services.preview.api.left_out.view import JobLines
from services.preview.api.previews.changes import changes_of
from shared.contract.messages import JobCancel, JobRequest
from shared.contract.selection import SelectionBody
from shared.domain.job import JobSource
from shared.domain.selection import Filtered
from shared.mongodb.jobs.job import Approved, Job, RunNote
from shared.mongodb.jobs.notes import MAX_NOTES
from shared.mongodb.lists.listings import FIRST, Keys, Page, Start
from shared.rabbitmq.topology import JOB_CANCEL


async def post_job(call: Call[NoParameters, JobIn]) -> Answer:
    """POST /api/jobs."""
    body = call.body
    job_id = body.job_id or call.made_id
    repeated = await _repeated(call, job_id)
    selection = repeated or await check(call, body)
    request = JobRequest(
        shop=call.shop,
        job_id=job_id,
        direction=body.direction,
        selection=selection,
        preview_id=body.preview_id,
        leave_out=body.leave_out,
        source=JobSource.ADMIN if call.caller.is_person else JobSource.API,
        requested_by=call.caller.user,
        options=body.options,
    )
    approved = None if repeated is not None else await _approved(call)
    stored = await send(call.deps, request, approved)
    return await accepted(call.deps, call.shop, stored)


async def _approved(call: Call[NoParameters, JobIn]) -> Approved | None:
    """What the job was told to change: of a whole preview, since of a part of one nobody was told."""
    body = call.body
    if body.preview_id is None or body.selection is not None:
        return None
    told = await changes_of(call, body.preview_id, body.direction, body.leave_out, body.options)
    return Approved(told.cells, told.boms, told.left_out, dict(told.refused))


async def _repeated(call: Call[NoParameters, JobIn], job_id: str) -> SelectionBody | None:
    """The selection of a request that came before: it is answered as it was, whatever has changed since."""
    body = call.body
    known = body.job_id is not None or call.key is not None
    stored = await call.deps.jobs.get_whole(call.shop, job_id) if known else None
    if stored is None:
        return None
    return body.selection or await call.deps.jobs.selection(stored)


async def list_jobs(call: Call[JobSearch, None]) -> Answer:
    """GET /api/jobs."""
    asked = call.params
    before = read_cursor(asked.cursor, datetime, str)
    boms = await _boms_sought(call)
    page = await _jobs(call, boms, before, asked.limit)
    items = await jobs_out(call.deps, call.shop, page.items)
    return Answer(JobPage(items=items, next_cursor=write_cursor(page.after)))


async def _boms_sought(call: Call[Any, None]) -> frozenset[str] | None:
    """The BOMs whose jobs are sought; None: any."""
    asked: JobFilter = call.params
    sought = None if asked.bom_id is None else frozenset({asked.bom_id})
    if asked.bom is None:
        return sought
    named, _ = await call.deps.listings.boms(call.shop, Filtered(text=asked.bom), FIRST, BOMS_SOUGHT)
    found = frozenset(bom.bom_id for bom in named.items)
    return found if sought is None else found & sought


async def _jobs(call: Call[Any, None], boms: frozenset[str] | None, before: Keys | None, limit: int) -> Page[Job]:
    wanted = call.params.wanted()
    if boms is None:
        return await call.deps.listings.jobs(call.shop, wanted, before, limit)
    return await call.deps.runs_of_boms.page(call.shop, wanted, boms, before, limit=limit)


async def export_history(call: Call[JobFilter, None]) -> web.StreamResponse:
    """GET /api/history/export.csv."""
    boms = await _boms_sought(call)

    async def read(start: Start, limit: int) -> Page[Job]:
        return await _jobs(call, boms, start.after, limit)

    return await table(call.request, "history", HISTORY_COLUMNS, read, history_line)


async def get_job(call: Call[JobPath, None]) -> Answer:
    """GET /api/jobs/{job_id}."""
    job = await known_job(call, call.params.job_id)
    return Answer(await job_out(call.deps, call.shop, job))


async def list_job_boms(call: Call[JobBomSearch, None]) -> Answer:
    """GET /api/jobs/{job_id}/boms."""
    asked = call.params
    await known_job(call, asked.job_id)
    start = asked.start(str)
    after = None if start.after is None else str(start.after[0])
    page = await call.deps.job_boms.page(
        call.shop, asked.job_id, asked.only, after=after, skip=start.skip, limit=asked.limit
    )
    cursor = write_cursor(None if page.after is None else [page.after])
    items = [bom_progress_out(bom) for bom in page.boms]
    return Answer(BomProgressPage(items=items, next_cursor=cursor, total=page.total))


async def list_job_cells(call: Call[JobCellSearch, None]) -> Answer:
    """GET /api/jobs/{job_id}/cells."""
    asked = call.params
    await known_job(call, asked.job_id)
    wanted, listings = asked.wanted(), call.deps.listings
    page = await listings.cells(call.shop, asked.job_id, wanted, asked.start(int), asked.limit)
    total = await listings.count_cells(call.shop, asked.job_id, wanted)
    places = await place_names(call.deps, call.shop)
    items = [job_cell_out(cell, places) for cell in page.items]
    return Answer(JobCellPage(items=items, next_cursor=write_cursor(page.after), total=total))


async def job_events(call: Call[JobPath, None]) -> web.StreamResponse:
    """GET /api/jobs/{job_id}/events."""
    job_id = call.params.job_id
    await known_job(call, job_id)

    async def read() -> State | None:
        job = await call.deps.listings.job(call.shop, job_id)
        if job is None:
            return None
        shown = await job_out(call.deps, call.shop, job)
        return shown, shown.ended

    return await stream(call, (call.shop, job_id), "job", read)


async def export_job(call: Call[JobPath, None]) -> web.StreamResponse:
    """GET /api/jobs/{job_id}/export.csv."""
    job_id = call.params.job_id
    left_out = await left_out_of(call, job_id)
    lines = JobLines(call, job_id, left_out, await place_names(call.deps, call.shop))
    return await table(call.request, f"job-{job_id}", CELL_COLUMNS, lines.page, lines.line)


async def post_cancel(call: Call[JobPath, None]) -> Answer:
    """POST /api/jobs/{job_id}/cancel."""
    job = await known_job(call, call.params.job_id)
    if job.cancel_requested:
        # Asked again, perhaps because the broker was away the first time.
        await _publish_cancel(call, job.job_id)
        return await accepted(call.deps, call.shop, job)
    if job.ended:
        remedy = "Undo it, which takes back what it has changed." if job.totals.updated else "It has changed nothing."
        raise conflict("job-ended", "path.job_id", f"The job has ended ({job.state}): it is too late.", remedy)
    await call.deps.jobs.request_cancel(call.shop, job.job_id)
    await _publish_cancel(call, job.job_id)
    return await accepted(call.deps, call.shop, await known_job(call, job.job_id))


async def post_note(call: Call[JobPath, NoteIn]) -> Answer:
    """POST /api/jobs/{job_id}/notes."""
    job = await known_job(call, call.params.job_id)
    # What the database keeps: milliseconds.
    now = datetime.now(UTC)
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    note = RunNote(call.body.note_id or call.made_id, call.body.text, call.caller.user, at)
    if not await call.deps.job_notes.add(call.shop, job.job_id, note):
        message = f"The job has {MAX_NOTES} notes, which is the most."
        raise conflict("too-many-notes", "body", message, "Keep what else there is to say elsewhere.")
    shown = await job_out(call.deps, call.shop, await known_job(call, job.job_id))
    return Answer(shown, HTTPStatus.CREATED)


async def _publish_cancel(call: Call[JobPath, None], job_id: str) -> None:
    await call.deps.publisher.command(JOB_CANCEL, JobCancel(shop=call.shop, job_id=job_id))


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="POST",
        path="/api/jobs",
        name="postJob",
        act="job.start",
        tag="jobs",
        summary="Start a job",
        params=NoParameters,
        handler=post_job,
        body=JobIn,
        also_wrong=also_wrong,
        answers={HTTPStatus.ACCEPTED: JobOut},
        answer_headers={"Location": "The job."},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="GET",
        path="/api/jobs",
        name="listJobs",
        tag="jobs",
        summary="The history of jobs, the newest first",
        params=JobSearch,
        handler=list_jobs,
        answers={HTTPStatus.OK: JobPage},
    ),
    Route(
        method="GET",
        path="/api/history/export.csv",
        name="exportHistory",
        tag="jobs",
        summary="The history as a table",
        params=JobFilter,
        handler=export_history,
        lasts="export",
        answers={HTTPStatus.OK: Media("text/csv", "One line per job, the newest first, with a head line.")},
    ),
    Route(
        method="GET",
        path="/api/jobs/{job_id}",
        name="getJob",
        tag="jobs",
        summary="A job's state and figures",
        params=JobPath,
        handler=get_job,
        answers={HTTPStatus.OK: JobOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/jobs/{job_id}/boms",
        name="listJobBoms",
        tag="jobs",
        summary="A job's progress BOM by BOM",
        params=JobBomSearch,
        handler=list_job_boms,
        answers={HTTPStatus.OK: BomProgressPage},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/jobs/{job_id}/cells",
        name="listJobCells",
        tag="jobs",
        summary="A job's cells",
        params=JobCellSearch,
        handler=list_job_cells,
        answers={HTTPStatus.OK: JobCellPage},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/jobs/{job_id}/events",
        name="watchJob",
        tag="jobs",
        summary="A job's states as they come",
        params=JobPath,
        handler=job_events,
        lasts="stream",
        answers={HTTPStatus.OK: Media("text/event-stream", "Events `job`; an ended one's state is the last.", JobOut)},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/jobs/{job_id}/export.csv",
        name="exportJob",
        tag="jobs",
        summary="A job's cells as a table",
        params=JobPath,
        handler=export_job,
        lasts="export",
        answers={HTTPStatus.OK: Media("text/csv", "One line per cell, then what was left out; with a head line.")},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/jobs/{job_id}/cancel",
        name="cancelJob",
        act="job.cancel",
        tag="jobs",
        summary="Cancel what a job has not begun",
        params=JobPath,
        handler=post_cancel,
        answers={HTTPStatus.ACCEPTED: JobOut},
        answer_headers={"Location": "The job."},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="POST",
        path="/api/jobs/{job_id}/notes",
        name="noteJob",
        act="job.note",
        tag="jobs",
        summary="Write a note about a job",
        description="Who wrote it and when stay with it; it is kept as long as the job.",
        params=JobPath,
        handler=post_note,
        body=NoteIn,
        answers={HTTPStatus.CREATED: JobOut},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
