"""Shops that Shopify wants redacted although they seemed to have the app: looked at, and deleted once they are gone."""

from __future__ import annotations

import structlog

from shared.errors import ShopifyError
from shared.mongodb.redaction import Redaction
from shared.shopify.client import ShopifyClient
from shared.shopify.costs import Price
from shared.shopify.requests import request_body
from shared.shopify.shop_queries import PROBE

log = structlog.get_logger()


class Redacting:
    """Follows up `shop/redact`. An uninstall of which nobody told shows as a refused token at the next call."""

    def __init__(self, redaction: Redaction, client: ShopifyClient) -> None:
        self._redaction = redaction
        self._client = client

    async def run(self) -> None:
        """Delete what is gone; ask the others by one cheap call."""
        for shop, gone in await self._redaction.asked():
            if gone:
                deleted = await self._redaction.redact(shop)
                log.warning("shop_redacted", shop=shop, deleted=deleted)
            else:
                await self._ask(shop)

    async def _ask(self, shop: str) -> None:
        try:
            await self._client.call(shop, "shop", request_body(PROBE, {}), price=Price(assumed=1.0))
        except ShopifyError as error:
            log.info("not_redacted_yet", shop=shop, reason=str(error))
        else:
            await self._redaction.not_gone(shop)
            log.warning("not_redacted", shop=shop, reason="it has the app: Shopify takes its calls")
