"""A command's calls to Shopify."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from shared.mongodb.connection import Mongo
from shared.setting_groups import ShopifySettings
from shared.shop_life.wiring import ShopLife
from shared.shopify.calls.client import Access, ShopifyClient
from shared.shopify.calls.session import shopify_session


@dataclass(frozen=True, slots=True)
class Calls:
    """One HTTP session, and what may be sent over it."""

    settings: ShopifySettings
    mongo: Mongo
    http: aiohttp.ClientSession

    def with_stored_tokens(self) -> ShopifyClient:
        """Calls for any shop with the tokens that are stored for it."""
        return ShopLife.of(self.settings, self.mongo, self.http).client

    def with_access(self, access: Access) -> ShopifyClient:
        """Calls with tokens from elsewhere."""
        return ShopifyClient(self.http, access, self.settings.shopify_url, self.settings.shopify_api_version)


@asynccontextmanager
async def open_calls(settings: ShopifySettings, mongo: Mongo) -> AsyncIterator[Calls]:
    """Open the session; nothing is sent yet."""
    async with shopify_session() as http:
        yield Calls(settings, mongo, http)
