"""Products, variants and inventory items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simulator.graphql.connections import window
from simulator.graphql.context import Context
from simulator.resolvers.common import count_of, id_of, items_by_key, time_of
from simulator.resolvers.levels import active_levels, level_of_item, levels_of_item, total_available
from simulator.resolvers.registry import attribute, constant, fields
from simulator.shop.shop import Item, Product, Variant
from simulator.shop.stock import iso_utc


def _live_variants(product: Product) -> list[Variant]:
    return [variant for variant in product.variants if not variant.item.deleted]


def _total(product: Product, context: Context, _arguments: Mapping[str, Any]) -> int:
    """Recorded up to date, and recorded behind: Shopify sums it up now and then. How far it lags is a switch."""
    items = [variant.item for variant in _live_variants(product) if variant.item.tracked]
    lag = context.simulator.open_points.totals_lag_seconds
    if lag == 0:
        return sum(total_available(context, item) for item in items)
    # What was deactivated since is still in it, and what was stocked since is not.
    then = context.now - timedelta(seconds=lag)
    present = sum(total_available(context, item, then) for item in items)
    since, ids = iso_utc(then), {item.id for item in items}
    recent = (entry for entry in context.tenant.stock.ledger if entry.at > since and entry.item_id in ids)
    return present - sum(entry.delta for entry in recent)


def _display_name(variant: Variant) -> str:
    if variant.title == "Default Title":
        return variant.product.title
    return f"{variant.product.title} - {variant.title}"


fields(
    "InventoryItem",
    {
        "id": id_of("InventoryItem"),
        "legacyResourceId": attribute("id"),
        "sku": attribute("sku"),
        "tracked": attribute("tracked"),
        "requiresShipping": constant(True),
        "countryCodeOfOrigin": constant(None),
        "provinceCodeOfOrigin": constant(None),
        "harmonizedSystemCode": constant(None),
        "measurement": lambda item, _c, _a: item,
        "createdAt": time_of("created_at"),
        "updatedAt": time_of("updated_at"),
        "duplicateSkuCount": lambda item, context, _a: sum(
            1
            for other in context.tenant.shop.items.values()
            if item.sku and other.sku == item.sku and other is not item and not other.deleted
        ),
        "locationsCount": lambda item, context, _a: count_of(len(active_levels(context, item))),
        "variant": attribute("variant"),
        "variants": lambda item, _c, arguments: window([item.variant], arguments),
        "inventoryLevel": level_of_item,
        "inventoryLevels": levels_of_item,
    },
    Item,
)
fields(
    "Product",
    {
        "id": id_of("Product"),
        "legacyResourceId": attribute("id"),
        "title": attribute("title"),
        "handle": attribute("handle"),
        "status": attribute("status"),
        "tags": attribute("tags"),
        "vendor": attribute("vendor"),
        "productType": attribute("kind"),
        "totalInventory": _total,
        "tracksInventory": lambda product, _c, _a: any(v.item.tracked for v in _live_variants(product)),
        "createdAt": time_of("created_at"),
        "updatedAt": time_of("updated_at"),
        "variants": lambda product, _c, arguments: window(_live_variants(product), arguments),
        "variantsCount": lambda product, _c, _a: count_of(len(_live_variants(product))),
    },
    Product,
)
fields(
    "ProductVariant",
    {
        "id": id_of("ProductVariant"),
        "legacyResourceId": attribute("id"),
        "title": attribute("title"),
        "displayName": lambda variant, _c, _a: _display_name(variant),
        "sku": lambda variant, _c, _a: variant.item.sku,
        "barcode": attribute("barcode"),
        "position": lambda variant, _c, _a: variant.product.variants.index(variant) + 1,
        "inventoryQuantity": lambda variant, context, _a: total_available(context, variant.item),
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
fields(
    "InventoryItemMeasurement",
    {
        "id": lambda item, _c, _a: f"gid://shopify/InventoryItemMeasurement/{item.id}",
        "weight": constant({"unit": "KILOGRAMS", "value": 0}),
    },
)
fields("Weight", items_by_key(("unit", "value")))
