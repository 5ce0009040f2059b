"""The header `Idempotency-Key`: its form, and what is said of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field, TypeAdapter, ValidationError

from services.preview.api.http.responses.problem import FieldProblem, ProblemError, invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
"""On an answer that was given before."""

FIELD = f"header.{HEADER}"
MOST_SIGNS = 150

ABOUT_KEY = (
    "Your own key of this request, such as a UUID. Sent again under it within a day, the request changes nothing more "
    f"and gets the first answer again, with the header `{REPLAYED}`."
)

ClientKey = Annotated[str, Field(min_length=1, max_length=MOST_SIGNS, pattern=r"^[\x21-\x7e]+$")]
KEY_FORM = TypeAdapter[str](ClientKey)


def key_given(request: web.Request) -> str | None:
    """The request's key, None where it has none; quotes around it, as the IETF's draft writes it, are no part of it.

    Raises ProblemError (422).
    """
    given = request.headers.getall(HEADER, [])
    if not given:
        return None
    if len(given) > 1:
        raise invalid([FieldProblem(field=FIELD, message="It is given more than once.", remedy="Give it once.")])
    key = given[0].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    try:
        return KEY_FORM.validate_python(key)
    except ValidationError:
        message = f"It is no key: 1 to {MOST_SIGNS} visible ASCII characters, without blanks."
        raise invalid([FieldProblem(field=FIELD, message=message, remedy="Send a UUID, for example.")]) from None


def key_missing(message: str, remedy: str) -> ProblemError:
    """400: without a key the request could count twice."""
    entry = FieldProblem(field=FIELD, message=message, remedy=remedy)
    return ProblemError(HTTPStatus.BAD_REQUEST, "key-missing", f"{message} {remedy}", errors=[entry])
