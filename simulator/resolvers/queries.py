"""The root fields that read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from simulator.graphql.connections import Page, by_id, window
from simulator.graphql.context import Context
from simulator.graphql.errors import FieldError, RequestError
from simulator.graphql.search import matcher
from simulator.resolvers.common import whole_second
from simulator.resolvers.registry import fields
from simulator.shop.shop import GID, Item, Product, Shop, Variant, number_of

MAXIMUM_INPUT: Final = 250
_Arguments = Mapping[str, Any]


def size_error(size: int, path: list[str | int]) -> RequestError:
    """The refusal of the whole request because a list in it is too long."""
    return RequestError(
        f"The input array size of {size} is greater than the maximum allowed of {MAXIMUM_INPUT}.",
        {"code": "MAX_INPUT_SIZE_EXCEEDED"},
        path=path,
    )


def _live_item(shop: Shop, number: str) -> Item | None:
    item = shop.items.get(number)
    return None if item is None or item.deleted else item


def _live_variant(shop: Shop, number: str) -> Variant | None:
    variant = shop.variants.get(number)
    return None if variant is None or variant.item.deleted else variant


def _live_product(shop: Shop, number: str) -> Product | None:
    product = shop.products.get(number)
    return None if product is None or all(variant.item.deleted for variant in product.variants) else product


_BY_KIND: Final[dict[str, Callable[[Shop, str], Any]]] = {
    "InventoryItem": _live_item,
    "ProductVariant": _live_variant,
    "Product": _live_product,
    "Location": lambda shop, number: shop.locations.get(number),
    "Shop": lambda shop, _number: shop,
}


_LARGEST_NUMBER: Final = 2**63 - 1


def _is_number(text: str) -> bool:
    """Whether Shopify could have given it: no leading zero, and within 64 bits with a sign."""
    return re.fullmatch("[1-9][0-9]{0,18}", text) is not None and int(text) <= _LARGEST_NUMBER


def _find(context: Context, text: str) -> Any:
    match = GID.fullmatch(text)
    if match is None or (match[1] in _BY_KIND and not _is_number(match[2])):
        raise FieldError(f"Invalid global id '{text}'", {"code": "argumentLiteralsIncompatible"})
    tenant = context.tenant
    kind, number = match[1], match[2]
    if kind == "InventoryLevel":
        return tenant.shop.level_by_gid(text)
    if kind == "WebhookSubscription":
        return tenant.webhooks.subscriptions.get(number)
    if kind == "BulkOperation":
        return tenant.bulk.operations.get(number)
    finder = _BY_KIND.get(kind)
    return None if finder is None else finder(tenant.shop, number)


def _nodes(_source: None, context: Context, arguments: _Arguments) -> list[Any]:
    ids = arguments["ids"]
    if len(ids) > MAXIMUM_INPUT:
        raise size_error(len(ids), ["nodes", "ids"])
    return [_find(context, text) for text in ids]


def _one(kind: str) -> Callable[[None, Context, _Arguments], Any]:
    def resolve(_source: None, context: Context, arguments: _Arguments) -> Any:
        return _find(context, arguments["id"]) if number_of(arguments["id"], kind) is not None else None

    return resolve


def _location(_source: None, context: Context, arguments: _Arguments) -> Any:
    if arguments.get("id") is None:
        return next(iter(context.tenant.shop.locations.values()), None)
    return context.tenant.shop.locations.get(number_of(arguments["id"], "Location") or "")


_LOCATION_SEARCH: Final[Mapping[str, Any]] = {
    "id": lambda place: int(place.id),
    "name": lambda place: place.name,
    "active": lambda place: place.active,
    "legacy": lambda place: place.legacy or place.fulfillment_service,
    "created_at": lambda place: whole_second(place.created_at),
}


def _by_name(place: Any) -> tuple[int, str]:
    return int(place.id), place.name


def _locations(_source: None, context: Context, arguments: _Arguments) -> Page:
    inactive, legacy = bool(arguments.get("includeInactive")), bool(arguments.get("includeLegacy"))
    # Recorded: locations of fulfillment services appear only with the legacy ones.
    found = [
        place
        for place in context.tenant.shop.locations.values()
        if (inactive or place.active) and (legacy or not (place.legacy or place.fulfillment_service))
    ]
    found = _matching(found, arguments, _LOCATION_SEARCH)
    if arguments.get("sortKey") == "ID":
        return window(sorted(found, key=by_id), arguments)
    return window(sorted(found, key=lambda place: (place.name, int(place.id))), arguments, _by_name)


def _locations_count(_source: None, context: Context, arguments: _Arguments) -> dict[str, Any]:
    found = list(context.tenant.shop.locations.values())  # recorded: inactive ones and services count, too
    return _limited(len(_matching(found, arguments, _LOCATION_SEARCH)), arguments)


def _limited(number: int, arguments: _Arguments) -> dict[str, Any]:
    limit = arguments.get("limit")
    if limit is not None and number > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": number, "precision": "EXACT"}


def _matching(found: Sequence[Any], arguments: _Arguments, search: Mapping[str, Any]) -> list[Any]:
    matches = matcher(arguments.get("query"), search)
    return list(found) if matches is None else [node for node in found if matches(node)]


_ITEM_SEARCH: Final[Mapping[str, Any]] = {
    "id": lambda item: int(item.id),
    "sku": lambda item: item.sku,
    "created_at": lambda item: whole_second(item.created_at),
    "updated_at": lambda item: whole_second(item.updated_at),
}
_VARIANT_SEARCH: Final[Mapping[str, Any]] = {
    "id": lambda variant: int(variant.id),
    "sku": lambda variant: variant.item.sku,
    "barcode": lambda variant: variant.barcode,
    "product_id": lambda variant: int(variant.product.id),
    "title": lambda variant: variant.title,
    "tag": lambda variant: variant.product.tags,
    "updated_at": lambda variant: whole_second(variant.item.updated_at),
}
_PRODUCT_SEARCH: Final[Mapping[str, Any]] = {
    "id": lambda product: int(product.id),
    "title": lambda product: product.title,
    "handle": lambda product: product.handle,
    "tag": lambda product: product.tags,
    "status": lambda product: product.status,
    "updated_at": lambda product: whole_second(product.updated_at),
}


def _inventory_items(_source: None, context: Context, arguments: _Arguments) -> Page:
    live = [item for item in context.tenant.shop.items.values() if not item.deleted]
    return window(sorted(_matching(live, arguments, _ITEM_SEARCH), key=by_id), arguments)


_WORDS: Final = re.compile(r'\s*"([^":]+)"\s*')
"""A query of words alone, which are looked for in several fields."""


def _has_words(variant: Variant, words: str) -> bool:
    held = " ".join((variant.product.title, variant.title, variant.item.sku or "", variant.barcode or "")).lower()
    return all(word in held for word in words.lower().split())


def _variants(_source: None, context: Context, arguments: _Arguments) -> Page:
    live = [variant for variant in context.tenant.shop.variants.values() if not variant.item.deleted]
    if (words := _WORDS.fullmatch(str(arguments.get("query") or ""))) is not None:
        live = [variant for variant in live if _has_words(variant, words[1])]
    return window(sorted(_matching(live, arguments, _VARIANT_SEARCH), key=by_id), arguments)


def _live_products(context: Context, arguments: _Arguments) -> list[Product]:
    shop = context.tenant.shop
    live = [product for product in shop.products.values() if _live_product(shop, product.id) is not None]
    return sorted(_matching(live, arguments, _PRODUCT_SEARCH), key=by_id)


fields(
    "QueryRoot",
    {
        "shop": lambda _s, context, _a: context.tenant.shop,
        "location": _location,
        "locations": _locations,
        "locationsCount": _locations_count,
        "node": lambda _s, context, arguments: _find(context, arguments["id"]),
        "nodes": _nodes,
        "inventoryItem": _one("InventoryItem"),
        "inventoryItems": _inventory_items,
        "inventoryLevel": _one("InventoryLevel"),
        "product": _one("Product"),
        "products": lambda _s, context, arguments: window(_live_products(context, arguments), arguments),
        "productsCount": lambda _s, context, arguments: _limited(len(_live_products(context, arguments)), arguments),
        "productVariant": _one("ProductVariant"),
        "productVariants": _variants,
        "currentAppInstallation": lambda _s, context, _a: {
            "id": "gid://shopify/AppInstallation/718366474546",
            "accessScopes": [{"handle": scope, "description": scope} for scope in context.tenant.tokens.scopes],
        },
    },
)
