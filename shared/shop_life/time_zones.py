"""The time zone of a shop's clock: read from Shopify once a day, and kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import structlog

from shared.errors import ShopifyError, ShopifyUnclear
from shared.mongodb.shops.shops import ShopStore
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body
from shared.shopify.shop_queries import TIME_ZONE

log = structlog.get_logger()

FRESH = timedelta(days=1)
"""How long a zone that was read is good for."""


class TimeZones:
    """Knows the shops' time zones."""

    def __init__(self, shops: ShopStore, client: ShopifyClient) -> None:
        self._shops = shops
        self._client = client

    async def known(self, shop: str) -> ZoneInfo | None:
        """The zone as last read, however old that is; None: never read."""
        kept = await self._shops.time_zone(shop)
        return None if kept is None else ZoneInfo(kept[0])

    async def of(self, shop: str) -> ZoneInfo:
        """The zone, read anew where that was long ago; what was known stays good where it cannot be read.

        Raises ShopifyError where it was never known and cannot be read now.
        """
        kept = await self._shops.time_zone(shop)
        if kept is not None and datetime.now(UTC) - kept[1] < FRESH:
            return ZoneInfo(kept[0])
        try:
            name = await self._read(shop)
        except ShopifyError as error:
            if kept is None:
                raise
            log.info("time_zone_not_read", shop=shop, reason=str(error))
            name = kept[0]  # kept anew, so that a shop that does not answer is not asked at each run
        await self._shops.keep_time_zone(shop, name)
        return ZoneInfo(name)

    async def _read(self, shop: str) -> str:
        reply = await self._client.call(shop, "shop", request_body(TIME_ZONE, {}), price=Price(assumed=1.0))
        name = (reply.data.get("shop") or {}).get("ianaTimezone")
        if name not in available_timezones():
            raise ShopifyUnclear(f"the shop's time zone {name!r} is not known on this machine")
        return str(name)
