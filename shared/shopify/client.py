"""One call to Shopify: the token, the time limit, and what every kind of answer means."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from time import monotonic
from typing import Any, Protocol

import aiohttp

from shared import metrics
from shared.errors import ShopifyRefused, ShopifyThrottled, ShopifyUnclear, ShopPaused
from shared.shopify.budget import FALLBACK_WAIT, Budget
from shared.shopify.clock import ShopifyClock

CALL_TIMEOUT = 30.0
"""Seconds for one call; after it the outcome is unclear."""

SHORT_WAIT = 0.5
"""Seconds a call waits by itself for the budget; longer waits are the caller's, who may hold messages."""

_PAUSES = {401: "unauthorized", 402: "frozen", 403: "forbidden", 404: "not_found", 423: "locked"}
_THROTTLES = {429, 430}
_BUDGETS_SHOWN = 10


class Access(Protocol):
    """Where tokens come from and where a pause is noted; both are read and written before and after every call."""

    async def token(self, domain: str) -> str:
        """The access token. Raises ShopPaused."""
        ...

    async def pause(self, domain: str, reason: str) -> None:
        """Stop all calls for the shop."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """A usable reply: its data and Shopify's time of it."""

    data: dict[str, Any]
    date: datetime


class ShopifyClient:
    """Calls the Admin API of any shop. `url` holds `{shop}`; in production it is `https://{shop}`."""

    def __init__(self, session: aiohttp.ClientSession, access: Access, url: str, api_version: str) -> None:
        self._session = session
        self._access = access
        self._url = url
        self._version = api_version
        self._budgets: dict[str, Budget] = {}
        self._clocks: dict[str, ShopifyClock] = {}

    def clock(self, shop: str) -> ShopifyClock:
        """Shopify's time for this shop."""
        return self._clocks.setdefault(shop, ShopifyClock())

    async def call(self, shop: str, operation: str, body: str) -> Reply:
        """Send `body` (the exact text of a GraphQL request) and answer its data.

        Raises ShopPaused, ShopifyThrottled (not executed), ShopifyUnclear (perhaps executed), ShopifyRefused.
        """
        budget = self._budgets.setdefault(shop, Budget())
        wait = budget.wait(operation)
        if wait > SHORT_WAIT:
            raise ShopifyThrottled(f"the budget of {shop} is spent", wait)
        if wait > 0:
            await asyncio.sleep(wait)
        token = await self._access.token(shop)
        started = monotonic()
        outcome = "unclear"
        try:
            reply = await self._send(shop, operation, body, token, budget)
            outcome = "ok"
            return reply
        except ShopifyThrottled:
            outcome = "throttled"
            metrics.SHOPIFY_THROTTLED.labels(operation).inc()
            raise
        except ShopPaused as pause:
            outcome = pause.reason
            await self._access.pause(shop, pause.reason)
            raise
        except ShopifyRefused:
            outcome = "refused"
            raise
        finally:
            metrics.SHOPIFY_REQUESTS.labels(operation, outcome).observe(monotonic() - started)
            self._show_budgets()

    async def _send(self, shop: str, operation: str, body: str, token: str, budget: Budget) -> Reply:
        url = f"{self._url.format(shop=shop)}/admin/api/{self._version}/graphql.json"
        headers = {"X-Shopify-Access-Token": token, "Content-Type": "application/json", "Accept": "application/json"}
        try:
            async with self._session.post(
                url, data=body.encode(), headers=headers, timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT)
            ) as response:
                raw = await response.read()
                status = response.status
                date_header = response.headers.get("Date")
                retry_after = response.headers.get("Retry-After")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ShopifyUnclear(f"{operation}: {type(error).__name__}") from error
        if status in _PAUSES:
            raise ShopPaused(shop, _PAUSES[status])
        if status in _THROTTLES:
            raise ShopifyThrottled(f"{operation}: HTTP {status}", _seconds(retry_after))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ShopifyUnclear(f"{operation}: HTTP {status}")
        try:
            document = json.loads(raw)
            date = self.clock(shop).note(date_header)
        except ValueError as error:
            raise ShopifyUnclear(f"{operation}: HTTP {status} with an unreadable answer") from error
        if not isinstance(document, dict):
            raise ShopifyUnclear(f"{operation}: HTTP {status} with an unexpected answer")
        return self._read(operation, document, date, budget, status)

    def _read(self, operation: str, document: dict[str, Any], date: datetime, budget: Budget, status: int) -> Reply:
        cost = (document.get("extensions") or {}).get("cost")
        budget.learn(operation, cost)
        errors = document.get("errors")
        if errors:
            raise _error(operation, errors, cost, budget)
        if status >= HTTPStatus.BAD_REQUEST:
            raise ShopifyRefused(f"{operation}: HTTP {status}", None, [])
        data = document.get("data")
        if not isinstance(data, dict):
            raise ShopifyUnclear(f"{operation}: an answer without data")
        if cost and isinstance(actual := cost.get("actualQueryCost"), (int, float)):
            metrics.SHOPIFY_POINTS.labels(operation).inc(actual)
        return Reply(data, date)

    def _show_budgets(self) -> None:
        ratios = sorted((b.ratio, shop) for shop, b in self._budgets.items() if b.ratio is not None)
        metrics.SHOPIFY_BUDGET.clear()
        for ratio, shop in ratios[:_BUDGETS_SHOWN]:
            metrics.SHOPIFY_BUDGET.labels(shop).set(ratio or 0.0)


def _seconds(retry_after: str | None) -> float:
    """`Retry-After` in seconds; it may be fractional, or missing."""
    try:
        return max(0.0, float(retry_after)) if retry_after is not None else FALLBACK_WAIT
    except ValueError:
        return FALLBACK_WAIT


def _error(operation: str, errors: object, cost: Mapping[str, Any] | None, budget: Budget) -> Exception:
    """What a reply with top-level errors means: decided by the code, never by the message."""
    listed: list[dict[str, Any]] = [{"message": str(errors)}]
    if isinstance(errors, list):
        listed = [error for error in errors if isinstance(error, dict)]
    codes = [(e.get("extensions") or {}).get("code") for e in listed]
    message = "; ".join(str(e.get("message")) for e in listed[:3])
    if "THROTTLED" in codes:
        requested = float((cost or {}).get("requestedQueryCost") or 0)
        if budget.impossible(requested):
            return ShopifyRefused(f"{operation} costs more than the bucket holds", "MAX_COST_EXCEEDED", listed)
        return ShopifyThrottled(f"{operation}: {message}", budget.wait_for(requested) or FALLBACK_WAIT)
    if "INTERNAL_SERVER_ERROR" in codes or "TIMEOUT" in codes:
        return ShopifyUnclear(f"{operation}: {message}")
    return ShopifyRefused(f"{operation}: {message}", next((c for c in codes if c), None), listed)
