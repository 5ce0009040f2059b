"""Every level of a shop, by one bulk query: a few calls, whatever the shop's size."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime

from shared.shopify.bulk.exports import Exports
from shared.shopify.ids import plain
from shared.shopify.reads.levels import Item, level_from
from shared.shopify.shop_queries import BULK_LEVELS

_BATCH = 1000


class EveryLevel:
    """Reads them in batches, so that memory does not grow with the shop."""

    def __init__(self, exports: Exports) -> None:
        self._exports = exports

    async def read(self, shop: str) -> AsyncIterator[tuple[datetime, list[Item]]]:
        """Levels, each as an item that has only this one, with Shopify's time before the query began.

        Raises NoBulkQuery, ShopPaused, and ShopifyUnclear where the file is not whole.
        """
        result = await self._exports.run(shop, BULK_LEVELS)
        batch: list[Item] = []
        async with aclosing(self._exports.lines(result)) as lines:
            async for line in lines:
                if "__parentId" not in line:
                    continue  # an item; its levels name it
                level = level_from(line)
                item = line["item"]
                batch.append(Item(plain(item["id"]), bool(item["tracked"]), {level.location_id: level}))
                if len(batch) == _BATCH:
                    yield result.started_at, batch
                    batch = []
        if batch:
            yield result.started_at, batch
