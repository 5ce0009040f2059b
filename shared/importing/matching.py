"""Which item each line of the file is. A line that does not say it beyond doubt is refused; nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.contract.words import MAX_TAGS
from shared.importing.skus import sku_key, sku_likeness
from shared.mongodb.catalogue.import_records import AskedBom, ImportItem, ImportLine, LineMatch, Refused, Why

ItemsByKey = Mapping[str, tuple[int, Sequence[ImportItem]]]
"""By SKU: how many items have it, and the first of them."""

SHOWN = 10
"""Variants that are named where several have the SKU."""


class LineRefused(Exception):  # a verdict on a line, not an error
    """The line makes no BOM."""

    def __init__(self, why: Why, message: str, variants: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.refused = Refused(why, message, tuple(variants))


def bom_of_item(item: ImportItem, *, tracks: bool | None) -> AskedBom:
    """The BOM of an item that no line asks for: Shopify's own words."""
    tags = tuple(dict.fromkeys(tag for variant in item.variants for tag in variant.tags))[:MAX_TAGS]
    return AskedBom(None, item.own_name or item.item_id, tags, tracks, None)


def match(
    line: ImportLine,
    by_variant: Mapping[str, ImportItem],
    by_sku: ItemsByKey,
    alike: ItemsByKey,
    *,
    tracks: bool | None,
) -> LineMatch:
    """What a line is to be made of: what it says, and Shopify's own words where it does not."""
    try:
        item = _item(line, by_variant, by_sku, alike)
    except LineRefused as verdict:
        return LineMatch(None, refused=verdict.refused)
    name = line.name or item.own_name
    if name is None:
        message = "It has no name, and Shopify has none for the variant."
        return LineMatch(item.item_id, refused=Refused(Why.NO_NAME, message))
    tracked = tracks if line.tracks is None else line.tracks
    return LineMatch(item.item_id, AskedBom(line.bom_id, name, line.tags, tracked, line.line))


def _item(line: ImportLine, by_variant: Mapping[str, ImportItem], by_sku: ItemsByKey, alike: ItemsByKey) -> ImportItem:
    variant_id, sku = line.variant_id, line.sku
    if variant_id is not None:
        item = by_variant.get(variant_id)
        if item is None:
            raise LineRefused(Why.UNKNOWN_VARIANT, f"Shopify has no variant {variant_id}.")
        if sku is not None and item.sku_key != sku_key(sku):
            has = f"the SKU {item.sku!r}" if item.sku else "no SKU"
            message = f"Variant {variant_id} has {has}, not {sku!r}{_but_alike(item.sku, sku)}."
            raise LineRefused(Why.SKU_OF_ANOTHER_VARIANT, message)
        return item
    number, items = by_sku.get(sku_key(sku) or "", (0, ()))
    if number == 1:
        return items[0]
    if number == 0:
        _, like = alike.get(sku_likeness(sku) or "", (0, ()))
        raise LineRefused(
            Why.UNKNOWN_SKU, f"Shopify has no variant with the SKU {sku!r}{_alike(like)}.", _variants(like)
        )
    variants = _variants(items)
    more = " …" if number > len(items) or len(variants) > SHOWN else ""
    message = (
        f"{number} items have the SKU {sku!r}: name the variant instead, one of {', '.join(variants[:SHOWN])}{more}."
    )
    raise LineRefused(Why.DUPLICATE_SKU, message, variants)


def _variants(items: Sequence[ImportItem]) -> list[str]:
    return [variant.variant_id for item in items for variant in item.variants]


def _alike(items: Sequence[ImportItem]) -> str:
    if not items:
        return ""
    skus = ", ".join(dict.fromkeys(f"{item.sku!a}" for item in items))
    return f", but {skus}, which differs only in case, in its Unicode form or in signs that are not seen"


def _but_alike(held: str | None, sku: str) -> str:
    same = held is not None and sku_likeness(held) == sku_likeness(sku)
    return "; they differ only in case, in their Unicode form or in signs that are not seen" if same else ""
