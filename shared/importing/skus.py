"""How SKUs are compared: without the spaces around them, on Shopify's side and in the file alike.

A spreadsheet and Shopify both keep such spaces, and nobody sees them. Nothing else is taken as equal: `mug-red` may be
another product than `MUG-RED`. What differs in letters' case or in their Unicode form only is looked for, so that
a refusal can say so.
"""

from __future__ import annotations

import unicodedata


def sku_key(sku: str | None) -> str | None:
    """By which a SKU is compared; None for one that is empty or blank: it names nothing."""
    return (sku or "").strip() or None


def sku_likeness(sku: str | None) -> str | None:
    """Equal for SKUs that look alike: case, Unicode form, kinds of spaces and signs that are not seen left aside."""
    key = sku_key(sku)
    if key is None:
        return None
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", key) if unicodedata.category(sign) not in _UNSEEN)
    return unicodedata.normalize("NFKC", " ".join(seen.casefold().split())) or key


_UNSEEN = frozenset({"Cf", "Cc"})
