"""Paging: an opaque cursor holds the sort keys after which the next page starts."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.preview.api.http.responses.problem import FieldProblem, invalid
from shared.mongodb.lists.listings import Start

MAX_PAGE = 250
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}", re.ASCII)
_MAX_WHOLE = 2**63 - 1
_MAX_MILLISECONDS = 50_000_000_000_000
"""More than a thousand years: what our calendar holds on either side of 1970."""
_WHOLE = re.compile(r"-?[0-9]{1,10}", re.ASCII)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value):
            raise ValueError("must be a whole number")
        return int(value)
    return value


def _truth(value: Any) -> Any:
    if isinstance(value, str):
        if value not in {"true", "false"}:
            raise ValueError("must be true or false")
        return value == "true"
    return value


def _moment(value: Any) -> Any:
    if not isinstance(value, datetime) and not (isinstance(value, str) and _DATE_TIME.match(value)):
        raise ValueError("must be a date and time with its zone, such as 2026-03-01T09:30:00Z")
    return value


def _of_our_calendar(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is no time of our calendar") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_of_our_calendar)]
"""A date and time in a query string, in UTC; a bare number is none. At the calendar's ends UTC may lie outside it."""

PageSize = Annotated[int, Field(ge=1, le=MAX_PAGE), BeforeValidator(_whole)]
"""A whole number in a query string, written in digits only."""

QueryBool = Annotated[bool, BeforeValidator(_truth)]
"""`true` or `false` in a query string."""


class Paged(BaseModel):
    """The parameters of every list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[A-Za-z0-9_-]*$")] | None = Field(
        None, description="`next_cursor` of the page before; none: the first page."
    )
    limit: PageSize = Field(100, description="The most items of a page.")


Offset = Annotated[int, Field(ge=0, le=100_000_000), BeforeValidator(_whole)]
"""How many of the first to pass over, written in digits only."""


class Anywhere(Paged):
    """The parameters of a list that can also be entered at any place."""

    offset: Offset | None = Field(
        None, description="How many to pass over, instead of a cursor; records may come and go between two pages."
    )

    def start(self, *kinds: type[str | int]) -> Start:
        """Where the page begins. Raises ProblemError (422) for a foreign cursor, or where both ways are given."""
        if self.cursor is not None and self.offset is not None:
            message = "Both a cursor and an offset say where the page begins."
            raise invalid([FieldProblem(field="query.offset", message=message, remedy="Give one of them.")])
        return Start(read_cursor(self.cursor, *kinds), self.offset or 0)


def write_cursor(keys: Sequence[str | int] | None) -> str | None:
    """The cursor of the next page."""
    if keys is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(list(keys)).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: type[str | int | datetime]) -> list[str | int] | None:
    """The sort keys of a cursor; each must be of its kind. Raises ProblemError (422) for one that we did not make.

    `datetime`: the milliseconds of a time.
    """
    if cursor is None:
        return None
    try:
        keys = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        keys = None
    fits = isinstance(keys, list) and len(keys) == len(kinds)
    if not fits or not all(_is_key(key, kind) for key, kind in zip(keys, kinds, strict=True)):
        raise _not_ours()
    if write_cursor(keys) != cursor:
        raise _not_ours()  # the same keys written otherwise: by somebody else
    result: list[str | int] = keys
    return result


def _is_key(key: object, kind: type[str | int | datetime]) -> bool:
    """Whether the database can compare with it."""
    if kind is str:
        # A half of a surrogate pair is no text that could be sent on.
        return type(key) is str and not any("\ud800" <= sign <= "\udfff" for sign in key)
    most = _MAX_MILLISECONDS if kind is datetime else _MAX_WHOLE
    return type(key) is int and abs(key) <= most


def _not_ours() -> Exception:
    problem = FieldProblem(
        field="query.cursor",
        message="This is no cursor of this list.",
        remedy="Pass next_cursor of the page before as it is, or leave it out to start over.",
    )
    return invalid([problem])
