"""Bulk queries for reads of chosen items: given up early, since there are other ways to read them."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): bulk.levels.

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

from shared.errors import ShopifyRefused, ShopifyUnclear
from shared.shopify.bulk.bulk import Begun, BulkBusy, BulkEnded, BulkResult, BulkRunner, NoBulkQuery
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.replies import Reply
from shared.shopify.reads.read_costs import BULK_ROLES, RUN_COST, STATE_COST, ReadFacts

BUSY_PAUSE, FAILED_PAUSE = 30.0, 300.0
"""Seconds without bulk queries after one found no slot, or failed."""

_SHORTEST_LOOK = 0.5
_LONGER_EACH_LOOK = 1.5
_SMOOTHING = 0.3
_MARGIN = 1.1
_LINE_PATIENCE = 30.0


class BulkReads:
    """Runs bulk queries for one client's role, and learns how long they take."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client
        self._runner = BulkRunner(client, _Hurried(client))

    async def run(self, shop: str, query: str) -> BulkResult:
        """Run a query to its end. Raises NoBulkQuery, ShopPaused, ShopifyThrottled before it has begun."""
        facts = self._client.read_facts(shop)
        time = self._client.time
        facts.bulk_running += 1
        at = time.monotonic()
        try:
            result = await self._runner.result(shop, await self._start(shop, query, facts), self._looks(facts))
        except BulkEnded:
            facts.bulk_failed(time.monotonic(), FAILED_PAUSE)
            raise
        finally:
            facts.bulk_running -= 1
        facts.bulk_seconds += _SMOOTHING * ((time.monotonic() - at) * _MARGIN - facts.bulk_seconds)
        return result

    async def _start(self, shop: str, query: str, facts: ReadFacts) -> Begun:
        try:
            return await self._runner.start(shop, query)
        except NoBulkQuery as error:
            pause = BUSY_PAUSE if isinstance(error, BulkBusy) else FAILED_PAUSE
            facts.bulk_failed(self._client.time.monotonic(), pause)
            raise

    def lines(self, result: BulkResult) -> AsyncGenerator[dict[str, Any], None]:
        """As of the runner."""
        return self._runner.lines(result)

    def _looks(self, facts: ReadFacts) -> Iterator[float]:
        """First when it should be ready by what the last ones took; twice the time that it may take, at most."""
        time = self._client.time
        until = time.monotonic() + 2 * BULK_ROLES.get(self._client.role, facts.bulk_seconds)
        pause = max(_SHORTEST_LOOK, facts.bulk_seconds)
        while True:
            yield pause
            if time.monotonic() > until:
                return
            pause = max(_SHORTEST_LOOK, pause / 2) if pause > 1 else pause * _LONGER_EACH_LOOK


class _Hurried:
    """Each call once."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    async def start(self, shop: str, body: str) -> Reply:
        # There are other ways to read: only those tell whether the permission to read is missing.
        price = Price(assumed=RUN_COST)
        try:
            return await self._client.call(shop, "bulkOperationRunQuery", body, price=price, optional=True)
        except (ShopifyUnclear, ShopifyRefused) as error:
            raise NoBulkQuery(str(error)) from error

    async def look(self, shop: str, body: str) -> Reply:
        price = Price(assumed=STATE_COST)
        try:
            return await self._client.call(
                shop, "bulkOperation", body, price=price, patience=_LINE_PATIENCE, optional=True
            )
        except (ShopifyUnclear, ShopifyRefused) as error:
            raise NoBulkQuery(str(error)) from error
