"""How many requests may come now, as the header fields of draft-ietf-httpapi-ratelimit-headers-11 tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Quota:
    """A bucket of requests: what it holds at most, and now; `rate`: what it gains in a second."""

    name: str
    rate: float
    most: float
    left: float


QUOTAS: web.RequestKey[Sequence[Quota]] = web.RequestKey("quotas", Sequence)
"""What the answer to a request tells of."""


async def tell_quotas(request: web.Request, response: web.StreamResponse) -> None:
    """Put them into the head of an answer: the policy, which stays, and what is left of it."""
    quotas = request.get(QUOTAS)
    if quotas:
        response.headers["RateLimit-Policy"] = ", ".join(_policy(quota) for quota in quotas)
        response.headers["RateLimit"] = ", ".join(_state(quota) for quota in quotas)


def _policy(quota: Quota) -> str:
    return f'"{quota.name}";q={int(quota.most)};w={ceil(quota.most / quota.rate)}'


def _state(quota: Quota) -> str:
    """What is left, and the seconds after which nothing is missing."""
    return f'"{quota.name}";r={max(0, int(quota.left))};t={ceil((quota.most - quota.left) / quota.rate)}'
