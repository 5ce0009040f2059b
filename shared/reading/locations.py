"""The shop's locations, read from Shopify and kept."""

from __future__ import annotations

from shared.mongodb.catalogue.boms import BomStore, Location
from shared.shopify.reads.reads import ShopifyReads, ShopLocation


def location_of(place: ShopLocation) -> Location:
    """What Shopify says of a location, in the form in which it is kept."""
    return Location(place.location_id, place.name, place.active, place.managed_elsewhere)


async def refresh_locations(shop: str, boms: BomStore, shopify: ShopifyReads) -> dict[str, Location]:
    """Read all locations, store them, and answer what is stored. Raises what the Shopify adapter raises."""
    listed = await shopify.locations(shop)
    await boms.keep_locations(shop, [location_of(place) for place in listed])
    return await boms.locations(shop)


async def known_locations(shop: str, boms: BomStore, shopify: ShopifyReads) -> dict[str, Location]:
    """The stored locations; read from Shopify only where none are stored yet."""
    return await boms.locations(shop) or await refresh_locations(shop, boms, shopify)
