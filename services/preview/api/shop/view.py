"""A shop as it is shown."""

from __future__ import annotations

from services.preview.api.http.reference.explained import pause_of
from services.preview.api.shop.models import ShopOut
from shared.mongodb.shops.shops import Shop


def shop_out(domain: str, time_zone: str | None, shop: Shop | None) -> ShopOut:
    """As the API shows it."""
    return ShopOut(shop=domain, time_zone=time_zone, paused=pause_of(shop))
