"""Fields of shops, locations, items, levels, products and variants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from simulator.connections import Page, by_row, window
from simulator.context import Context
from simulator.errors import FieldError
from simulator.resolvers.registry import Resolver, attribute, constant, fields
from simulator.search import matcher
from simulator.shop import Item, Level, Location, Product, Shop, Variant, gid, number_of
from simulator.stock import iso_utc

QUANTITY_NAMES: Final = (
    "available",
    "committed",
    "damaged",
    "incoming",
    "on_hand",
    "quality_control",
    "reserved",
    "safety_stock",
)
_Arguments = Mapping[str, Any]


class Quantity(tuple[Level, str, int, datetime | None]):
    """One named quantity of a level: level, name, quantity, time of its last change."""

    __slots__ = ()


def _gid(kind: str) -> Resolver:
    return lambda source, _context, _arguments: f"gid://shopify/{kind}/{source.id}"


def _time(name: str) -> Resolver:
    def resolve(source: Any, _context: Context, _arguments: _Arguments) -> str | None:
        at = getattr(source, name)
        return None if at is None else iso_utc(at)

    return resolve


def whole_second(at: datetime) -> datetime:
    """Search has a resolution of one second."""
    return at.replace(microsecond=0)


# Recorded: `location_id` in the query of an item's levels is ignored, `inventory_item_id` is not.
_LEVEL_SEARCH: Final[Mapping[str, Any]] = {
    "inventory_item_id": lambda level: int(level.item.id),
    "updated_at": lambda level: whole_second(level.updated_at),
    "created_at": lambda level: whole_second(level.created_at),
}


def _levels(levels: Any, arguments: _Arguments) -> Page:
    inactive = bool(arguments.get("includeInactive"))
    found = [level for level in levels if (inactive or level.active) and not level.item.deleted]
    matches = matcher(arguments.get("query"), _LEVEL_SEARCH)
    if matches is not None:
        found = [level for level in found if matches(level)]
    found.sort(key=lambda level: level.row)
    return window(found, arguments, by_row)


def _levels_of_item(item: Item, context: Context, arguments: _Arguments) -> Page:
    return _levels(context.tenant.shop.levels_of_item.get(item.id, {}).values(), arguments)


def _levels_at_location(location: Location, context: Context, arguments: _Arguments) -> Page:
    return _levels(context.tenant.shop.levels_at_location.get(location.id, {}).values(), arguments)


def _one_level(level: Level | None, arguments: _Arguments) -> Level | None:
    if level is None or level.item.deleted:
        return None
    return level if level.active or arguments.get("includeInactive") else None


def _level_of_item(item: Item, context: Context, arguments: _Arguments) -> Level | None:
    location_id = number_of(arguments["locationId"], "Location") or ""
    return _one_level(context.tenant.shop.level(item.id, location_id), arguments)


def _level_at_location(location: Location, context: Context, arguments: _Arguments) -> Level | None:
    item_id = number_of(arguments["inventoryItemId"], "InventoryItem") or ""
    return _one_level(context.tenant.shop.level(item_id, location.id), arguments)


def _quantities(level: Level, _context: Context, arguments: _Arguments) -> list[Quantity]:
    return [_quantity(level, name) for name in arguments["names"]]


def _quantity(level: Level, name: str) -> Quantity:
    if name == "available":
        return Quantity((level, name, level.available, level.available_at))
    if name == "committed":
        return Quantity((level, name, level.committed, level.committed_at))
    if name == "on_hand":
        return Quantity((level, name, level.on_hand, None))  # recorded: null even right after a change
    if name in QUANTITY_NAMES:
        return Quantity((level, name, 0, None))
    listed = ", ".join(QUANTITY_NAMES)
    raise FieldError(f"The quantity name '{name}' is invalid. Valid values are: {listed}.", {"code": "BAD_REQUEST"})


def _quantity_time(source: Quantity, _context: Context, _arguments: _Arguments) -> str | None:
    return None if source[3] is None else iso_utc(source[3])


def _can_deactivate(level: Level, context: Context, _arguments: _Arguments) -> bool:
    return level.active and len(active_levels(context, level.item)) > 1


def active_levels(context: Context, item: Item) -> list[Level]:
    """Where an item is stocked."""
    return [level for level in context.tenant.shop.levels_of_item.get(item.id, {}).values() if level.active]


def _total(context: Context, item: Item) -> int:
    return sum(level.available for level in active_levels(context, item))


def _count(number: int) -> dict[str, Any]:
    return {"count": number, "precision": "EXACT"}


def _has_stock(location: Location, context: Context, _arguments: _Arguments) -> bool:
    levels = context.tenant.shop.levels_at_location.get(location.id, {}).values()
    return any(level.on_hand for level in levels if level.active)


def _live_variants(product: Product) -> list[Variant]:
    return [variant for variant in product.variants if not variant.item.deleted]


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


def _display_name(variant: Variant) -> str:
    if variant.title == "Default Title":
        return variant.product.title
    return f"{variant.product.title} - {variant.title}"


def items_by_key(names: tuple[str, ...]) -> dict[str, Resolver]:
    """Fields read from a dict by their own names."""
    return {name: _by_key(name) for name in names}


def _by_key(name: str) -> Resolver:
    return lambda source, _context, _arguments: source[name]


def _connection(kind: str) -> None:
    fields(
        f"{kind}Connection",
        {
            "nodes": attribute("nodes"),
            "edges": lambda page, _c, _a: [(page.cursor(node), node) for node in page.nodes],
            "pageInfo": lambda page, _c, _a: page,
        },
    )
    fields(
        f"{kind}Edge",
        {"cursor": lambda edge, _c, _a: edge[0], "node": lambda edge, _c, _a: edge[1]},
    )


for _kind in ("InventoryItem", "InventoryLevel", "Location", "Product", "ProductVariant"):
    _connection(_kind)
_connection("WebhookSubscription")
_connection("BulkOperation")

fields(
    "PageInfo",
    {
        "hasNextPage": attribute("has_next"),
        "hasPreviousPage": attribute("has_previous"),
        "startCursor": lambda page, _c, _a: page.cursor(page.nodes[0]) if page.nodes else None,
        "endCursor": lambda page, _c, _a: page.cursor(page.nodes[-1]) if page.nodes else None,
    },
)
fields("Count", items_by_key(("count", "precision")))
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
        "createdAt": _time("created_at"),
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
        "id": _gid("Location"),
        "legacyResourceId": attribute("id"),
        "name": attribute("name"),
        "isActive": attribute("active"),
        "isFulfillmentService": attribute("fulfillment_service"),
        "fulfillmentService": lambda place, _c, _a: place if place.fulfillment_service else None,
        "activatable": constant(True),
        "deactivatable": constant(True),
        "deactivatedAt": _time("deactivated_at"),
        "deletable": lambda place, _c, _a: not place.active,
        "fulfillsOnlineOrders": attribute("active"),
        "hasActiveInventory": _has_stock,
        "hasUnfulfilledOrders": constant(False),
        "isPrimary": lambda place, context, _a: next(iter(context.tenant.shop.locations), None) == place.id,
        "shipsInventory": attribute("active"),
        "createdAt": _time("created_at"),
        "updatedAt": _time("updated_at"),
        "inventoryLevel": _level_at_location,
        "inventoryLevels": _levels_at_location,
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
fields(
    "InventoryItem",
    {
        "id": _gid("InventoryItem"),
        "legacyResourceId": attribute("id"),
        "sku": attribute("sku"),
        "tracked": attribute("tracked"),
        "requiresShipping": constant(True),
        "createdAt": _time("created_at"),
        "updatedAt": _time("updated_at"),
        "duplicateSkuCount": lambda item, context, _a: sum(
            1
            for other in context.tenant.shop.items.values()
            if item.sku and other.sku == item.sku and other is not item and not other.deleted
        ),
        "locationsCount": lambda item, context, _a: _count(len(active_levels(context, item))),
        "variant": attribute("variant"),
        "variants": lambda item, _c, arguments: window([item.variant], arguments),
        "inventoryLevel": _level_of_item,
        "inventoryLevels": _levels_of_item,
    },
    Item,
)
fields(
    "InventoryLevel",
    {
        "id": attribute("gid"),
        "isActive": attribute("active"),
        "canDeactivate": _can_deactivate,
        "deactivationAlert": constant(None),
        "createdAt": _time("created_at"),
        "updatedAt": _time("updated_at"),
        "item": attribute("item"),
        "location": attribute("location"),
        "quantities": _quantities,
    },
    Level,
)
fields(
    "InventoryQuantity",
    {
        "id": lambda source, _c, _a: (
            f"gid://shopify/InventoryQuantity/{source[0].location.level_number}"
            f"?inventory_item_id={source[0].item.id}&name={source[1]}"
        ),
        "name": lambda source, _c, _a: source[1],
        "quantity": lambda source, _c, _a: source[2],
        "updatedAt": _quantity_time,
    },
    Quantity,
)
fields(
    "Product",
    {
        "id": _gid("Product"),
        "legacyResourceId": attribute("id"),
        "title": attribute("title"),
        "handle": attribute("handle"),
        "status": attribute("status"),
        "tags": attribute("tags"),
        "vendor": attribute("vendor"),
        "productType": attribute("kind"),
        "totalInventory": lambda product, context, _a: sum(
            _total(context, variant.item) for variant in _live_variants(product) if variant.item.tracked
        ),
        "tracksInventory": lambda product, _c, _a: any(v.item.tracked for v in _live_variants(product)),
        "createdAt": _time("created_at"),
        "updatedAt": _time("updated_at"),
        "variants": lambda product, _c, arguments: window(_live_variants(product), arguments),
        "variantsCount": lambda product, _c, _a: _count(len(_live_variants(product))),
    },
    Product,
)
fields(
    "ProductVariant",
    {
        "id": _gid("ProductVariant"),
        "legacyResourceId": attribute("id"),
        "title": attribute("title"),
        "displayName": lambda variant, _c, _a: _display_name(variant),
        "sku": lambda variant, _c, _a: variant.item.sku,
        "barcode": attribute("barcode"),
        "position": lambda variant, _c, _a: variant.product.variants.index(variant) + 1,
        "inventoryQuantity": lambda variant, context, _a: _total(context, variant.item),
        "requiresComponents": lambda variant, _c, _a: variant.item.bundle,
        "createdAt": lambda variant, _c, _a: iso_utc(variant.item.created_at),
        "updatedAt": lambda variant, _c, _a: iso_utc(variant.item.updated_at),
        "product": attribute("product"),
        "inventoryItem": attribute("item"),
        "selectedOptions": attribute("options"),
    },
    Variant,
)
fields("SelectedOption", {"name": lambda pair, _c, _a: pair[0], "value": lambda pair, _c, _a: pair[1]})

__all__ = ["QUANTITY_NAMES", "active_levels", "gid", "items_by_key", "whole_second"]
