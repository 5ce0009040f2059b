"""Which item each line of the file is. A line that does not say it beyond doubt is refused; nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from services.importer.skus import sku_key, sku_likeness
from shared.contract.words import MAX_TAGS

ImportItem = Mapping[str, Any]
"""An item as it is staged."""

ImportLine = Mapping[str, Any]
"""A line of the file as it is kept."""

ItemsByKey = Mapping[str, tuple[int, Sequence[ImportItem]]]
"""By SKU: how many items have it, and the first of them."""

SHOWN = 10
"""Variants that are named where several have the SKU."""


class Why(StrEnum):
    """Why a line was refused."""

    WRONG_LINE = "WRONG_LINE"
    UNKNOWN_VARIANT = "UNKNOWN_VARIANT"
    UNKNOWN_SKU = "UNKNOWN_SKU"
    DUPLICATE_SKU = "DUPLICATE_SKU"
    SKU_OF_ANOTHER_VARIANT = "SKU_OF_ANOTHER_VARIANT"
    ITEM_TWICE = "ITEM_TWICE"
    BOM_ID_TWICE = "BOM_ID_TWICE"
    ITEM_IN_USE = "ITEM_IN_USE"
    MADE_ANEW = "MADE_ANEW"
    NO_NAME = "NO_NAME"
    TOO_MANY = "TOO_MANY"


class Refused(Exception):  # a verdict on a line, not an error
    """The line makes no BOM."""

    def __init__(self, why: Why, message: str, variants: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.why = why
        self.message = message
        self.variants = list(variants)


def variants_of(item: ImportItem) -> dict[str, Mapping[str, Any]]:
    """An item's variants by id, in the order of their ids."""
    variants: Mapping[str, Mapping[str, Any]] = item.get("variants") or {}
    return {variant: variants[variant] for variant in sorted(variants, key=int)}


def bom_of_item(item: ImportItem, line: ImportLine | None, *, tracks: bool | None) -> dict[str, Any]:
    """The BOM of an item: what the line says, and Shopify's own words where it does not. Tags None: as they are."""
    variants = list(variants_of(item).values())
    own_name = next((variant["name"] for variant in variants if variant["name"]), None)
    if line is None:
        tags = list(dict.fromkeys(tag for variant in variants for tag in variant["tags"]))[:MAX_TAGS]
        return {"bom_id": None, "name": own_name or item["item_id"], "tags": tags, "tracks": tracks, "line": None}
    return {
        "bom_id": line["bom_id"],
        "name": line["name"] or own_name,
        "tags": list(line["tags"]),
        "tracks": tracks if line["tracks"] is None else line["tracks"],
        "line": line["line"],
    }


def match(
    line: ImportLine,
    by_variant: Mapping[str, ImportItem],
    by_sku: ItemsByKey,
    alike: ItemsByKey,
    *,
    tracks: bool | None,
) -> dict[str, Any]:
    """What a line is to be made of: its `item_id` and `bom`, or `why` it makes no BOM, as fields of its document."""
    try:
        item = _item(line, by_variant, by_sku, alike)
    except Refused as refused:
        return {"item_id": None, "why": str(refused.why), "message": refused.message, "variants": refused.variants}
    bom = bom_of_item(item, line, tracks=tracks)
    if bom["name"] is None:
        message = "It has no name, and Shopify has none for the variant."
        return {"item_id": item["item_id"], "why": str(Why.NO_NAME), "message": message}
    return {"item_id": item["item_id"], "bom": bom}


def _item(line: ImportLine, by_variant: Mapping[str, ImportItem], by_sku: ItemsByKey, alike: ItemsByKey) -> ImportItem:
    variant_id, sku = line["variant_id"], line["sku"]
    if variant_id is not None:
        item = by_variant.get(variant_id)
        if item is None:
            raise Refused(Why.UNKNOWN_VARIANT, f"Shopify has no variant {variant_id}.")
        if sku is not None and item["sku_key"] != sku_key(sku):
            has = f"the SKU {item['sku']!r}" if item["sku"] else "no SKU"
            message = f"Variant {variant_id} has {has}, not {sku!r}{_but_alike(item['sku'], sku)}."
            raise Refused(Why.SKU_OF_ANOTHER_VARIANT, message)
        return item
    number, items = by_sku.get(sku_key(sku) or "", (0, ()))
    if number == 1:
        return items[0]
    if number == 0:
        _, like = alike.get(sku_likeness(sku) or "", (0, ()))
        raise Refused(Why.UNKNOWN_SKU, f"Shopify has no variant with the SKU {sku!r}{_alike(like)}.", _variants(like))
    variants = _variants(items)
    more = " …" if number > len(items) or len(variants) > SHOWN else ""
    message = (
        f"{number} items have the SKU {sku!r}: name the variant instead, one of {', '.join(variants[:SHOWN])}{more}."
    )
    raise Refused(Why.DUPLICATE_SKU, message, variants)


def _variants(items: Sequence[ImportItem]) -> list[str]:
    return [variant for item in items for variant in variants_of(item)]


def _alike(items: Sequence[ImportItem]) -> str:
    if not items:
        return ""
    skus = ", ".join(dict.fromkeys(f"{item['sku']!a}" for item in items))
    return f", but {skus}, which differs only in case, in its Unicode form or in signs that are not seen"


def _but_alike(held: str | None, sku: str) -> str:
    same = held is not None and sku_likeness(held) == sku_likeness(sku)
    return "; they differ only in case, in their Unicode form or in signs that are not seen" if same else ""
