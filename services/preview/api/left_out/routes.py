"""/api/jobs/{job_id}/left-out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from services.preview.api.http.responses.pages import write_cursor
from services.preview.api.http.route import Answer, AnyRoute, Call, Route
from services.preview.api.jobs.named import known_job
from services.preview.api.left_out.models import LeftOutPage, LeftOutSearch
from services.preview.api.previews.view import row_out
from shared.contract.selection import LeaveOut


async def left_out_of(call: Call[Any, None], job_id: str) -> tuple[str, LeaveOut] | None:
    """The preview of a job and what was left out of it; None: nothing was. Raises ProblemError (404)."""
    job = await known_job(call, job_id)
    if job.leave_out is None or job.preview_id is None:
        return None
    whole = await call.deps.jobs.get_whole(call.shop, job_id)
    leave_out = None if whole is None else await call.deps.jobs.leave_out(whole)
    return None if leave_out is None else (job.preview_id, leave_out)


async def list_left_out(call: Call[LeftOutSearch, None]) -> Answer:
    """GET /api/jobs/{job_id}/left-out."""
    asked = call.params
    start = asked.start(int)
    left_out = await left_out_of(call, asked.job_id)
    if left_out is None:
        return Answer(LeftOutPage(items=[], next_cursor=None, total=0))
    preview_id, leave_out = left_out
    page = await call.deps.changes.left_out(call.shop, preview_id, leave_out, start, asked.limit)
    total = await call.deps.changes.count_left_out(call.shop, preview_id, leave_out)
    items = [row_out(row) for row in page.items]
    return Answer(LeftOutPage(items=items, next_cursor=write_cursor(page.after), total=total))


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/jobs/{job_id}/left-out",
        name="listLeftOut",
        tag="jobs",
        summary="What differed in a job's preview and was left out of the job",
        params=LeftOutSearch,
        handler=list_left_out,
        answers={HTTPStatus.OK: LeftOutPage},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
