"""/api/shop: the shop itself."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from services.preview.api.shop.models import ShopOut
from shared.errors import ShopifyError, TimeZoneUnknown

PATIENCE = 2.0
"""Seconds for Shopify to tell a zone that was read long ago or never: what the page shows meanwhile is right, too."""


async def get_shop(call: Call[NoParameters, None]) -> Answer:
    """GET /api/shop."""
    zones = call.deps.zones
    try:
        async with asyncio.timeout(PATIENCE):
            zone: str | None = (await zones.of(call.shop)).key
    except (TimeoutError, ShopifyError, TimeZoneUnknown):
        zone = await zones.last_read(call.shop)
    return Answer(ShopOut(shop=call.shop, time_zone=zone))


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/shop",
        name="getShop",
        tag="shop",
        summary="The shop itself: its domain and its time zone",
        params=NoParameters,
        handler=get_shop,
        answers={HTTPStatus.OK: ShopOut},
    ),
)
