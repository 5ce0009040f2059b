"""The shop itself, its locations and fulfillment services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from simulator.graphql.connections import window
from simulator.graphql.context import Context
from simulator.resolvers.common import id_of, items_by_key, time_of
from simulator.resolvers.levels import level_at_location, levels_at_location
from simulator.resolvers.registry import Resolver, attribute, constant, fields
from simulator.shop.shop import Location, Shop

_Arguments = Mapping[str, Any]


def _has_stock(location: Location, context: Context, _arguments: _Arguments) -> bool:
    levels = context.tenant.shop.levels_at_location.get(location.id, {}).values()
    return any(level.on_hand for level in levels if level.active)


def _fulfills(location: Location, _context: Context, _arguments: _Arguments) -> bool:
    return location.active and location.fulfills_online_orders


def _ships(location: Location, context: Context, arguments: _Arguments) -> bool:
    """Whether orders are shipped from here: it takes part in online orders, and its stock is the shop's own."""
    return _fulfills(location, context, arguments) and not location.fulfillment_service


def _has_unfulfilled(location: Location, context: Context, _arguments: _Arguments) -> bool:
    """Units are sold here that nobody has shipped yet."""
    return any(level.committed for level in context.tenant.shop.levels_at_location.get(location.id, {}).values())


def _can_be_deactivated(location: Location, context: Context, arguments: _Arguments) -> bool:
    """Recorded: true of an empty location, whether it is active or not. Not with orders to fulfil, not a fulfilment
    service's, and not the last one that fulfils online orders (documented).
    """
    if location.fulfillment_service or _has_unfulfilled(location, context, arguments):
        return False
    if not _fulfills(location, context, arguments):
        return True
    others = (other for other in context.tenant.shop.locations.values() if other is not location)
    return any(_ships(other, context, arguments) for other in others)


def _offset_minutes(shop: Shop, context: Context) -> int:
    offset = context.now.astimezone(ZoneInfo(shop.timezone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60)


def _offset(shop: Shop, context: Context, _arguments: _Arguments) -> str:
    minutes = _offset_minutes(shop, context)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{rest:02d}"


def _plan(shop: Shop, _context: Context, _arguments: _Arguments) -> dict[str, Any]:
    name = shop.plan_name.capitalize()
    return {
        "displayName": name,
        "publicDisplayName": name,
        "partnerDevelopment": False,
        "shopifyPlus": shop.plan_name in ("plus", "enterprise"),
    }


fields(
    "Shop",
    {
        "id": constant("gid://shopify/Shop/92891250994"),
        "name": attribute("name"),
        "email": lambda shop, _c, _a: f"owner@{shop.domain}",
        "myshopifyDomain": attribute("domain"),
        "ianaTimezone": attribute("timezone"),
        "timezoneOffset": _offset,
        "timezoneOffsetMinutes": lambda shop, context, _a: _offset_minutes(shop, context),
        "currencyCode": constant("USD"),
        "plan": _plan,
        "createdAt": time_of("created_at"),
    },
    Shop,
)
fields("ShopPlan", items_by_key(("displayName", "partnerDevelopment", "publicDisplayName", "shopifyPlus")))
fields("AppInstallation", items_by_key(("id", "accessScopes")))
fields("AccessScope", items_by_key(("description", "handle")))
fields("App", items_by_key(("id", "title", "handle")))
fields(
    "Location",
    {
        "id": id_of("Location"),
        "legacyResourceId": attribute("id"),
        "name": attribute("name"),
        "isActive": attribute("active"),
        "isFulfillmentService": attribute("fulfillment_service"),
        "fulfillmentService": lambda place, _c, _a: place if place.fulfillment_service else None,
        "activatable": constant(True),
        "deactivatable": _can_be_deactivated,
        "deactivatedAt": time_of("deactivated_at"),
        "deletable": lambda place, _c, _a: not place.active,
        "fulfillsOnlineOrders": _fulfills,
        "hasActiveInventory": _has_stock,
        "hasUnfulfilledOrders": _has_unfulfilled,
        "isPrimary": lambda place, context, _a: next(iter(context.tenant.shop.locations), None) == place.id,
        "shipsInventory": _ships,
        "address": lambda place, _c, _a: place.address,
        "addressVerified": constant(False),
        "suggestedAddresses": attribute("suggested_addresses"),
        "metafield": constant(None),
        "metafields": lambda _place, _c, arguments: window([], arguments),
        "createdAt": time_of("created_at"),
        "updatedAt": time_of("updated_at"),
        "inventoryLevel": level_at_location,
        "inventoryLevels": levels_at_location,
    },
    Location,
)
fields(
    "FulfillmentService",
    {
        "id": lambda place, _c, _a: f"gid://shopify/FulfillmentService/{place.id}?id=true",
        "handle": lambda place, _c, _a: place.name.lower().replace(" ", "-"),
        "serviceName": attribute("name"),
        "inventoryManagement": attribute("inventory_management"),
        "trackingSupport": constant(True),
        "type": constant("THIRD_PARTY"),
        "location": lambda place, _c, _a: place,
    },
)
_ADDRESS = ("address1", "address2", "city", "country", "countryCode", "province", "provinceCode", "zip")


def _part(name: str) -> Resolver:
    return lambda address, _context, _arguments: address.get(name)


def _lines(address: Mapping[str, Any], _context: Context, _arguments: _Arguments) -> list[str]:
    """Street, then city, province and code, then country, as far as they are known."""
    town = " ".join(address[name] for name in ("city", "provinceCode", "zip") if address.get(name))
    lines = [address.get("address1"), address.get("address2"), town, address.get("country")]
    return [line for line in lines if line]


_fields_of_address = {name: _part(name) for name in _ADDRESS} | {"formatted": _lines}
fields("LocationSuggestedAddress", _fields_of_address)
fields("LocationAddress", _fields_of_address | {name: _part(name) for name in ("latitude", "longitude", "phone")})
fields("Metafield", items_by_key(("id", "legacyResourceId", "key", "namespace", "type", "value")))
