"""Verifying reads for the shops whose partitions this process holds, so that one worker paces a shop's calls."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from time import monotonic

import structlog

from services.reconciler.partitions import Partitions
from shared.domain.cell import partition_of
from shared.errors import ShopifyError, ShopifyThrottled, ShopPaused
from shared.mongodb.stock import StockStore
from shared.rabbitmq.topology import PARTITIONS
from shared.reading.verify import Verifier

log = structlog.get_logger()

EVERY = 0.5
"""Seconds between looks for cells that are due."""

_AFTER_A_FAILURE = 5.0


class Verifying:
    """Runs the verifier for this process's shops."""

    def __init__(self, partitions: Partitions, stock: StockStore, verifier: Verifier) -> None:
        self._partitions = partitions
        self._stock = stock
        self._verifier = verifier
        self._not_before: dict[str, float] = {}

    async def run(self) -> None:
        """Look for due cells until cancelled."""
        while True:
            try:
                for shop in await self._stock.shops_to_verify(datetime.now(UTC)):
                    if partition_of(shop, PARTITIONS) in self._partitions.held:
                        await self._verify(shop)
            except Exception:  # a store that is away: the requests stay in the documents
                log.exception("verifying_failed")
            await asyncio.sleep(EVERY)

    async def _verify(self, shop: str) -> None:
        """One batch of a shop; a shop that cannot be read now gives way to the others."""
        if self._not_before.get(shop, 0.0) > monotonic():
            return
        try:
            await self._verifier.run(shop)
            self._not_before.pop(shop, None)
        except ShopifyThrottled as throttled:
            self._not_before[shop] = monotonic() + throttled.retry_after
        except ShopPaused:
            self._not_before[shop] = monotonic() + _AFTER_A_FAILURE
        except ShopifyError as error:
            log.warning("verify_read_failed", shop=shop, reason=str(error))
            self._not_before[shop] = monotonic() + _AFTER_A_FAILURE
