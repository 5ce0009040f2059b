"""Paused shops are asked now and then, by one cheap call, whether they answer again; those that do are resumed.

One that a person has paused is not asked: only a person resumes it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from shared.domain.words.pauses import ASKED
from shared.errors import ShopifyError, ShopifyRefused, ShopPaused
from shared.mongodb.shops.shops import PausedShop, ShopStore
from shared.shopify.calls.answers import FORBIDDEN, scopes_granted
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body
from shared.shopify.shop_queries import GRANTED_SCOPES, PROBE

log = structlog.get_logger()

FIRST_PROBE = timedelta(seconds=15)
"""After the pause; each further wait is twice as long."""

AT_ONCE = 16
"""Shops probed side by side: one that does not answer, as paused ones may, is waited for by few others."""

LONGEST_WAIT = timedelta(minutes=10)


class PauseProbe:
    """Probes paused shops. `client` must call although a shop is paused."""

    def __init__(self, shops: ShopStore, client: ShopifyClient, *, first: timedelta = FIRST_PROBE) -> None:
        self._shops = shops
        self._client = client
        self._first = first

    async def run(self) -> None:
        """Probe the shops whose turn it is; several replicas share them."""
        now = datetime.now(UTC)
        due = [shop for shop in await self._shops.paused() if shop.reason != ASKED and now >= self._due(shop)]
        places = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._take(shop, places) for shop in due))

    async def _take(self, shop: PausedShop, places: asyncio.Semaphore) -> None:
        async with places:
            if await self._shops.take_probe(shop):
                await self._probe(shop)

    def _due(self, shop: PausedShop) -> datetime:
        wait: timedelta = min(LONGEST_WAIT, self._first * (1 << min(shop.probes, 20)))
        return (shop.probed_at or shop.paused_at) + wait

    async def _probe(self, shop: PausedShop) -> None:
        try:
            if shop.reason == FORBIDDEN and shop.detail is not None:
                await self._check_scopes(shop.domain, shop.detail)
            else:
                await self._client.call(shop.domain, "shop", request_body(PROBE, {}), price=Price(assumed=1.0))
        except ShopifyRefused as refused:
            log.info("probe_refused", shop=shop.domain, reason=str(refused))
        except ShopifyError as error:
            log.info("still_paused", shop=shop.domain, probes=shop.probes + 1, reason=str(error))
        else:
            if await self._shops.resume(shop.domain):
                log.info("shop_resumed", shop=shop.domain, probes=shop.probes + 1)

    async def _check_scopes(self, domain: str, needed: str) -> None:
        """Ask what is granted: no permission is needed for that. Raises ShopPaused while it is not enough."""
        body = request_body(GRANTED_SCOPES, {})
        reply = await self._client.call(domain, "currentAppInstallation", body, price=Price(assumed=2.0))
        granted = [scope["handle"] for scope in reply.data["currentAppInstallation"]["accessScopes"]]
        if not scopes_granted(needed, granted):
            raise ShopPaused(domain, FORBIDDEN, needed)
