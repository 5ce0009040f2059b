"""/api/jobs/{job_id}/undo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from services.preview.api.http.responses.pages import MAX_PAGE, write_cursor
from services.preview.api.http.responses.problem import conflict
from services.preview.api.http.route import Answer, AnyRoute, Call, Route
from services.preview.api.jobs.models import AgainIn, JobOut, JobPath
from services.preview.api.jobs.named import ended_job
from services.preview.api.jobs.request import made_from, send
from services.preview.api.jobs.view import accepted
from services.preview.api.undos.models import COUNTED, UndoCell, UndoPage, UndoSearch
from services.preview.api.undos.view import undo_cells
from shared.domain.cell import CellState
from shared.domain.job import UNFINISHED_JOB_STATES, JobSource, JobState
from shared.mongodb.jobs.cells.cell import CellsWanted
from shared.mongodb.jobs.job import Job
from shared.mongodb.lists.listings import FIRST, Start

_UPDATED = CellsWanted(state=CellState.UPDATED)


async def post_undo(call: Call[JobPath, AgainIn]) -> Answer:
    """POST /api/jobs/{job_id}/undo."""
    first = await ended_job(call, "an undo")
    _may_be_undone(first)
    request = await made_from(call, first, JobSource.UNDO, job_id=call.body.job_id)
    if await call.deps.jobs.get(call.shop, request.job_id) is None:
        await _not_undone_yet(call, first)
        if not await _anything_to_undo(call, first):
            remedy = "GET the undo to see why not, cell by cell."
            raise conflict("nothing-to-undo", "path.job_id", "No cell of this job can be undone any more.", remedy)
    return await accepted(call.deps, call.shop, await send(call.deps, request))


def _may_be_undone(job: Job) -> None:
    if job.source is JobSource.UNDO:
        remedy = "Take a new preview and reconcile in the direction you want."
        raise conflict("undo-of-undo", "path.job_id", "The job is an undo itself.", remedy)


async def _not_undone_yet(call: Call[JobPath, Any], job: Job) -> None:
    """Raises ProblemError (409) where an undo is under way, or has taken back what there was."""
    earlier = await call.deps.listings.made_of(call.shop, [job.job_id])
    for made in earlier:
        if made.source is not JobSource.UNDO:
            continue
        run = "another run" if made.no is None else f"run {made.no}"
        if made.state in UNFINISHED_JOB_STATES:
            message = f"An undo of this job is under way ({run})."
            raise conflict("undo-under-way", "path.job_id", message, "Wait until it has ended.")
        if made.state is JobState.COMPLETED:
            remedy = "To go on from where things are now, take a new preview and choose the direction."
            raise conflict("already-undone", "path.job_id", f"This job has been undone already, by {run}.", remedy)


async def _anything_to_undo(call: Call[JobPath, Any], job: Job) -> bool:
    async for cells in _undo_pages(call, job):
        if any(cell.possible for cell in cells):
            return True
    return False


async def _undo_pages(call: Call[Any, Any], job: Job) -> AsyncIterator[list[UndoCell]]:
    start = FIRST
    while True:
        page = await call.deps.listings.cells(call.shop, job.job_id, _UPDATED, start, MAX_PAGE)
        yield await undo_cells(call.deps, call.shop, job, page.items)
        if page.after is None:
            return
        start = Start(page.after)


async def get_undo(call: Call[UndoSearch, None]) -> Answer:
    """GET /api/jobs/{job_id}/undo."""
    asked = call.params
    job = await ended_job(call, "an undo")
    _may_be_undone(job)
    page = await call.deps.listings.cells(call.shop, job.job_id, _UPDATED, asked.start(int), asked.limit)
    cells = await undo_cells(call.deps, call.shop, job, page.items)
    total = await call.deps.listings.count_cells(call.shop, job.job_id, _UPDATED)
    possible = await _how_many_possible(call, job) if total <= COUNTED else None
    return Answer(
        UndoPage(
            items=cells,
            next_cursor=write_cursor(page.after),
            total=total,
            direction=job.direction,
            possible=possible,
            impossible=None if possible is None else total - possible,
        )
    )


async def _how_many_possible(call: Call[UndoSearch, None], job: Job) -> int:
    return sum([sum(cell.possible for cell in cells) async for cells in _undo_pages(call, job)])


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/jobs/{job_id}/undo",
        name="previewUndo",
        tag="jobs",
        summary="What an undo would do: which cells to what, which not and why",
        params=UndoSearch,
        handler=get_undo,
        answers={HTTPStatus.OK: UndoPage},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="POST",
        path="/api/jobs/{job_id}/undo",
        name="undoJob",
        act="job.undo",
        tag="jobs",
        summary="Take back what an ended job changed, as a new job",
        params=JobPath,
        handler=post_undo,
        body=AgainIn,
        body_optional=True,
        answers={HTTPStatus.ACCEPTED: JobOut},
        answer_headers={"Location": "The job."},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
