"""What a shop is called: its myshopify.com domain in lower case."""

from __future__ import annotations

import re

SHOP_DOMAIN = r"^[a-z0-9][a-z0-9-]*\.myshopify\.com$"
LONGEST_SHOP_DOMAIN = 255

MAX_BOMS = 100_000
"""BOMs of a shop, where no setting says otherwise."""

_SHOP_DOMAIN = re.compile(SHOP_DOMAIN, re.ASCII)


def named_shop(text: str) -> str | None:
    """The domain of the shop that a text names in whatever case; None: it names none."""
    # Of other alphabets some capitals become ASCII when they are lowered.
    domain = text.lower() if text.isascii() else ""
    return domain if is_shop_domain(domain) else None


def is_shop_domain(text: str) -> bool:
    """Whether this can be a shop's domain."""
    return len(text) <= LONGEST_SHOP_DOMAIN and _SHOP_DOMAIN.fullmatch(text) is not None
