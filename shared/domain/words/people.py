"""Who did something, in a merchant's words: of what is kept of whoever asked."""

from __future__ import annotations

import re

from shared.domain.job import JobSource

AUTOMATIC = "Trueup (automatic)"
"""What nobody asked for: repairs, checks, schedules."""

SHOPIFY = "Shopify"

_FOREIGN = re.compile(r"amqp(\(.*?\))?:(.*)", re.DOTALL)
"""What `Sender.name` keeps of a client that is none of Trueup's own parts."""

_SERVER_KEY = re.compile(r"key:[0-9a-z]+ \((.*)\)", re.DOTALL)
"""What is kept of a server that has spoken to the API by its key: the key's id and name."""

_OPERATOR = frozenset({"command-line", "trueup command line"})
_AUTOMATIC_SOURCES = frozenset({JobSource.DRIFT, JobSource.SCHEDULE})


def shown_name(actor: str | None, source: JobSource | None = None) -> str:
    """The name to show. A session token of Shopify's tells a person's number, and no name.

    `actor`: as it is kept; `source`: of a job. None: an older record that does not say.
    """
    if actor is None:
        return "not recorded"
    if source in _AUTOMATIC_SOURCES or not actor.strip():
        return AUTOMATIC
    if actor.startswith("user:"):
        return f"Staff member {actor.removeprefix('user:')}"
    if (key := _SERVER_KEY.fullmatch(actor)) is not None:
        return f"{key.group(1)} (a server's key)"
    if actor in _OPERATOR:
        return "Whoever operates Trueup"
    foreign = _FOREIGN.fullmatch(actor)
    if foreign is not None or actor == "message":
        said = foreign.group(2).strip() if foreign is not None else ""
        return f"Another program ({said})" if said else "Another program"
    return actor
