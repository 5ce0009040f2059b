"""A shop's state: locations, products, variants, inventory items and levels. Ids are Shopify's numbers as strings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from simulator.shop.bucket import Bucket

# The quantities that are on hand and not for sale; `incoming` is not there yet.
SET_ASIDE: Final = ("reserved", "damaged", "quality_control", "safety_stock")
GID: Final = re.compile(r"gid://shopify/([A-Za-z]+)/([^?/]+)(?:\?inventory_item_id=(\d+))?")


def gid(kind: str, number: str) -> str:
    """Shopify's global id of an object."""
    return f"gid://shopify/{kind}/{number}"


@dataclass(slots=True)
class Location:
    """A place that holds stock. `level_number` is the first part of the gids of its levels, the same for every item."""

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    level_number: str
    active: bool = True
    legacy: bool = False
    fulfillment_service: bool = False
    inventory_management: bool = True  # of the fulfillment service: whether it keeps the counts itself
    deactivated_at: datetime | None = None
    fulfills_online_orders: bool = True
    address: dict[str, Any] = field(default_factory=dict)  # as GraphQL names its fields
    suggested_addresses: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Product:
    """A product; its variants in order."""

    id: str
    title: str
    handle: str
    created_at: datetime
    updated_at: datetime
    tags: list[str] = field(default_factory=list)
    vendor: str = ""
    kind: str = ""
    status: str = "ACTIVE"
    variants: list[Variant] = field(default_factory=list)


@dataclass(slots=True)
class Variant:
    """One variant of a product and its inventory item."""

    id: str
    title: str
    product: Product
    item: Item = field(init=False)
    barcode: str | None = None
    options: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Item:
    """An inventory item. A deleted one is null to every reader, and can be restored by the control API."""

    id: str
    sku: str | None
    tracked: bool
    variant: Variant
    created_at: datetime
    updated_at: datetime
    bundle: bool = False
    deleted: bool = False


@dataclass(slots=True)
class Level:
    """The stock of one item at one location."""

    item: Item
    location: Location
    row: int
    created_at: datetime
    updated_at: datetime
    stocked: bool = True
    available: int = 0
    committed: int = 0
    available_at: datetime | None = None
    committed_at: datetime | None = None
    on_hand_at: datetime | None = None  # when somebody set it as such
    switched_at: datetime | None = None  # when it was stocked or unstocked last
    others: dict[str, tuple[int, datetime]] = field(default_factory=dict)  # quantities that nothing here changes

    @property
    def on_hand(self) -> int:
        """Units physically there: those for sale, those sold but not yet shipped, and those set aside."""
        return self.available + self.committed + sum(self.others[n][0] for n in SET_ASIDE if n in self.others)

    @property
    def active(self) -> bool:
        """Whether the item is stocked here and the location itself is in use."""
        return self.stocked and self.location.active

    @property
    def gid(self) -> str:
        """The level's global id: its number is the location's, the item is a parameter."""
        return f"gid://shopify/InventoryLevel/{self.location.level_number}?inventory_item_id={self.item.id}"


class Numbers:
    """Fresh ids, never one that was given by hand before."""

    def __init__(self) -> None:
        self._next = {
            "Location": itertools.count(106318430514, 32768),
            "Level": itertools.count(143273001266, 32768),
            "Product": itertools.count(10220854182194, 32768),
            "ProductVariant": itertools.count(51364592877874, 32768),
            "InventoryItem": itertools.count(53469430055218, 32768),
            "Row": itertools.count(56776556511538, 32768),
            "InventoryAdjustmentGroup": itertools.count(54640716251442, 32768),
            "WebhookSubscription": itertools.count(2091836244274, 32768),
            "BulkOperation": itertools.count(8001977286962, 32768),
        }

    def fresh(self, kind: str) -> str:
        """The next unused number of that kind."""
        return str(next(self._next[kind]))


class Shop:
    """All that one shop holds."""

    def __init__(self, domain: str, name: str, timezone: str, created_at: datetime, bucket: Bucket) -> None:
        self.domain = domain
        self.name = name
        self.timezone = timezone
        self.created_at = created_at
        self.bucket = bucket
        self.plan_name = "standard"
        self.status = "active"
        self.numbers = Numbers()
        self.locations: dict[str, Location] = {}
        self.products: dict[str, Product] = {}
        self.variants: dict[str, Variant] = {}
        self.items: dict[str, Item] = {}
        self.levels_of_item: dict[str, dict[str, Level]] = {}
        self.levels_at_location: dict[str, dict[str, Level]] = {}

    def level(self, item_id: str, location_id: str) -> Level | None:
        """The level, stocked or not, or None where the item never was at the location."""
        return self.levels_of_item.get(item_id, {}).get(location_id)

    def levels(self) -> Iterator[Level]:
        """Every level, item by item."""
        for levels in self.levels_of_item.values():
            yield from levels.values()

    def add_level(self, item: Item, location: Location, now: datetime, *, stocked: bool = True) -> Level:
        """A new level with nothing in it."""
        level = Level(item, location, int(self.numbers.fresh("Row")), now, now, stocked, available_at=now)
        self.levels_of_item.setdefault(item.id, {})[location.id] = level
        self.levels_at_location.setdefault(location.id, {})[item.id] = level
        return level

    def level_by_gid(self, text: str) -> Level | None:
        """The level that a global id names, of an item that is not deleted."""
        match = GID.fullmatch(text)
        if match is None or match[1] != "InventoryLevel" or match[3] is None:
            return None
        for level in self.levels_of_item.get(match[3], {}).values():
            if level.location.level_number == match[2]:
                return None if level.item.deleted else level
        return None


def number_of(text: str, kind: str) -> str | None:
    """The number in a global id of that kind, or None for any other text."""
    match = GID.fullmatch(text)
    return match[2] if match is not None and match[1] == kind else None
