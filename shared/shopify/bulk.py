"""Bulk queries: started, looked at when they should be ready, and their result read line by line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from shared.errors import ShopifyError, ShopifyRefused, ShopifyUnclear
from shared.shopify.answers import json_in
from shared.shopify.client import ShopifyClient
from shared.shopify.costs import Price
from shared.shopify.queries import BULK_CANCEL, BULK_RUN, BULK_STATE
from shared.shopify.read_costs import BULK_ROLES, RUN_COST, STATE_COST, ReadFacts
from shared.shopify.requests import request_body

log = structlog.get_logger()

BUSY_PAUSE, FAILED_PAUSE = 30.0, 300.0
"""Seconds without bulk queries after one found no slot, or failed."""

_SHORTEST_LOOK = 0.5
_LONGER_EACH_LOOK = 1.5
_SMOOTHING = 0.3
_MARGIN = 1.1
_LINE_PATIENCE = 30.0


class NoBulkQuery(Exception):  # the caller's cue to read another way, never an answer
    """The bulk query could not be had: refused, failed, or not ready in time."""


@dataclass(frozen=True, slots=True)
class BulkResult:
    """A finished bulk query; `started_at` is Shopify's time: what it read is no older."""

    url: str | None
    lines: int
    started_at: datetime


class BulkQueries:
    """Runs bulk queries for one client's role."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    async def run(self, shop: str, query: str) -> BulkResult:
        """Run a query to its end. Raises NoBulkQuery, ShopPaused, ShopifyThrottled before it has begun."""
        facts = self._client.read_facts(shop)
        time = self._client.time
        facts.bulk_running += 1
        began = time.monotonic()
        try:
            started, date = await self._start(shop, query, facts)
            result = await self._result(shop, started, facts, date)
        finally:
            facts.bulk_running -= 1
        facts.bulk_seconds += _SMOOTHING * ((time.monotonic() - began) * _MARGIN - facts.bulk_seconds)
        return result

    async def _start(self, shop: str, query: str, facts: ReadFacts) -> tuple[str, datetime]:
        body = request_body(BULK_RUN, {"query": query})
        try:
            # There are other ways to read: only those tell whether the permission to read is missing.
            price = Price(assumed=RUN_COST)
            reply = await self._client.call(shop, "bulkOperationRunQuery", body, price=price, optional=True)
        except (ShopifyUnclear, ShopifyRefused) as error:
            facts.bulk_failed(self._client.time.monotonic(), FAILED_PAUSE)
            raise NoBulkQuery(str(error)) from error
        payload = reply.data.get("bulkOperationRunQuery") or {}
        errors, operation = payload.get("userErrors") or [], payload.get("bulkOperation")
        if errors or not operation:
            busy = any(error.get("code") == "OPERATION_IN_PROGRESS" for error in errors)
            facts.bulk_failed(self._client.time.monotonic(), BUSY_PAUSE if busy else FAILED_PAUSE)
            raise NoBulkQuery("; ".join(str(error.get("message")) for error in errors) or "no operation")
        return operation["id"], reply.date

    async def _result(self, shop: str, operation: str, facts: ReadFacts, date: datetime) -> BulkResult:
        time = self._client.time
        until = time.monotonic() + 2 * BULK_ROLES.get(self._client.role, facts.bulk_seconds)
        pause = max(_SHORTEST_LOOK, facts.bulk_seconds)
        while True:
            await time.sleep(pause)
            state = await self._state(shop, operation)
            if state["status"] == "COMPLETED":
                return BulkResult(state["url"], int(state["objectCount"]), date)
            if state["status"] not in ("CREATED", "RUNNING") or time.monotonic() > until:
                break
            pause = max(_SHORTEST_LOOK, pause / 2) if pause > 1 else pause * _LONGER_EACH_LOOK
        facts.bulk_failed(time.monotonic(), FAILED_PAUSE)
        if state["status"] in ("CREATED", "RUNNING"):
            await self._cancel(shop, operation)
        raise NoBulkQuery(f"the bulk query was {state['status']} ({state['errorCode']})")

    async def _state(self, shop: str, operation: str) -> dict[str, Any]:
        body = request_body(BULK_STATE, {"id": operation})
        try:
            reply = await self._client.call(
                shop,
                "bulkOperation",
                body,
                price=Price(assumed=STATE_COST),
                patience=_LINE_PATIENCE,
                optional=True,
            )
        except (ShopifyUnclear, ShopifyRefused) as error:
            raise NoBulkQuery(str(error)) from error
        state: dict[str, Any] | None = reply.data.get("bulkOperation")
        if not state:
            raise NoBulkQuery("the bulk query is gone")
        return state

    async def _cancel(self, shop: str, operation: str) -> None:
        try:
            body = request_body(BULK_CANCEL, {"id": operation})
            await self._client.call(shop, "bulkOperationCancel", body, optional=True)
        except ShopifyError as error:
            log.info("bulk_not_cancelled", shop=shop, reason=str(error))

    @asynccontextmanager
    async def lines(self, result: BulkResult) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The result's objects; their order means nothing. Raises ShopifyUnclear where the file is not whole."""
        if result.url is None:
            if result.lines:
                raise ShopifyUnclear("bulk result: no address")
            yield _none()
            return
        async with self._client.download(result.url) as raw:
            yield _counted(raw, result.lines)


async def _none() -> AsyncIterator[dict[str, Any]]:
    nothing: tuple[dict[str, Any], ...] = ()
    for line in nothing:
        yield line


async def _counted(raw: AsyncIterator[bytes], expected: int) -> AsyncIterator[dict[str, Any]]:
    count = 0
    async for line in raw:
        if line.strip():
            count += 1
            try:
                document = json_in(line)
            except ValueError as error:
                raise ShopifyUnclear("bulk result: an unreadable line") from error
            yield document
    if count != expected:
        raise ShopifyUnclear(f"bulk result: {count} of {expected} objects")
