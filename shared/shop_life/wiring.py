"""The parts of a shop's life put together, the same for every service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.shops.subscriptions import SubscriptionStore
from shared.mongodb.shops.tokens import TokenStore
from shared.setting_groups import ShopifySettings
from shared.shop_life.access import AlthoughPaused, ShopAccess
from shared.shop_life.installation import Installation
from shared.shop_life.pause_probe import FIRST_PROBE, PauseProbe
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.tokens import TokenEndpoint
from shared.shopify.reads.reads import ShopifyReads
from shared.shopify.writes.subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class ShopLife:
    """`client` calls for any shop with tokens that are renewed by themselves; `asking` although a shop is paused."""

    shops: ShopStore
    client: ShopifyClient
    asking: ShopifyClient
    installation: Installation
    pause_probe: PauseProbe

    @classmethod
    def of(
        cls,
        settings: ShopifySettings,
        mongo: Mongo,
        http: aiohttp.ClientSession,
        *,
        webhook_url: str | None = None,
        first_probe: timedelta = FIRST_PROBE,
    ) -> ShopLife:
        """Join them over one database and one HTTP session. `webhook_url`: for whoever sets shops up."""
        keys = settings.fernet_keys
        shops, tokens = ShopStore(mongo.db, keys), TokenStore(mongo.db, keys)
        url, version = settings.shopify_url, settings.shopify_api_version
        endpoint = TokenEndpoint(http, url, settings.shopify_client_id, settings.client_secrets)
        access = ShopAccess(shops, tokens, endpoint)
        client = ShopifyClient(http, access, url, version)
        asking = ShopifyClient(http, AlthoughPaused(access, tokens), url, version)
        return cls(
            shops=shops,
            client=client,
            asking=asking,
            installation=Installation(
                shops=shops,
                tokens=tokens,
                endpoint=endpoint,
                boms=BomStore(mongo.db, mongo.transactions),
                reads=ShopifyReads(client),
                subscriptions=Subscriptions(client, SubscriptionStore(mongo.db)),
                webhook_url=webhook_url,
            ),
            pause_probe=PauseProbe(shops, asking, first=first_probe),
        )
