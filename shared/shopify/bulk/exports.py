"""Everything a shop has of a kind, by bulk query: whatever time it takes, and whole or not at all.

Reads of chosen items use `bulk_reads`, which gives up early: they have other ways. A whole shop is worth the wait.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import structlog

from shared.errors import ShopifyError, ShopifyRefused, ShopifyThrottled, ShopPaused
from shared.shopify.bulk.bulk import Begun, BulkBusy, BulkResult, BulkRunner, NoBulkQuery
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.replies import Reply
from shared.shopify.reads.read_costs import RUN_COST, STATE_COST

log = structlog.get_logger()

MAX_BUSY = 60.0
"""Seconds to wait for one of the five places of an app and shop, before another way to read is taken."""

MAX_RUNNING = 3600.0
"""Seconds a bulk query may take. Shopify needs minutes for a large shop."""

_BUSY_PAUSE = 2.0
_SHORTEST_LOOK, _LONGEST_LOOK = 0.25, 10.0
_LONGER_EACH_LOOK = 1.5
_UNCLEAR_TRIES = 5


class Exports:
    """Runs bulk queries over everything."""

    def __init__(self, client: ShopifyClient, *, first_look: float = _SHORTEST_LOOK) -> None:
        """`first_look`: seconds after which it is asked whether a query has ended, then ever later."""
        self._client = client
        self._runner = BulkRunner(client, _Patient(client))
        self._first_look = first_look

    async def run(self, shop: str, query: str) -> BulkResult:
        """Run a query to its end; what it finds is that of a moment after this call. Raises NoBulkQuery, ShopPaused."""
        return await self._runner.result(shop, await self._start(shop, query), self._looks())

    def lines(self, result: BulkResult) -> AsyncGenerator[dict[str, Any], None]:
        """The objects of a result; their order means nothing. Raises ShopifyUnclear where the file is not whole."""
        return self._runner.lines(result)

    async def _start(self, shop: str, query: str) -> Begun:
        waited = 0.0
        while True:
            try:
                return await self._runner.start(shop, query)
            except BulkBusy:
                if waited >= MAX_BUSY:
                    raise
            log.info("bulk_queries_busy", shop=shop)
            await self._client.time.sleep(_BUSY_PAUSE)
            waited += _BUSY_PAUSE

    def _looks(self) -> Iterator[float]:
        time = self._client.time
        pause, until = self._first_look, time.monotonic() + MAX_RUNNING
        while time.monotonic() < until:
            yield pause
            pause = min(max(_LONGEST_LOOK, 3 * self._first_look), pause * _LONGER_EACH_LOOK)


class _Patient:
    """Calls that wait for the budget; starting a query twice does no harm, so what is unclear is sent again."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    async def start(self, shop: str, body: str) -> Reply:
        return await self._call(shop, "bulkOperationRunQuery", body, RUN_COST)

    async def look(self, shop: str, body: str) -> Reply:
        return await self._call(shop, "bulkOperation", body, STATE_COST)

    async def _call(self, shop: str, operation: str, body: str, points: float) -> Reply:
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
