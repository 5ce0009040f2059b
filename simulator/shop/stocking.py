"""Puts locations, products and items into a shop."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from simulator.shop.shop import Item, Location, Product, Shop, Variant


@dataclass(frozen=True, slots=True)
class NewVariant:
    """A variant to be made. An id of None means a fresh one."""

    title: str
    tracked: bool
    sku: str | None = None
    item_id: str | None = None
    bundle: bool = False
    barcode: str | None = None
    options: list[tuple[str, str]] = field(default_factory=list)


def add_location(shop: Shop, name: str, now: datetime, location_id: str | None = None) -> Location:
    """A new location; items are not stocked there until a level is made. Raises ValueError for an id that is taken."""
    number = location_id or _unused(shop, "Location", shop.locations)
    if number in shop.locations:
        raise ValueError(f"location {number} exists already")
    location = Location(number, name, now, now, shop.numbers.fresh("Level"))
    shop.locations[number] = location
    return location


def add_product(
    shop: Shop,
    title: str,
    variants: Sequence[NewVariant],
    now: datetime,
    *,
    handle: str | None = None,
    tags: Sequence[str] = (),
    vendor: str = "",
    kind: str = "",
) -> Product:
    """A product with its variants and items, without levels. Raises ValueError for an item id that is taken."""
    number = shop.numbers.fresh("Product")
    slug = handle or re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or number
    product = Product(number, title, slug, now, now, list(tags), vendor, kind)
    for new in variants:
        item_id = new.item_id or _unused(shop, "InventoryItem", shop.items)
        if item_id in shop.items:
            raise ValueError(f"item {item_id} exists already")
        variant = Variant(
            shop.numbers.fresh("ProductVariant"), new.title, product, barcode=new.barcode, options=new.options
        )
        variant.item = Item(item_id, new.sku, new.tracked, variant, now, now, new.bundle)
        product.variants.append(variant)
        shop.variants[variant.id] = variant
        shop.items[item_id] = variant.item
    shop.products[number] = product
    return product


def _unused(shop: Shop, kind: str, taken: dict[str, Location] | dict[str, Item]) -> str:
    number = shop.numbers.fresh(kind)
    while number in taken:
        number = shop.numbers.fresh(kind)
    return number
