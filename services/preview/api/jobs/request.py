"""Asking for a job: everything that is wrong is named, and a repeat under the same id starts nothing new."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter, ValidationError

from services.preview.api.http.dependencies import Dependencies
from services.preview.api.http.responses.problem import FieldProblem, ProblemError, conflict, invalid, too_many
from services.preview.api.http.route import Call
from services.preview.api.jobs.models import JobIn
from services.preview.api.jobs.view import options_of
from services.preview.api.selection_check import readable_selection_problems, selection_problems
from shared.contract.messages import JobRequest, Ulid
from shared.contract.selection import SelectionBody
from shared.domain.job import JobSource, JobState
from shared.domain.preview import is_expired
from shared.domain.words.codes import EXPLAINED, Code
from shared.mongodb.jobs.job import Approved, Job, WholeJob
from shared.mongodb.previews.preview import PreviewState, WholePreview
from shared.rabbitmq.topology import JOB_REQUEST

_FIELD = "body.preview_id"
_OF_A_PREVIEW = FieldProblem(
    field="body.leave_out",
    message="Only rows of a preview can be left out.",
    remedy="Give the preview_id, or a smaller selection.",
)
_ULID = TypeAdapter[str](Ulid)


async def send(deps: Dependencies, request: JobRequest, approved: Approved | None = None) -> Job:
    """Store the job, with what was told of it, publish its request, and return the job.

    Raises ProblemError where the id is another job's (409), or the shop has as many open as it may (429).
    """
    if await deps.jobs.get(request.shop, request.job_id) is None:
        # Counted and stored by one at a time: a hundred requests at once must not all find room.
        async with deps.locks.of(request.shop):
            await _must_have_room(deps, request)
            await deps.jobs.request(request, approved=approved)
    stored = await deps.jobs.get_as_asked(request)
    if stored is None:
        raise _id_used(request.job_id)
    if stored.state is JobState.REQUESTED:
        await deps.publisher.command(JOB_REQUEST, request)
    return stored


async def _must_have_room(deps: Dependencies, request: JobRequest) -> None:
    max_open = deps.max_open_jobs
    full = await deps.jobs.open(request.shop, max_open) >= max_open
    # The same request may have come a moment earlier, and have taken the last place itself.
    if full and await deps.jobs.get(request.shop, request.job_id) is None:
        raise too_many(
            "jobs",
            "header.Authorization",
            f"{max_open} jobs of this shop have not ended yet, which is the most.",
            "Wait until some have ended, or cancel some.",
            seconds=30,
        )


def _id_used(job_id: str) -> ProblemError:
    return conflict("id-used", "body.job_id", f"{job_id} is the id of another job.", "Make a new ULID for each job.")


async def made_from(
    call: Call[Any, Any],
    first: WholeJob,
    source: JobSource,
    *,
    job_id: str | None,
    with_not_compared: bool = False,
    without_codes: list[Code] | None = None,
) -> JobRequest:
    """The request of a job that retries or undoes an earlier one; `job_id` is the client's own, where it gives one."""
    return JobRequest(
        shop=call.shop,
        job_id=job_id or call.made_id,
        direction=first.direction,
        selection=await call.deps.jobs.selection(first),
        preview_id=first.preview_id,
        source=source,
        requested_by=call.caller.user,
        options=options_of(first),
        of_job_id=first.job_id,
        with_not_compared=with_not_compared,
        without_codes=without_codes or None,
    )


async def check(call: Call[Any, Any], body: JobIn) -> SelectionBody:
    """The selection of the job that is asked for. Raises ProblemError that names everything that is wrong."""
    problems: list[ProblemError] = []
    preview, problem = await _preview(call, body.preview_id)
    if problem is not None:
        problems.append(problem)
    if body.selection is not None:
        wrong = await selection_problems(call.deps, call.shop, body.selection, "body.selection")
        if wrong:
            problems.append(invalid(wrong))
    elif body.preview_id is None:
        problems.append(_no_selection())
    if body.leave_out is not None and body.preview_id is None:
        problems.append(invalid([_OF_A_PREVIEW]))
    if problems:
        raise _together(problems)
    if body.selection is not None:
        return body.selection
    if preview is None:
        raise _no_selection()
    return await call.deps.previews.selection(preview)


async def also_wrong(call: Call[Any, None], value: object) -> list[FieldProblem]:
    """What else is wrong with a body whose form is wrong: the parts that can be read are checked all the same."""
    if not isinstance(value, dict):
        return []
    problems = await readable_selection_problems(call.deps, call.shop, value)
    try:
        preview_id = _ULID.validate_python(value.get("preview_id"))
    except ValidationError:
        return problems
    _, problem = await _preview(call, preview_id)
    return problems if problem is None else [*problems, *problem.problem.errors]


async def _preview(call: Call[Any, Any], preview_id: str | None) -> tuple[WholePreview | None, ProblemError | None]:
    if preview_id is None:
        return None, None
    preview = await call.deps.previews.get(call.shop, preview_id)
    return preview, _preview_problem(preview, preview_id)


def _preview_problem(preview: WholePreview | None, preview_id: str) -> ProblemError | None:
    again = "Take a new preview."
    if preview is None:
        message = f"There is no preview {preview_id}."
        entry = FieldProblem(field=_FIELD, message=message, remedy=again)
        return ProblemError(HTTPStatus.NOT_FOUND, "unknown", message, errors=[entry])
    if preview.state is PreviewState.FAILED:
        return conflict("preview-failed", _FIELD, "The preview has failed.", again)
    if preview.state is not PreviewState.READY or preview.taken_from is None:
        remedy = "Wait for its end; its event stream tells of it."
        return conflict("preview-not-ready", _FIELD, "The preview is not ready yet.", remedy)
    if is_expired(preview.taken_from, datetime.now(UTC)):
        expired = EXPLAINED[Code.PREVIEW_EXPIRED]
        return conflict("PREVIEW_EXPIRED", _FIELD, expired.message, expired.remedy)
    return None


def _no_selection() -> ProblemError:
    return invalid(
        [
            FieldProblem(
                field="body.selection",
                message="Neither a selection nor a preview is given.",
                remedy="Give a selection, or the preview_id of a preview to take as a whole.",
            )
        ]
    )


def _together(problems: list[ProblemError]) -> ProblemError:
    """One problem as it is; several as one that names all."""
    if len(problems) == 1:
        return problems[0]
    return invalid([error for problem in problems for error in problem.problem.errors])
