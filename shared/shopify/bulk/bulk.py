"""One bulk query: started, looked at until it has ended, and its result read line by line.

How patiently that is done is the caller's: `bulk_reads` gives up early, `exports` waits for a whole shop.
"""

# Relies on what is believed of Shopify (docs/shopify-facts.md): bulk.levels, bulk.five-at-once.

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog

from shared.errors import ShopifyError, ShopifyUnclear
from shared.shopify.calls.answers import json_in
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.replies import Reply
from shared.shopify.calls.requests import request_body
from shared.shopify.queries import BULK_CANCEL, BULK_RUN, BULK_STATE

log = structlog.get_logger()

_UNDER_WAY = frozenset({"CREATED", "RUNNING"})


class NoBulkQuery(Exception):  # the caller's cue to read another way, never an answer
    """The bulk query could not be had: refused, failed, or not ready in time."""


class BulkBusy(NoBulkQuery):
    """All of the places that an app and shop have for bulk queries are taken."""


class BulkEnded(NoBulkQuery):
    """It was begun, and has failed or was given up."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A bulk query under way; `started_at` is Shopify's time: what it reads is no older."""

    operation: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class BulkResult:
    """A finished bulk query; `started_at` as of `Begun`."""

    url: str | None
    lines: int
    started_at: datetime


class BulkCalls(Protocol):
    """How calls about bulk queries are made: what is tried again, and what is not."""

    async def start(self, shop: str, body: str) -> Reply:
        """Raises NoBulkQuery where the query cannot be had."""

    async def look(self, shop: str, body: str) -> Reply:
        """Raises NoBulkQuery where nothing can be learned of it."""


class BulkRunner:
    """Runs bulk queries for one client."""

    def __init__(self, client: ShopifyClient, calls: BulkCalls) -> None:
        self._client = client
        self._calls = calls

    async def start(self, shop: str, query: str) -> Begun:
        """Have Shopify begin. Raises BulkBusy, NoBulkQuery, and what a call of the client raises."""
        reply = await self._calls.start(shop, request_body(BULK_RUN, {"query": query}))
        payload = reply.data.get("bulkOperationRunQuery") or {}
        errors, operation = payload.get("userErrors") or [], payload.get("bulkOperation")
        if operation and not errors:
            return Begun(str(operation["id"]), reply.date)
        busy = any(error.get("code") == "OPERATION_IN_PROGRESS" for error in errors)
        why = "; ".join(str(error.get("message")) for error in errors) or "no operation"
        raise BulkBusy(why) if busy else NoBulkQuery(why)

    async def result(self, shop: str, begun: Begun, looks: Iterator[float]) -> BulkResult:
        """Look at it after each of these pauses (seconds); one that runs still after the last is cancelled.

        Raises BulkEnded, NoBulkQuery, and what a call of the client raises.
        """
        state: dict[str, Any] = {"status": "CREATED", "errorCode": None}
        for pause in looks:
            await self._client.time.sleep(pause)
            state = await self._state(shop, begun.operation)
            if state["status"] == "COMPLETED":
                return BulkResult(state["url"], int(state["objectCount"]), begun.started_at)
            if state["status"] not in _UNDER_WAY:
                break
        else:
            await self._cancel(shop, begun.operation)
        raise BulkEnded(f"the bulk query was {state['status']} ({state['errorCode']})")

    async def _state(self, shop: str, operation: str) -> dict[str, Any]:
        reply = await self._calls.look(shop, request_body(BULK_STATE, {"id": operation}))
        state: dict[str, Any] | None = reply.data.get("bulkOperation")
        if not state:
            raise NoBulkQuery("the bulk query is gone")
        return state

    async def _cancel(self, shop: str, operation: str) -> None:
        """Only five run at once: one that nobody waits for gives its place back."""
        try:
            body = request_body(BULK_CANCEL, {"id": operation})
            await self._client.call(shop, "bulkOperationCancel", body, optional=True)
        except ShopifyError as error:
            log.info("bulk_not_cancelled", shop=shop, reason=str(error))

    async def lines(self, result: BulkResult) -> AsyncGenerator[dict[str, Any], None]:
        """The result's objects; their order means nothing. Raises ShopifyUnclear where the file is not whole."""
        if result.url is None:
            if result.lines:
                raise ShopifyUnclear("bulk result: no address")
            return
        async with self._client.download(result.url) as raw:
            async for document in _counted(raw, result.lines):
                yield document


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
