"""A shop as a recording's scene describes it: one variant, and the levels of its item."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulator.settings import Plan
from simulator.shop.shop import GID
from simulator.shop.stocking import NewVariant, add_location, add_product
from simulator.simulation import Simulator

SHOP, TOKEN = "shop.myshopify.com", "shpat_replay"  # the simulator's own


def open_shop(simulator: Simulator, scene: Mapping[str, Any], at: datetime) -> dict[str, str]:
    """Make the shop; the global ids that are the simulator's own, by those of the recording."""
    tenant = simulator.add_shop(SHOP, TOKEN, plan=Plan(2000, 100), name="Shop", timezone="UTC")
    # The addresses of a recording are nobody's: what would be sent there is held.
    tenant.webhooks.set_mode({"paused": True})
    shop, item_node = tenant.shop, scene["inventoryItem"]
    product = add_product(shop, "Product", [NewVariant("Default Title", bool(item_node["tracked"]))], at)
    variant = product.variants[0]
    item = variant.item
    same = {
        scene["id"]: f"gid://shopify/ProductVariant/{variant.id}",
        item_node["id"]: f"gid://shopify/InventoryItem/{item.id}",
    }
    for node in item_node["inventoryLevels"]["nodes"]:
        place = add_location(shop, node["location"]["name"], at)
        level = shop.add_level(item, place, at, stocked=True)
        quantities = {one["name"]: one["quantity"] for one in node["quantities"]}
        level.available, level.committed = quantities["available"] or 0, quantities.get("committed") or 0
        place.active = bool(node["location"]["isActive"])
        level.stocked = bool(node["isActive"]) or not place.active
        same[node["location"]["id"]] = f"gid://shopify/Location/{place.id}"
        same[node["id"]] = level.gid
    return same


def number_in(gid: str) -> str:
    """The number of a global id."""
    found = GID.fullmatch(gid)
    return "" if found is None else found[2]
