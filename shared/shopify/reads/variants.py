"""Looking for variants by title, SKU or barcode, as a person does who maps a BOM."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from shared.contract.words import LONGEST_NAME, LONGEST_SKU, as_words
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body
from shared.shopify.ids import plain
from shared.shopify.shop_queries import VARIANTS

MOST = 20
"""Variants of one answer: more say that the words are too few."""

_PRICE = Price(MOST, "variants", 20.0)


@dataclass(frozen=True, slots=True)
class FoundVariant:
    """A variant. `bundle`: Shopify computes its stock from components."""

    variant_id: str
    item_id: str
    name: str
    sku: str | None
    barcode: str | None
    tracked: bool
    bundle: bool


async def find_variants(client: ShopifyClient, shop: str, words: str) -> tuple[list[FoundVariant], bool]:
    """Those that have the words, and whether there are more. Raises what the client raises."""
    # Within quotes all signs but these are words; a quote or a colon would begin Shopify's own search language.
    text = " ".join(re.sub(r'["\\:]', " ", words).split())
    if not text:
        return [], False
    body = request_body(VARIANTS, {"first": MOST, "query": f'"{text}"'})
    reply = await client.call(shop, "productVariants", body, price=_PRICE)
    page = reply.data["productVariants"]
    return [_found(node) for node in page["nodes"]], bool(page["pageInfo"]["hasNextPage"])


def _found(node: dict[str, Any]) -> FoundVariant:
    item = node["inventoryItem"]
    return FoundVariant(
        variant_id=plain(node["id"]),
        item_id=plain(item["id"]),
        name=as_words(node["displayName"] or "", LONGEST_NAME),
        sku=as_words(node["sku"] or "", LONGEST_SKU) or None,
        barcode=as_words(node["barcode"] or "", LONGEST_SKU) or None,
        tracked=bool(item["tracked"]),
        bundle=bool(node["requiresComponents"]),
    )
