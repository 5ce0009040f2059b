"""Shopify's global ids at this adapter's border; everywhere else ids are plain strings of digits."""

from __future__ import annotations


def item_gid(item_id: str) -> str:
    """`gid://shopify/InventoryItem/…`."""
    return f"gid://shopify/InventoryItem/{item_id}"


def location_gid(location_id: str) -> str:
    """`gid://shopify/Location/…`."""
    return f"gid://shopify/Location/{location_id}"


def plain(gid: str) -> str:
    """The digits of a global id."""
    return gid.rsplit("/", 1)[-1].split("?", 1)[0]
