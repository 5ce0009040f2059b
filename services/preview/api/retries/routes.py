"""/api/jobs/{job_id}/retry."""

from __future__ import annotations

from http import HTTPStatus

from services.preview.api.http.reference.explained import code_counts
from services.preview.api.http.responses.problem import ProblemError, conflict
from services.preview.api.http.route import Answer, AnyRoute, Call, Route
from services.preview.api.jobs.models import JobPath
from services.preview.api.jobs.named import ended_job
from services.preview.api.jobs.request import made_from, send
from services.preview.api.jobs.view import job_out
from services.preview.api.retries.models import RetryIn, RetryOut, RetrySearch, RetryShares
from services.preview.api.retries.view import Shares, retry_shares, shares_out
from shared.domain.job import JobSource
from shared.domain.words.codes import explanation


async def post_retry(call: Call[JobPath, RetryIn]) -> Answer:
    """POST /api/jobs/{job_id}/retry."""
    first = await ended_job(call, "a retry")
    with_not_compared, mended, job_id = call.body.with_not_compared, call.body.mended, call.body.job_id
    shares = await retry_shares(call.deps, call.shop, first.job_id, with_not_compared=with_not_compared)
    codes = shares.without(mended=mended)
    request = await made_from(
        call, first, JobSource.RETRY, job_id=job_id, with_not_compared=with_not_compared, without_codes=codes
    )
    again, behind = shares.re_run(mended=mended), shares.behind(mended=mended)
    if not again and await call.deps.jobs.get(call.shop, request.job_id) is None:
        raise _nothing_to_retry(shares, with_not_compared=with_not_compared)
    job = await job_out(call.deps, call.shop, await send(call.deps, request))
    answer = RetryOut(job=job, re_run=again, left_behind=sum(behind.values()), left_behind_codes=code_counts(behind))
    return Answer(answer, HTTPStatus.ACCEPTED, {"Location": f"/api/jobs/{job.job_id}"})


async def get_retry(call: Call[RetrySearch, None]) -> Answer:
    """GET /api/jobs/{job_id}/retry."""
    first = await ended_job(call, "a retry")
    return Answer(
        shares_out(
            await retry_shares(call.deps, call.shop, first.job_id, with_not_compared=call.params.with_not_compared)
        )
    )


def _nothing_to_retry(shares: Shares, *, with_not_compared: bool) -> ProblemError:
    behind = shares.behind(mended=False)
    if not behind:
        remedy = (
            "There is nothing to retry."
            if with_not_compared
            else "Cells that could not be compared are retried with with_not_compared."
        )
        return conflict("nothing-failed", "path.job_id", "No cell of this job has failed.", remedy)
    if shares.person:
        told = "; ".join(explanation(code)[0] or code for code in sorted(shares.person))
        remedies = " ".join(dict.fromkeys(explanation(code)[1] or "" for code in sorted(shares.person)))
        return conflict("needs-person", "path.job_id", f"Somebody has to mend something first. {told}", remedies)
    count = sum(behind.values())
    message = f"None of the {count} failed cells can be run again as they are ({', '.join(sorted(behind))})."
    return conflict("needs-preview", "path.job_id", message, "Take a new preview of them and decide again.")


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/jobs/{job_id}/retry",
        name="previewRetry",
        tag="jobs",
        summary="What a retry could do: how many cells again, and what a person must mend first",
        params=RetrySearch,
        handler=get_retry,
        answers={HTTPStatus.OK: RetryShares},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
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
        answer_headers={"Location": "The job."},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
