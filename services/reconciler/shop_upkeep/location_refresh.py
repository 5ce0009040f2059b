"""Locations that a webhook has named are read: it may have been an old one under new headers."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from shared.errors import ShopifyError
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.shops.shops import ShopStore
from shared.reading.locations import refresh_locations
from shared.shopify.reads.reads import ShopifyReads

log = structlog.get_logger()


class LocationRefresh:
    """Reads the locations of shops that are due, each by one replica."""

    def __init__(self, shops: ShopStore, boms: BomStore, reads: ShopifyReads) -> None:
        self._shops = shops
        self._boms = boms
        self._reads = reads

    async def run(self) -> None:
        """Read those that are due. What fails now stays due."""
        # What the database keeps: milliseconds.
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        for shop in await self._shops.take_locations_due(now):
            try:
                await refresh_locations(shop, self._boms, self._reads)
            except ShopifyError as error:
                log.warning("locations_not_read", shop=shop, reason=str(error))
            else:
                await self._shops.locations_read(shop, now)
