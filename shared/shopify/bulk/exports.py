"""Everything a shop has of a kind, by bulk query: whatever time it takes, and whole or not at all.

Reads of chosen items use `bulk` as well, but give it up early: they have other ways. A whole shop is worth the wait.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import structlog

from shared.errors import ShopifyError, ShopifyRefused, ShopifyThrottled, ShopPaused
from shared.shopify.bulk.bulk import BulkQueries, BulkResult, NoBulkQuery
from shared.shopify.calls.client import Reply, ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body
from shared.shopify.queries import BULK_RUN, BULK_STATE
from shared.shopify.reads.read_costs import RUN_COST, STATE_COST

log = structlog.get_logger()

MAX_BUSY = 60.0
"""Seconds to wait for one of the five places of an app and shop, before another way to read is taken."""

MAX_RUNNING = 3600.0
"""Seconds a bulk query may take. Shopify needs minutes for a large shop."""

_BUSY_PAUSE = 2.0
_SHORTEST_LOOK, _LONGEST_LOOK = 0.25, 10.0
_UNCLEAR_TRIES = 5


class Exports:
    """Runs bulk queries over everything."""

    def __init__(
        self, client: ShopifyClient, *, most_busy: float = MAX_BUSY, first_look: float = _SHORTEST_LOOK
    ) -> None:
        """`first_look`: seconds after which it is asked whether a query has ended, then ever later."""
        self._client = client
        self._bulk = BulkQueries(client)
        self._most_busy = most_busy
        self._first_look = first_look

    async def run(self, shop: str, query: str) -> BulkResult:
        """Run a query to its end; what it finds is that of a moment after this call. Raises NoBulkQuery, ShopPaused."""
        operation, began = await self._start(shop, query)
        time = self._client.time
        pause, until = self._first_look, time.monotonic() + MAX_RUNNING
        while time.monotonic() < until:
            await time.sleep(pause)
            pause = min(max(_LONGEST_LOOK, 3 * self._first_look), pause * 1.5)
            reply = await self._call(shop, "bulkOperation", request_body(BULK_STATE, {"id": operation}), STATE_COST)
            state = reply.data.get("bulkOperation")
            if not state:
                raise NoBulkQuery("the bulk query is gone")
            if state["status"] == "COMPLETED":
                return BulkResult(state["url"], int(state["objectCount"]), began.date)
            if state["status"] not in {"CREATED", "RUNNING"}:
                raise NoBulkQuery(f"the bulk query was {state['status']} ({state['errorCode']})")
        raise NoBulkQuery("the bulk query has not ended within an hour")

    async def _start(self, shop: str, query: str) -> tuple[str, Reply]:
        waited = 0.0
        body = request_body(BULK_RUN, {"query": query})
        while True:
            reply = await self._call(shop, "bulkOperationRunQuery", body, RUN_COST)
            payload = reply.data.get("bulkOperationRunQuery") or {}
            if operation := payload.get("bulkOperation"):
                return str(operation["id"]), reply
            errors = payload.get("userErrors") or []
            busy = any(error.get("code") == "OPERATION_IN_PROGRESS" for error in errors)
            if not busy or waited >= self._most_busy:
                raise NoBulkQuery("; ".join(str(error.get("message")) for error in errors) or "no operation")
            log.info("bulk_queries_busy", shop=shop)
            await self._client.time.sleep(_BUSY_PAUSE)
            waited += _BUSY_PAUSE

    async def _call(self, shop: str, operation: str, body: str, points: float) -> Reply:
        """A call that waits for the budget; starting a query twice does no harm, so what is unclear is sent again."""
        tries = 0
        while True:
            try:
                return await self._client.call(shop, operation, body, price=Price(assumed=points), optional=True)
            except ShopPaused:
                raise
            except ShopifyThrottled as throttled:
                await self._client.time.sleep(throttled.retry_after)
            except ShopifyRefused as refused:
                raise NoBulkQuery(str(refused)) from refused
            except ShopifyError as error:
                tries += 1
                if tries >= _UNCLEAR_TRIES:
                    raise NoBulkQuery(str(error)) from error
                await self._client.time.sleep(_SHORTEST_LOOK * 2**tries)

    async def lines(self, result: BulkResult) -> AsyncGenerator[dict[str, Any], None]:
        """The objects of a result; their order means nothing. Raises ShopifyUnclear where the file is not whole."""
        async with self._bulk.lines(result) as lines:
            async for line in lines:
                yield line
