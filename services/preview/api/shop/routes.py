"""/api/shop: the shop itself, and whether it goes on."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from services.preview.api.http.responses.problem import conflict
from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from services.preview.api.shop.models import ShopOut
from services.preview.api.shop.view import shop_out
from shared.domain.words.pauses import ASKED
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
    return Answer(shop_out(call.shop, zone, await call.deps.shops.get(call.shop)))


async def post_pause(call: Call[NoParameters, None]) -> Answer:
    """POST /api/shop/pause."""
    shops = call.deps.shops
    if not await shops.pause(call.shop, ASKED):
        known = await shops.get(call.shop)
        if known is None or known.pause_reason != ASKED:
            message = "The shop does not go on now, for a reason of its own."
            raise conflict("shop-not-active", "path", message, "See `paused` of GET /api/shop.")
    return await _as_it_stands(call)


async def post_resume(call: Call[NoParameters, None]) -> Answer:
    """POST /api/shop/resume."""
    known = await call.deps.shops.get(call.shop)
    if known is not None and known.pause is not None:
        if known.pause_reason != ASKED:
            raise conflict("pause-not-asked", "path", known.pause.message, known.pause.remedy)
        await call.deps.shops.resume(call.shop)
    return await _as_it_stands(call)


async def _as_it_stands(call: Call[NoParameters, None]) -> Answer:
    zone = await call.deps.zones.last_read(call.shop)
    return Answer(shop_out(call.shop, zone, await call.deps.shops.get(call.shop)))


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
    Route(
        method="POST",
        path="/api/shop/pause",
        name="pauseShop",
        act="shop.pause",
        tag="shop",
        summary="Send nothing to Shopify for the shop until it is resumed",
        description="Runs wait and go on by themselves. Only a resume ends it, not an answer of Shopify's.",
        params=NoParameters,
        handler=post_pause,
        answers={HTTPStatus.OK: ShopOut},
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        method="POST",
        path="/api/shop/resume",
        name="resumeShop",
        act="shop.resume",
        tag="shop",
        summary="Let a shop go on that was paused by a request",
        params=NoParameters,
        handler=post_resume,
        answers={HTTPStatus.OK: ShopOut},
        problems=(HTTPStatus.CONFLICT,),
    ),
)
