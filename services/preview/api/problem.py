"""Problem documents (RFC 9457): every answer that is not a success says what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.mongodb.refusals import RecordRefused, Refusal

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One thing that is wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(description="Where: body.selection.bom_ids, query.limit, header.If-Match, …")
    message: str
    remedy: str


class Problem(BaseModel):
    """A problem document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(description="Names the kind of problem; a client tells problems apart by it.")
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


class ProblemError(Exception):
    """Raised by a handler; becomes the answer."""

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.problem = Problem(
            type=f"urn:trueup:problem:{kind}",
            title=status.phrase,
            status=status.value,
            detail=detail,
            errors=list(errors),
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


def invalid(errors: Sequence[FieldProblem]) -> ProblemError:
    """422 that names everything that is wrong."""
    detail = "; ".join(f"{error.field}: {error.message}" for error in errors)
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors=errors)


def unknown(field: str, message: str, remedy: str) -> ProblemError:
    """404: there is no such thing in this shop."""
    errors = [FieldProblem(field=field, message=message, remedy=remedy)]
    return ProblemError(HTTPStatus.NOT_FOUND, "unknown", message, errors=errors)


def conflict(kind: str, field: str, message: str, remedy: str) -> ProblemError:
    """409: not in the present state."""
    errors = [FieldProblem(field=field, message=message, remedy=remedy)]
    return ProblemError(HTTPStatus.CONFLICT, kind, f"{message} {remedy}", errors=errors)


_STATUS = {
    Refusal.UNKNOWN: HTTPStatus.NOT_FOUND,
    Refusal.IN_USE: HTTPStatus.CONFLICT,
    Refusal.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
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


def field_problems(error: ValidationError, where: str) -> list[FieldProblem]:
    """Every mistake that a model found, in a caller's words. `where`: body, query, path or header."""
    problems: list[FieldProblem] = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        path = ".".join([where, *(str(step) for step in item["loc"] if _is_field(step))])
        message = item["msg"].removeprefix("Value error, ")
        remedy = _REMEDIES.get(item["type"], "Correct it as the message says.")
        problem = FieldProblem(field=path, message=message, remedy=remedy)
        if problem not in problems:
            problems.append(problem)
    return problems


def _is_field(step: Any) -> bool:
    """pydantic names the branch of a union in the path, which tells a caller nothing."""
    return not (isinstance(step, str) and any(sign in step for sign in "[("))
