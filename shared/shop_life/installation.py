"""Installing a shop: its session token is exchanged for tokens of its own, then webhooks and locations are set up."""

from __future__ import annotations

import asyncio

import structlog

from shared.errors import ShopifyError, ShopifyUnclear
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.shops.shops import Shop, ShopStore
from shared.mongodb.shops.tokens import TokenStore
from shared.reading.locations import refresh_locations
from shared.shop_life.access import granted_of
from shared.shopify.calls.tokens import TokenEndpoint, TokenRefused
from shared.shopify.reads.reads import ShopifyReads
from shared.shopify.writes.subscriptions import Subscriptions

log = structlog.get_logger()

LONGEST_WAIT = 30.0
"""Seconds to wait for another request or replica that is installing the same shop."""

_LOOK_AGAIN = 0.1


class Installation:
    """Installs shops, once however many requests ask for it at the same time. `webhook_url` None: no subscriptions."""

    def __init__(
        self,
        *,
        shops: ShopStore,
        tokens: TokenStore,
        endpoint: TokenEndpoint,
        boms: BomStore,
        reads: ShopifyReads,
        subscriptions: Subscriptions,
        webhook_url: str | None,
    ) -> None:
        self._shops = shops
        self._tokens = tokens
        self._endpoint = endpoint
        self._boms = boms
        self._reads = reads
        self._subscriptions = subscriptions
        self._webhook_url = webhook_url

    async def by_session_token(self, domain: str, session_token: str) -> Shop:
        """Install the shop by a session token that was verified. A set-up that fails is made up for later.

        Raises TokenRefused where Shopify does not take the token, and any other ShopifyError where it cannot say.
        """
        shop = await self._my_turn(domain)
        if shop is not None:
            return shop
        try:
            grant = await self._endpoint.exchange(domain, session_token)
        except TokenRefused as refused:
            log.warning("install_refused", shop=domain, code=refused.code)
            await self._tokens.not_installed(domain)
            raise
        except BaseException:
            await self._tokens.not_installed(domain)
            raise
        await self._tokens.installed(domain, granted_of(grant), grant.granted_at)
        log.info("shop_installed", shop=domain, scopes=grant.scopes)
        await self.set_up(domain)
        installed = await self._shops.get(domain)
        if installed is None:
            raise ShopifyUnclear(f"{domain} was removed while it was installed")
        return installed

    async def _my_turn(self, domain: str) -> Shop | None:
        """None where this caller is to install; else the shop that another caller has installed meanwhile."""
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                while True:
                    shop = await self._shops.get(domain)
                    if shop is not None and not shop.needs_a_session_token:
                        return shop
                    if await self._tokens.take_install(domain):
                        return None
                    await asyncio.sleep(_LOOK_AGAIN)
        except TimeoutError:
            raise ShopifyUnclear(f"the installation of {domain} has not ended") from None

    async def set_up(self, domain: str) -> bool:
        """Read the locations and make the subscriptions that are missing; returns whether all is done.

        Safe to repeat. What fails now stays due.
        """
        if not await self._tokens.take_set_up(domain):
            return False
        try:
            await refresh_locations(domain, self._boms, self._reads)
            if self._webhook_url is None:
                log.warning("no_webhooks", shop=domain, remedy="set TRUEUP_WEBHOOK_URL")
            else:
                made = await self._subscriptions.ensure(domain, self._webhook_url)
                present, removed = len(made.present), made.removed
                log.info("webhooks_set_up", shop=domain, made=len(made.made), present=present, removed=removed)
        except ShopifyError as error:
            log.warning("set_up_failed", shop=domain, reason=str(error))
            return False
        await self._tokens.set_up(domain)
        return True

    async def set_up_due(self) -> None:
        """Make up for set-ups that failed, or whose process died."""
        # Side by side: a shop whose Shopify does not answer holds no other's set-up up.
        await asyncio.gather(*(self.set_up(domain) for domain in await self._tokens.to_set_up()))
