"""Webhook subscriptions that have gone are made again: Shopify drops one after eight failures in a row."""

from __future__ import annotations

import structlog

from shared.shopify.writes.subscriptions import Subscriptions

log = structlog.get_logger()


class SubscriptionRenewal:
    """Keeps a shop's subscriptions. Without an address it leaves them alone: they may be set in the app's settings."""

    def __init__(self, subscriptions: Subscriptions, url: str | None) -> None:
        self._subscriptions = subscriptions
        self._url = url

    async def check(self, shop: str) -> list[str]:
        """Make what is missing at our address; returns those topics. Raises what the Shopify adapter raises."""
        if self._url is None:
            return []
        made = list((await self._subscriptions.ensure(shop, self._url)).made)
        if made:
            log.warning("subscriptions_made_again", shop=shop, topics=made)
        return made
