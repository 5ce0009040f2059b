"""A plain client of the simulator: the Admin API and the control API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import aiohttp

from simulator.http.server import Running

SHOP = "demo.myshopify.com"
TOKEN = "shpat_demo"

SET = """#graphql
  mutation InventoryQuantityContractSet($input: InventorySetQuantitiesInput!, $idempotencyKey: String!) {
    inventorySetQuantities(input: $input) @idempotent(key: $idempotencyKey) {
      inventoryAdjustmentGroup {
        id createdAt reason referenceDocumentUri
        changes { name delta quantityAfterChange item { id } location { id name } }
      }
      userErrors { field message code }
    }
  }
"""
SET_WITHOUT_KEY = SET.replace(", $idempotencyKey: String!", "").replace(" @idempotent(key: $idempotencyKey)", "")
LEVELS = """query Levels($ids: [ID!]!) { nodes(ids: $ids) { ... on InventoryItem { id tracked
  inventoryLevels(first: 50, includeInactive: true) { nodes { id isActive updatedAt location { id }
    quantities(names: ["available", "on_hand"]) { name quantity updatedAt } }
    pageInfo { hasNextPage endCursor } } } } }"""


def item_gid(number: str) -> str:
    """An inventory item's global id."""
    return f"gid://shopify/InventoryItem/{number}"


def place_gid(number: str) -> str:
    """A location's global id."""
    return f"gid://shopify/Location/{number}"


class Client:
    """Calls one simulator; the shop is `SHOP` unless another is named."""

    def __init__(self, running: Running, http: aiohttp.ClientSession) -> None:
        self.running = running
        self.simulator = running.simulator
        self.http = http

    async def control(self, path: str, body: Any = None, method: str = "POST", *, status: int = 200) -> Any:
        """A control call; `…` in the path stands for the demo shop."""
        url = f"{self.running.url}/control{path.replace('…', f'/shops/{SHOP}')}"
        data = {"data": body} if isinstance(body, str) else {"json": body}
        async with self.http.request(method, url, **data) as response:
            assert response.status == status, await response.text()
            return await response.json()

    async def shop(self, *locations: dict[str, Any], **fields: Any) -> list[str]:
        """Make the demo shop; the ids of its locations."""
        places = list(locations) or [{"name": "Shop location"}, {"name": "My Custom Location"}]
        body = {"domain": SHOP, "access_token": TOKEN, "locations": places, **fields}
        made = await self.control("/shops", body)
        return [place["id"] for place in made["locations"]]

    async def items(self, quantities: Iterable[int], places: list[str], **fields: Any) -> list[str]:
        """One item for each quantity, stocked with it at every place; their ids."""
        items = [
            {**fields, "levels": [{"location_id": place, "available": quantity} for place in places]}
            for quantity in quantities
        ]
        made = await self.control("…/items", {"items": items})
        return [item["id"] for item in made["items"]]

    async def raw(
        self, query: str, variables: Any = None, *, version: str = "2026-04", token: str = TOKEN, shop: str = SHOP
    ) -> aiohttp.ClientResponse:
        """The response of a GraphQL call, read."""
        url = f"{self.running.url}/{shop}/admin/api/{version}/graphql.json"
        headers = {"X-Shopify-Access-Token": token}
        async with self.http.post(url, json={"query": query, "variables": variables}, headers=headers) as response:
            await response.read()
            return response

    async def graphql(self, query: str, variables: Any = None, *, version: str = "2026-04") -> Any:
        """The JSON of a GraphQL call that HTTP calls a success."""
        response = await self.raw(query, variables, version=version)
        assert response.status == 200, await response.text()
        return await response.json()

    async def set(
        self,
        rows: list[tuple[str, str, int, int | None]],
        key: str,
        *,
        version: str = "2026-10",
        **head: Any,
    ) -> Any:
        """inventorySetQuantities of (item, location, quantity, changeFromQuantity); the payload, or the errors."""
        reply = await self.graphql(SET, {"input": set_input(rows, **head), "idempotencyKey": key}, version=version)
        return reply["data"]["inventorySetQuantities"] if "errors" not in reply else reply["errors"]

    async def available(self) -> dict[tuple[str, str], int]:
        """`available` of every level, by item and location, as the control API knows it."""
        levels = (await self.control("…/levels", method="GET"))["levels"]
        return {(level["item_id"], level["location_id"]): level["available"] for level in levels}


def set_input(rows: list[tuple[str, str, int, int | None]], **head: Any) -> dict[str, Any]:
    """The input of inventorySetQuantities."""
    quantities = [
        {
            "inventoryItemId": item_gid(item),
            "locationId": place_gid(place),
            "quantity": quantity,
            "changeFromQuantity": change_from,
        }
        for item, place, quantity, change_from in rows
    ]
    return {"name": "available", "reason": "correction", "quantities": quantities} | head
