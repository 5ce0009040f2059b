"""What the parts of Shopify's replies mean that are the same for every operation."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): call.throttled.

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from shared.contract.mistakes import cut
from shared.errors import ShopifyRefused, ShopPaused
from shared.observing.hiding import without_secrets

PAUSES = {401: "unauthorized", 402: "frozen", 403: "forbidden", 404: "not_found", 423: "locked"}
"""HTTP statuses after which nothing more is sent for the shop, and the reason that is noted."""

UNAUTHORIZED = PAUSES[HTTPStatus.UNAUTHORIZED]
FORBIDDEN = PAUSES[HTTPStatus.FORBIDDEN]
REDIRECTED = "redirected"
"""The host sends us elsewhere: no call that carries a secret follows."""

OF_THE_APP: Mapping[str, str] = {"ACCESS_DENIED": FORBIDDEN, "SHOP_INACTIVE": "inactive"}
"""Codes that refuse whatever this app asks of the shop, not the rows of one call; and the reason that is noted."""

_REDIRECTS = range(300, 400)
_SCOPE = re.compile(r"\b(?:[a-z]+_)?(?:read|write)_[a-z][a-z0-9_]*\b")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_MAX_SCOPES = 10

MAX_SAID = 500
"""Characters of Shopify's own words about a row or a call: a push's document holds those of 250 rows."""

THROTTLES = {429, 430}
"""HTTP statuses that say: not now."""

THROTTLED = "THROTTLED"
"""Shopify's code for a call that the bucket could not hold."""

TOO_DEAR = "MAX_COST_EXCEEDED"
"""Shopify's code for a query above the single-query limit; ours, too, for one above what the bucket holds."""


NOT_EXECUTED = frozenset(
    {
        TOO_DEAR,
        "BAD_REQUEST",
        "ACCESS_DENIED",
        "SHOP_INACTIVE",
        "INVALID_VARIABLE",
        "INVALID_FIELD_ARGUMENTS",
        "MAX_INPUT_SIZE_EXCEEDED",
        "ARGUMENT_LITERALS_INCOMPATIBLE",
    }
)
"""Codes of replies with `data` that say all the same that the mutation was not executed."""


def too_dear(operation: str, points: float, max_points: float) -> ShopifyRefused:
    """The error for a call of so many points where `max_points` are allowed."""
    message = (
        f"{operation} costs {points:g} points, and a call may cost {max_points:g} at most: it must ask for less at once"
    )
    return ShopifyRefused(message, TOO_DEAR, [])


def words_of(text: str) -> str:
    """What Shopify says, as it may be stored and shown: no secret in it, and no longer than anybody reads."""
    return cut(without_secrets(text), MAX_SAID)


def pause_asked_by(shop: str, status: int, location: str | None, body: bytes) -> ShopPaused | None:
    """The pause that an answer's status asks for, None where it asks for none. `location`: its `Location`."""
    if status in _REDIRECTS:
        return ShopPaused(shop, REDIRECTED, _host_in(location))
    if status not in PAUSES:
        return None
    scopes = scopes_in([body.decode(errors="replace")]) if status == HTTPStatus.FORBIDDEN else None
    return ShopPaused(shop, PAUSES[status], scopes)


def denial(shop: str, codes: Iterable[str], errors: Iterable[Mapping[str, Any]]) -> ShopPaused | None:
    """The pause that top-level errors ask for, where they refuse the whole app."""
    reason = next((OF_THE_APP[code] for code in codes if code in OF_THE_APP), None)
    if reason is None:
        return None
    messages = [str(extensions_in(error).get("requiredAccess") or error.get("message")) for error in errors]
    return ShopPaused(shop, reason, scopes_in(messages) if reason == FORBIDDEN else None)


def scopes_in(texts: Iterable[str]) -> str | None:
    """The access scopes that Shopify's words name: all of them are needed, or one of them where it says "or"."""
    found: dict[str, None] = {}
    either = False
    for text in texts:
        named = _SCOPE.findall(text[:10_000])
        either = either or (len(named) > 1 and " or " in text)
        found |= dict.fromkeys(named)
    return (EITHER if either else BOTH).join(list(found)[:_MAX_SCOPES]) or None


def scopes_granted(needed: str, granted: Iterable[str]) -> bool:
    """Whether what `scopes_in` named is granted by now; whoever may write may read."""
    known = set(granted)
    known |= {scope.replace("write_", "read_", 1) for scope in known}
    if EITHER in needed:
        return any(scope in known for scope in needed.split(EITHER))
    return all(scope in known for scope in needed.split(BOTH))


EITHER, BOTH = " or ", ", "
"""Between the scopes of which one, or every one, is needed."""


def _host_in(location: str | None) -> str | None:
    """Where a redirect leads: its host only, for the rest may hold a secret."""
    try:
        host = urlsplit(location or "").hostname
    except ValueError:
        return None
    return host if host and _HOST.fullmatch(host) else None


def json_in(raw: bytes) -> Any:
    """What a body says. Raises ValueError where it is not JSON, or nested deeper than anything Shopify says."""
    try:
        return json.loads(raw)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def number_in(value: object) -> float | None:
    """A number that a reply tells, None where it is none: JSON as it is read knows NaN, infinity, and any size."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def points_in(cost: Mapping[str, Any], name: str) -> float | None:
    """A number of `extensions.cost`, None where it is missing or no number."""
    return number_in(cost.get(name))


def extensions_in(error: Mapping[str, Any]) -> Mapping[str, Any]:
    """The extensions of a top-level error, empty where there are none."""
    extensions = error.get("extensions")
    return extensions if isinstance(extensions, dict) else {}


def codes_in(errors: object) -> list[str]:
    """The codes of top-level errors, in order."""
    listed = errors if isinstance(errors, list) else []
    extensions = [extensions_in(error) for error in listed if isinstance(error, dict)]
    return [str(one["code"]) for one in extensions if one.get("code")]
