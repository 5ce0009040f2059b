"""What ShopifyAPI says of each case: the shop it takes it for, or None. It knows no webhooks.

Run as a program, so that the library's warnings and its settings stay out of the tests; standard input and output are
one JSON document each.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any


def main() -> None:
    """Answer every case."""
    asked = json.load(sys.stdin)
    tokens, shops = import_module("shopify.session_token"), import_module("shopify.utils.shop_url")

    def verdict(case: dict[str, Any]) -> object:
        if case["kind"] == "shop":
            return shops.sanitize_shop_domain(case["text"])
        header = f"Bearer {case['text']}"
        claims = tokens.decode_from_header(header, api_key=asked["client_id"], secret=asked["secret"])
        return shops.sanitize_shop_domain(claims["dest"])

    verdicts: list[object] = []
    for case in asked["cases"]:
        try:
            verdicts.append(verdict(case))
        except Exception:  # noqa: BLE001  # however the library refuses, it refuses
            verdicts.append(None)
    json.dump(verdicts, sys.stdout)


if __name__ == "__main__":
    main()
