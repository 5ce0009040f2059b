"""/api/shop: what the page has to know of the shop itself."""

from __future__ import annotations

from shared.mongodb.shops.shops import ShopStore
from tests.integration.api.api_setup import ApiShop


async def test_the_shops_time_zone_is_told_once_it_is_known(shop: ApiShop) -> None:
    """Without an answer of Shopify's there is no zone; one that was read is told, whether or not Shopify answers."""
    assert (await shop.call("GET", "/shop")).json == {"shop": shop.domain, "time_zone": None, "paused": None}
    keys = [key.get_secret_value() for key in shop.world.settings.token_keys]
    await ShopStore(shop.world.mongo.db, keys).keep_time_zone(shop.domain, "Europe/Berlin")
    assert (await shop.call("GET", "/shop")).json == {"shop": shop.domain, "time_zone": "Europe/Berlin", "paused": None}
