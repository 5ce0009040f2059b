"""/api/jobs/{job_id}/cancel, /retry and /undo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from ulid import ULID

from services.preview.api.http.explained import CodeCount, code_counts
from services.preview.api.http.pages import MAX_PAGE, Anywhere, write_cursor
from services.preview.api.http.problem import ProblemError, conflict
from services.preview.api.http.routes import Answer, AnyRoute, Call, Route
from services.preview.api.jobs.models import JobOut, JobPath, options_of
from services.preview.api.jobs.request import send
from services.preview.api.jobs.routes import accepted, known_job, no_such_job
from services.preview.api.jobs.undo_view import UndoCell, undo_cells
from services.preview.api.jobs.view import job_out
from shared.contract.messages import JobCancel, JobRequest, Ulid
from shared.domain.cell import CellState
from shared.domain.codes import Code, row_is_stale
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.domain.preview import PREVIEW_VALID
from shared.mongodb.jobs.cell import CellsWanted
from shared.mongodb.jobs.job import Job, WholeJob
from shared.mongodb.listings import FIRST, Start
from shared.rabbitmq.topology import JOB_CANCEL


class AgainIn(BaseModel):
    """A new job made from an earlier one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job_id: Ulid | None = Field(None, description="Your own ULID for the new job: a repeat starts nothing new.")


class RetryIn(AgainIn):
    """What a retry takes."""

    left_out: bool = Field(False, strict=True, description="Also the cells that were left out for a reason.")


class RetryOut(BaseModel):
    """The retry, and what it can do."""

    job: JobOut
    re_run: int = Field(description="Cells that are worked on again.")
    left_behind: int = Field(description="Cells that need a new preview or a person; they end with their code again.")
    left_behind_codes: list[CodeCount]


COUNTED = 5000
"""The most cells of which an undo's preview counts those that can be undone: each has to be looked at."""


class UndoSearch(Anywhere, JobPath):
    """Which page of an undo's own preview."""


class UndoPage(BaseModel):
    """What an undo would do, cell by cell, by what is known now."""

    items: list[UndoCell]
    next_cursor: str | None
    total: int = Field(description="Cells that the job updated.")
    direction: Direction = Field(description="The job's own direction.")
    possible: int | None = Field(description=f"Cells that can be undone; none above {COUNTED} cells.")
    impossible: int | None


async def post_cancel(call: Call[JobPath, None]) -> Answer:
    """POST /api/jobs/{job_id}/cancel."""
    job = await known_job(call, call.params.job_id)
    if job.cancel_requested:
        # Asked again, perhaps because the broker was away the first time.
        await _tell_cancel(call, job.job_id)
        return await accepted(call, job)
    if job.ended:
        raise conflict("job-ended", "path.job_id", f"The job has ended ({job.state}).", "There is nothing to cancel.")
    await call.deps.jobs.request_cancel(call.shop, job.job_id)
    await _tell_cancel(call, job.job_id)
    return await accepted(call, await known_job(call, job.job_id))


async def _tell_cancel(call: Call[JobPath, None], job_id: str) -> None:
    await call.deps.publisher.command(JOB_CANCEL, JobCancel(shop=call.shop, job_id=job_id))


async def _ended(call: Call[Any, Any], what: str) -> WholeJob:
    job = await call.deps.jobs.get_whole(call.shop, call.params.job_id)
    if job is None:
        raise no_such_job(call.params.job_id)
    if not job.ended:
        remedy = "Wait until it has ended, or cancel it."
        raise conflict("job-unfinished", "path.job_id", f"The job is {job.state}; {what} needs an ended one.", remedy)
    return job


async def _request(
    call: Call[JobPath, Any], first: WholeJob, source: JobSource, *, left_out: bool = False
) -> JobRequest:
    return JobRequest(
        shop=call.shop,
        job_id=call.body.job_id or str(ULID()),
        direction=first.direction,
        selection=await call.deps.jobs.selection(first),
        preview_id=first.preview_id,
        source=source,
        requested_by=call.caller.user,
        options=options_of(first),
        of_job_id=first.job_id,
        left_out=left_out,
    )


async def post_retry(call: Call[JobPath, RetryIn]) -> Answer:
    """POST /api/jobs/{job_id}/retry."""
    first = await _ended(call, "a retry")
    request = await _request(call, first, JobSource.RETRY, left_out=call.body.left_out)
    again, behind = await _shares(call, first.job_id, left_out=call.body.left_out)
    if not again and await call.deps.jobs.get(call.shop, request.job_id) is None:
        raise _nothing_to_retry(behind, left_out=call.body.left_out)
    job = await job_out(call.deps, call.shop, await send(call.deps, request))
    answer = RetryOut(job=job, re_run=again, left_behind=sum(behind.values()), left_behind_codes=code_counts(behind))
    return Answer(answer, HTTPStatus.ACCEPTED, {"Location": f"/api/jobs/{job.job_id}"})


async def _shares(call: Call[JobPath, Any], job_id: str, *, left_out: bool) -> tuple[int, dict[str, int]]:
    """How many failed cells a retry works on again, and by code those it must leave behind."""
    fresh, old = await call.deps.listings.failed_codes(call.shop, job_id, datetime.now(UTC) - PREVIEW_VALID)
    behind = {code: number for code, number in fresh.items() if _needs_a_person(code)}
    again = sum(fresh.values()) - sum(behind.values())
    for code, number in old.items():
        name = code if _needs_a_person(code) else str(Code.PREVIEW_EXPIRED)
        behind[name] = behind.get(name, 0) + number
    if left_out:
        again += await call.deps.listings.left_out(call.shop, job_id)
    return again, behind


def _needs_a_person(code: str) -> bool:
    return code in Code.__members__ and (code == Code.OUTCOME_UNKNOWN or row_is_stale(Code(code)))


def _nothing_to_retry(behind: dict[str, int], *, left_out: bool) -> ProblemError:
    if not behind:
        remedy = "There is nothing to retry." if left_out else "Cells left out for a reason are retried with left_out."
        return conflict("nothing-failed", "path.job_id", "No cell of this job has failed.", remedy)
    count = sum(behind.values())
    message = f"None of the {count} failed cells can be run again as they are ({', '.join(sorted(behind))})."
    return conflict("needs-preview", "path.job_id", message, "Take a new preview of them and decide again.")


async def post_undo(call: Call[JobPath, AgainIn]) -> Answer:
    """POST /api/jobs/{job_id}/undo."""
    first = await _ended(call, "an undo")
    _may_be_undone(first)
    request = await _request(call, first, JobSource.UNDO)
    if await call.deps.jobs.get(call.shop, request.job_id) is None and not await _anything_to_undo(call, first):
        remedy = "GET the undo to see why not, cell by cell."
        raise conflict("nothing-to-undo", "path.job_id", "No cell of this job can be undone any more.", remedy)
    return await accepted(call, await send(call.deps, request))


def _may_be_undone(job: Job) -> None:
    if job.source is JobSource.UNDO:
        remedy = "Take a new preview and reconcile in the direction you want."
        raise conflict("undo-of-undo", "path.job_id", "The job is an undo itself.", remedy)


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
    job = await _ended(call, "an undo")
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


_UPDATED = CellsWanted(state=CellState.UPDATED)

_PROBLEMS = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
_LOCATION = {"Location": "The job."}

ROUTES: tuple[AnyRoute, ...] = (
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
        answer_headers=_LOCATION,
        problems=_PROBLEMS,
    ),
    Route(
        method="POST",
        path="/api/jobs/{job_id}/retry",
        name="retryJob",
        act="job.retry",
        tag="jobs",
        summary="Run the failed cells of an ended job again, as a new job",
        params=JobPath,
        handler=post_retry,
        body=RetryIn,
        body_optional=True,
        answers={HTTPStatus.ACCEPTED: RetryOut},
        answer_headers=_LOCATION,
        problems=_PROBLEMS,
    ),
    Route(
        method="GET",
        path="/api/jobs/{job_id}/undo",
        name="previewUndo",
        tag="jobs",
        summary="What an undo would do: which cells to what, which not and why",
        params=UndoSearch,
        handler=get_undo,
        answers={HTTPStatus.OK: UndoPage},
        problems=_PROBLEMS,
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
        answer_headers=_LOCATION,
        problems=_PROBLEMS,
    ),
)
