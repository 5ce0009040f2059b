"""The time zone of a shop's clock: read from Shopify once a day, and kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from shared.errors import ShopifyError, TimeZoneUnknown
from shared.mongodb.shops.shops import ShopStore
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body
from shared.shopify.shop_queries import TIME_ZONE
from shared.zones import zone_of

log = structlog.get_logger()

FRESH = timedelta(days=1)
"""How long a zone that was read is good for."""


class TimeZones:
    """Knows the shops' time zones."""

    def __init__(self, shops: ShopStore, client: ShopifyClient) -> None:
        self._shops = shops
        self._client = client

    async def last_read(self, shop: str) -> str | None:
        """The zone's name as last read, however old that is, and known or not; None: never read."""
        kept = await self._shops.time_zone(shop)
        return None if kept is None else kept[0]

    async def of(self, shop: str) -> ZoneInfo:
        """The zone, read anew where that was long ago or it is not known any more; what was known stays good where it
        cannot be read.

        Raises ShopifyError where it was never known and cannot be read now; TimeZoneUnknown.
        """
        kept = await self._shops.time_zone(shop)
        zone = None if kept is None else _known(kept[0])
        if zone is not None and kept is not None and datetime.now(UTC) - kept[1] < FRESH:
            return zone
        try:
            zone = zone_of(await self._read(shop))
        except (ShopifyError, TimeZoneUnknown) as error:
            if zone is None:
                raise
            log.info("time_zone_not_read", shop=shop, reason=str(error))
        # Where it could not be read, what was known is kept anew: a shop that does not answer is not asked at each run.
        await self._shops.keep_time_zone(shop, zone.key)
        return zone

    async def _read(self, shop: str) -> object:
        reply = await self._client.call(shop, "shop", request_body(TIME_ZONE, {}), price=Price(assumed=1.0))
        zone: object = (reply.data.get("shop") or {}).get("ianaTimezone")
        return zone


def _known(name: str) -> ZoneInfo | None:
    try:
        return zone_of(name)
    except TimeZoneUnknown:
        return None
