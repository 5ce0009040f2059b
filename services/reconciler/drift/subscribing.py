"""Webhook subscriptions that have gone are made again: Shopify drops one after eight failures in a row."""

from __future__ import annotations

import structlog

from shared.shopify.client import ShopifyClient
from shared.shopify.subscriptions import NEEDED_TOPICS, create_subscription, list_subscriptions

log = structlog.get_logger()


class Subscribing:
    """Keeps a shop's subscriptions. Without an address it leaves them alone: they may be set in the app's settings."""

    def __init__(self, client: ShopifyClient, url: str | None) -> None:
        self._client = client
        self._url = url

    async def check(self, shop: str) -> list[str]:
        """Make what is missing at our address; answers those topics. Raises what the Shopify adapter raises."""
        if self._url is None:
            return []
        present = {s.topic for s in await list_subscriptions(self._client, shop) if s.uri == self._url}
        made = [topic for topic in NEEDED_TOPICS if topic not in present]
        for topic in made:
            await create_subscription(self._client, shop, topic, self._url)
        if made:
            log.warning("subscriptions_made_again", shop=shop, topics=made)
        return made
