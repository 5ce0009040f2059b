"""Which levels have changed since a time: one call for a shop where nothing has, whatever its size."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): search.updated-at.

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.errors import ShopifyUnclear
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body
from shared.shopify.ids import location_gid, plain
from shared.shopify.queries import CHANGED, MORE_CHANGED
from shared.shopify.reads.levels import Item, Level, ShopLocation, level_at, location_from

_MAX_PAGES = 2000
# Names of their own in the books of costs: they have the root fields of much cheaper reads.
_SEARCH, _SEARCH_PRICE = "locations changed", Price(assumed=335.0)
_PAGE, _PAGE_PRICE = "location changed", Price(assumed=80.0)


@dataclass(frozen=True, slots=True)
class ChangedPage:
    """Changed levels at one location, each as an item that has only this level.

    `taken_at` is Shopify's time of the reply.
    """

    location: ShopLocation
    items: list[Item]
    taken_at: datetime


class ShopifyChanges:
    """Searches levels by the time of their last change. The search lags behind; its values are those of now."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    async def since(self, shop: str, time: datetime) -> AsyncIterator[ChangedPage]:
        """Pages of every location, empty ones too, to the last page. Raises what the Shopify adapter raises."""
        query = f"updated_at:>='{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
        after: str | None = None
        for _ in range(_MAX_PAGES):
            body = request_body(CHANGED, {"after": after, "query": query})
            reply = await self._client.call(shop, _SEARCH, body, price=_SEARCH_PRICE)
            connection = reply.data["locations"]
            for node in connection["nodes"]:
                location = location_from(node)
                yield ChangedPage(location, _items(location, node["inventoryLevels"]), reply.date)
                async for page in self._more(shop, location, node["inventoryLevels"], query):
                    yield page
            if not connection["pageInfo"]["hasNextPage"]:
                return
            after = connection["pageInfo"]["endCursor"]
        raise ShopifyUnclear("the locations do not end")

    async def _more(
        self, shop: str, location: ShopLocation, connection: dict[str, Any], query: str
    ) -> AsyncIterator[ChangedPage]:
        for _ in range(_MAX_PAGES):
            if not connection["pageInfo"]["hasNextPage"]:
                return
            after = connection["pageInfo"]["endCursor"]
            variables = {"id": location_gid(location.location_id), "after": after, "query": query}
            reply = await self._client.call(shop, _PAGE, request_body(MORE_CHANGED, variables), price=_PAGE_PRICE)
            node = reply.data.get("location")
            if not node:
                raise ShopifyUnclear(f"a page of the levels at location {location.location_id} is missing")
            connection = node["inventoryLevels"]
            yield ChangedPage(location, _items(location, connection), reply.date)
        raise ShopifyUnclear(f"the levels at location {location.location_id} do not end")


def _items(location: ShopLocation, connection: dict[str, Any]) -> list[Item]:
    items = []
    for node in connection["nodes"]:
        level: Level = level_at(location.location_id, location.active, node)
        items.append(Item(plain(node["item"]["id"]), bool(node["item"]["tracked"]), {location.location_id: level}))
    return items
