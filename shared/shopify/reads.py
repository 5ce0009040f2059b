"""Reading levels and locations in batches. A page that fails fails the read: missing is never zero."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.contract.messages import parse_time
from shared.domain.batches import ROWS_PER_CALL
from shared.errors import ShopifyUnclear
from shared.shopify.client import ShopifyClient
from shared.shopify.ids import item_gid, plain
from shared.shopify.queries import ITEMS, LOCATIONS, MORE_LEVELS

_LARGEST_PAGE = 250
_MOST_PAGES = 100


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
    """An inventory item with all its levels, by location id."""

    item_id: str
    tracked: bool
    levels: dict[str, Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemsRead:
    """The items asked for; None for one that Shopify does not know. `taken_at` is Shopify's time of the reply."""

    items: dict[str, Item | None]
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class ShopLocation:
    """A location as Shopify describes it; `managed_elsewhere`: a fulfilment service keeps its stock."""

    location_id: str
    name: str
    active: bool
    managed_elsewhere: bool


def request_body(query: str, variables: dict[str, Any]) -> str:
    """The exact text of a GraphQL request; null values stay in it."""
    return json.dumps({"query": query, "variables": variables}, separators=(",", ":"))


class ShopifyReads:
    """The read side of the adapter."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    async def items(self, shop: str, item_ids: Sequence[str], *, locations: int) -> ItemsRead:
        """Read up to 250 items with all their levels; `locations` sizes the page of levels.

        Raises ShopPaused, ShopifyThrottled, ShopifyUnclear, ShopifyRefused.
        """
        if len(item_ids) > ROWS_PER_CALL:
            raise ValueError(f"at most {ROWS_PER_CALL} items in one read")
        page = min(_LARGEST_PAGE, max(1, locations))
        body = request_body(ITEMS, {"ids": [item_gid(item_id) for item_id in item_ids], "levels": page})
        reply = await self._client.call(shop, "nodes", body)
        nodes = reply.data.get("nodes")
        if not isinstance(nodes, list) or len(nodes) != len(item_ids):
            raise ShopifyUnclear("nodes: the answer does not match the question")
        items: dict[str, Item | None] = {}
        for item_id, node in zip(item_ids, nodes, strict=True):
            items[item_id] = await self._item(shop, item_id, node) if node else None
        return ItemsRead(items, reply.date)

    async def _item(self, shop: str, item_id: str, node: dict[str, Any]) -> Item:
        connection = node["inventoryLevels"]
        levels = [_level(level) for level in connection["nodes"]]
        pages = 1
        while connection["pageInfo"]["hasNextPage"]:
            pages += 1
            if pages > _MOST_PAGES:
                raise ShopifyUnclear(f"the levels of item {item_id} do not end")
            after = connection["pageInfo"]["endCursor"]
            body = request_body(MORE_LEVELS, {"id": item_gid(item_id), "levels": _LARGEST_PAGE, "after": after})
            reply = await self._client.call(shop, "inventoryItem", body)
            item = reply.data.get("inventoryItem")
            if not item:
                raise ShopifyUnclear(f"a page of the levels of item {item_id} is missing")
            connection = item["inventoryLevels"]
            levels.extend(_level(level) for level in connection["nodes"])
        return Item(item_id, bool(node["tracked"]), {level.location_id: level for level in levels})

    async def locations(self, shop: str) -> list[ShopLocation]:
        """All locations of the shop, to the last page. Raises as `items` does."""
        found: list[ShopLocation] = []
        after: str | None = None
        for _ in range(_MOST_PAGES):
            reply = await self._client.call(shop, "locations", request_body(LOCATIONS, {"after": after}))
            connection = reply.data["locations"]
            found.extend(location_in(node) for node in connection["nodes"])
            if not connection["pageInfo"]["hasNextPage"]:
                return found
            after = connection["pageInfo"]["endCursor"]
        raise ShopifyUnclear("the locations do not end")


def location_in(node: dict[str, Any]) -> ShopLocation:
    """The location in a reply."""
    service = node["fulfillmentService"]
    return ShopLocation(
        location_id=plain(node["id"]),
        name=node["name"],
        active=bool(node["isActive"]),
        managed_elsewhere=bool(node["isFulfillmentService"] and service and service["inventoryManagement"]),
    )


def _level(node: dict[str, Any]) -> Level:
    location = node["location"]
    return level_in(node, plain(location["id"]), location_active=bool(location["isActive"]))


def level_in(node: dict[str, Any], location_id: str, *, location_active: bool) -> Level:
    """The level in a reply."""
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
