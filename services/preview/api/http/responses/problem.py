"""Problem documents (RFC 9457): every answer that is not a success says what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Annotated, Literal, get_args

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared import metrics
from shared.contract.mistakes import MAX_NAMED, and_more, mistakes_of
from shared.mongodb.catalogue.refusals import RecordRefused, Refusal
from shared.observing.hiding import without_secrets

MEDIA_TYPE = "application/problem+json"

Shown = Annotated[str, AfterValidator(without_secrets)]
"""Words that may repeat a request's."""

Limit = Literal["requests", "streams", "exports", "previews", "jobs"]
"""What one shop may have only so much of."""

LIMITS: tuple[Limit, ...] = get_args(Limit)


class FieldProblem(BaseModel):
    """One thing that is wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: Shown = Field(description="Where: body.selection.bom_ids, query.limit, header.If-Match, …")
    message: Shown
    remedy: str


class Problem(BaseModel):
    """A problem document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(description="Names the kind of problem; a client tells problems apart by it.")
    title: str
    status: int
    detail: Shown
    errors: list[FieldProblem] = []
    more_errors: int = Field(0, description="Mistakes that `errors` does not name: it holds the first twenty.")


class ProblemError(Exception):
    """Raised by a handler; becomes the answer."""

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        more_errors: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        # A path is shown as it was sent, and aiohttp hands over bytes that are no UTF-8 as halves of surrogate pairs.
        detail = detail.encode("utf-8", "replace").decode()
        self.status = status
        self.kind = kind
        self.problem = Problem(
            type=f"urn:trueup:problem:{kind}",
            title=status.phrase,
            status=status.value,
            detail=detail,
            errors=list(errors),
            more_errors=more_errors,
        )
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """The answer."""
        return web.Response(
            status=self.status.value,
            body=self.problem.model_dump_json().encode(),
            content_type=MEDIA_TYPE,
            headers=self.headers,
        )


def invalid(errors: Sequence[FieldProblem], more: int = 0) -> ProblemError:
    """422 that names what is wrong, the first mistakes one by one; `more`: mistakes that `errors` leaves out."""
    named = errors[:MAX_NAMED]
    more += len(errors) - len(named)
    told = [f"{error.field}: {error.message}" for error in named]
    detail = "; ".join([*told, *([and_more(more)] if more else [])])
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors=named, more_errors=more)


def unknown(field: str, message: str, remedy: str) -> ProblemError:
    """404: there is no such thing in this shop."""
    errors = [FieldProblem(field=field, message=message, remedy=remedy)]
    return ProblemError(HTTPStatus.NOT_FOUND, "unknown", message, errors=errors)


def conflict(kind: str, field: str, message: str, remedy: str) -> ProblemError:
    """409: not in the present state."""
    errors = [FieldProblem(field=field, message=message, remedy=remedy)]
    return ProblemError(HTTPStatus.CONFLICT, kind, f"{message} {remedy}", errors=errors)


def too_many(limit: Limit, field: str, message: str, remedy: str, *, seconds: float) -> ProblemError:
    """429: one shop has as much as it may; `seconds` later it may be otherwise."""
    metrics.REFUSED_BY_LIMIT.labels(limit).inc()
    wait = max(1, ceil(seconds))
    remedy = f"{remedy} Try again in {wait} {'second' if wait == 1 else 'seconds'}."
    errors = [FieldProblem(field=field, message=message, remedy=remedy)]
    return ProblemError(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"too-many-{limit}",
        f"{message} {remedy}",
        errors=errors,
        headers={"Retry-After": str(wait)},
    )


_STATUS = {
    Refusal.UNKNOWN: HTTPStatus.NOT_FOUND,
    Refusal.IN_USE: HTTPStatus.CONFLICT,
    Refusal.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refusal.TOO_MANY: HTTPStatus.CONFLICT,
    Refusal.OUTDATED: HTTPStatus.PRECONDITION_FAILED,
}


def refused(error: RecordRefused, field: str | None = None) -> ProblemError:
    """The answer to a refused change of the records."""
    entry = FieldProblem(field=field or error.field, message=error.message, remedy=error.remedy)
    return ProblemError(_STATUS[error.kind], error.kind.value, f"{error.message} {error.remedy}", errors=[entry])


_REMEDIES = {
    "missing": "Add it.",
    "extra_forbidden": "Leave it out, or correct its name.",
    "too_short": "Give at least one.",
    "too_long": "Split it into several requests.",
    "string_too_short": "Give at least one character.",
    "string_too_long": "Shorten it.",
    "string_pattern_mismatch": "Write it in the form that the API's description gives.",
    "enum": "Use one of the values named.",
    "literal_error": "Use one of the values named.",
    "string_type": "Write it as a string, in quotes; ids are always strings.",
    "bool_type": "Write true or false.",
    "int_type": "Write a whole number.",
    "int_from_float": "Write a whole number.",
}


def field_problems(error: ValidationError, where: str) -> tuple[list[FieldProblem], int]:
    """The first mistakes that a model found, in a caller's words, and how many more. `where`: body or ?."""
    mistakes = mistakes_of(error)
    problems = [
        FieldProblem(
            field=f"{where}.{mistake.path}" if mistake.path else where,
            message=mistake.message,
            remedy=_REMEDIES.get(mistake.kind, "Correct it as the message says."),
        )
        for mistake in mistakes.named
    ]
    return problems, mistakes.more
