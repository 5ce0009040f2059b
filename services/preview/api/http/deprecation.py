"""What is to go says so: in the description, and in the headers of each of its answers, until it is gone.

`Deprecation` (RFC 9745) tells since when, `Sunset` (RFC 8594) from which day on it may be gone, `Link` what there is
instead. How long lies between the two: docs/operations/compatibility.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Deprecation:
    """An operation that will go. `instead`: the path of what takes its place."""

    since: date
    sunset: date
    instead: str

    def headers(self) -> dict[str, str]:
        """What each of its answers bears."""
        return {
            "Deprecation": f"@{int(_moment(self.since).timestamp())}",
            "Sunset": format_datetime(_moment(self.sunset), usegmt=True),
            "Link": f'<{self.instead}>; rel="successor-version"',
        }


DEPRECATED: web.RequestKey[Deprecation] = web.RequestKey("deprecated", Deprecation)
"""On a request to such an operation."""


def described(deprecation: Deprecation) -> str:
    """In the description's words."""
    return (
        f"Deprecated since {deprecation.since.isoformat()}: use `{deprecation.instead}`. It may be gone from "
        f"{deprecation.sunset.isoformat()} on."
    )


def note_deprecated(request: web.Request, deprecation: Deprecation | None) -> None:
    """The request is to an operation that will go, or (None) to none."""
    if deprecation is not None:
        request[DEPRECATED] = deprecation


async def announce(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on any answer, of streams, tables and problems, too."""
    deprecation = request.get(DEPRECATED)
    if deprecation is not None:
        response.headers.update(deprecation.headers())


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
