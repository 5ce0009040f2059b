"""What the parts of Shopify's replies mean that are the same for every operation."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from shared.errors import ShopifyRefused
from shared.shopify.budget import FALLBACK_WAIT

PAUSES = {401: "unauthorized", 402: "frozen", 403: "forbidden", 404: "not_found", 423: "locked"}
"""HTTP statuses after which nothing more is sent for the shop, and the reason that is noted."""

UNAUTHORIZED = PAUSES[HTTPStatus.UNAUTHORIZED]

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
        "INVALID_VARIABLE",
        "INVALID_FIELD_ARGUMENTS",
        "MAX_INPUT_SIZE_EXCEEDED",
        "ARGUMENT_LITERALS_INCOMPATIBLE",
    }
)
"""Codes of replies with `data` that say all the same that the mutation was not executed."""


def too_dear(operation: str, points: float, most: float) -> ShopifyRefused:
    """The error for a call of so many points where `most` are allowed."""
    message = f"{operation} costs {points:g} points, and a call may cost {most:g} at most: it must ask for less at once"
    return ShopifyRefused(message, TOO_DEAR, [])


def seconds_in(retry_after: str | None) -> float:
    """`Retry-After` in seconds; it may be fractional, or missing."""
    try:
        return max(0.0, float(retry_after)) if retry_after is not None else FALLBACK_WAIT
    except ValueError:
        return FALLBACK_WAIT


def points_in(cost: Mapping[str, Any], name: str) -> float | None:
    """A number of `extensions.cost`, None where it is missing or no number."""
    value = cost.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def codes_in(errors: object) -> list[str]:
    """The codes of top-level errors, in order."""
    listed = errors if isinstance(errors, list) else []
    extensions = [error.get("extensions") for error in listed if isinstance(error, dict)]
    return [str(one["code"]) for one in extensions if isinstance(one, dict) and one.get("code")]
