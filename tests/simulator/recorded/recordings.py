"""The recorded exchanges, kept beside the project; a test that needs them skips where they are missing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[4] / "shared" / "shopify-recordings"
_VOLATILE = {"createdAt": "TIME", "updatedAt": "TIME", "cursor": "CURSOR"}


def recorded(name: str) -> dict[str, Any]:
    """The exchanges of one file by their path."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"recorded exchanges are not here: {path.name} belongs in ../shared/shopify-recordings")
    document = json.loads(path.read_text(encoding="utf-8"))
    return {case["path"]: case for case in document["cases"]} if isinstance(document, dict) else {"": document}


def stable(value: Any) -> Any:
    """The value with what differs from run to run replaced: times that are set, group ids, cursors, points left.

    `extensions.search`, Shopify's warning about a search field it does not know, is left out: the simulator has none.
    """
    if isinstance(value, dict):
        return {
            key: _VOLATILE[key] if key in _VOLATILE and held is not None else stable(held)
            for key, held in value.items()
            if key not in ("throttleStatus", "search")
        }
    if isinstance(value, list):
        return [stable(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"(InventoryAdjustmentGroup)/\d+", r"\1/N", value)
    return value
