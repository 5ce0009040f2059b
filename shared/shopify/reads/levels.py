"""What Shopify says of items, levels and locations, and how its replies are read. Missing is never zero."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): unstocked.readable, time.moves, time.resolution.

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.contract.messages import parse_time
from shared.contract.words import LONGEST_NAME, as_words
from shared.shopify.ids import plain


@dataclass(frozen=True, slots=True)
class Level:
    """An inventory item at a location. `available` is None where Shopify gives no number.

    `updated_at` is Shopify's time of `available`, in seconds.
    """

    location_id: str
    active: bool
    location_active: bool
    available: int | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """An inventory item with the levels it has at the locations asked for, by location id."""

    item_id: str
    tracked: bool
    levels: dict[str, Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemsRead:
    """The items asked for; None for one that Shopify does not know. `taken_at` is Shopify's time when the read
    began: what it tells may be newer, never older.
    """

    items: dict[str, Item | None]
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class ShopLocation:
    """A location as Shopify describes it; `managed_elsewhere`: a fulfilment service keeps its stock."""

    location_id: str
    name: str
    active: bool
    managed_elsewhere: bool


def level_from(node: dict[str, Any]) -> Level:
    """A level that names its location."""
    return level_at(plain(node["location"]["id"]), bool(node["location"]["isActive"]), node)


def level_at(location_id: str, location_active: bool, node: dict[str, Any]) -> Level:
    """A level whose location is known otherwise."""
    quantities = node["quantities"]
    first = quantities[0] if quantities else None
    # Only `available` was asked for. Its own time, not the level's: that one moves with every other quantity too.
    time = (first or {}).get("updatedAt") or node["updatedAt"]
    return Level(
        location_id=location_id,
        active=bool(node["isActive"]),
        location_active=location_active,
        available=None if first is None else first["quantity"],
        updated_at=parse_time(time),
    )


def location_from(node: dict[str, Any]) -> ShopLocation:
    """A location of the shop's list."""
    service = node["fulfillmentService"]
    return ShopLocation(
        location_id=plain(node["id"]),
        name=as_words(node["name"], LONGEST_NAME),
        active=bool(node["isActive"]),
        managed_elsewhere=bool(node["isFulfillmentService"] and service and service["inventoryManagement"]),
    )
