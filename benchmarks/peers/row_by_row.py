"""Small clients without records or queues, which set each row by calls of its own, as many at once as asked.

`two calls`: the level is read, then set to what it should be, compared with what was read. `one mutation`: set without
a look, as a client does that trusts its own records. `python -m benchmarks.peers.row_by_row URL TOKEN WAY AT_ONCE
VALUE`; the rows come on standard input as JSON, pairs of item and location, and then a line that says go.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from ulid import ULID

WAYS = ("two calls", "one mutation")
_READ = """query($item: ID!, $place: ID!) { inventoryItem(id: $item) {
  inventoryLevel(locationId: $place) { quantities(names: ["available"]) { quantity } } } }"""
_SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { code } } }"""
_TRIES = 5
"""Of a call that is throttled or not answered; the key says that it is the same one."""


class Client:
    """One shop's Admin API."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self._url = url
        self._headers = {"X-Shopify-Access-Token": token}

    async def call(self, query: str, variables: Mapping[str, Any]) -> Any:
        """One call; returns its data. Raises SystemExit where it is refused."""
        answer: Any = None
        for attempt in range(_TRIES):
            body = {"query": query, "variables": variables}
            async with self._http.post(self._url, json=body, headers=self._headers) as response:
                answer = await response.json()
            if not answer.get("errors"):
                return answer["data"]
            await asyncio.sleep(0.5 * (attempt + 1))
        raise SystemExit(f"a call failed: {answer['errors']}")

    async def set(self, item: str, place: str, value: int, *, look: bool) -> None:
        """One row."""
        ids = {"item": f"gid://shopify/InventoryItem/{item}", "place": f"gid://shopify/Location/{place}"}
        held: int | None = None
        if look:
            data = await self.call(_READ, ids)
            held = data["inventoryItem"]["inventoryLevel"]["quantities"][0]["quantity"]
        row = {
            "inventoryItemId": ids["item"],
            "locationId": ids["place"],
            "quantity": value,
            "changeFromQuantity": held,
        }
        body = {"name": "available", "reason": "correction", "quantities": [row]}
        data = await self.call(_SET, {"input": body, "key": str(ULID())})
        errors = data["inventorySetQuantities"]["userErrors"]
        if errors:
            raise SystemExit(f"a row was refused: {errors}")


async def run(url: str, token: str, rows: Sequence[tuple[str, str]], *, way: str, at_once: int, value: int) -> None:
    """All rows, so many at once, over connections that stay open."""
    left = iter(rows)

    async def work(client: Client) -> None:
        for item, place in left:
            await client.set(item, place, value, look=way == "two calls")

    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work(Client(http, url, token)))


def main() -> None:
    """Read the rows, wait for the word, set them."""
    url, token, way, at_once, value = sys.argv[1:]
    rows = json.loads(sys.stdin.readline())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    asyncio.run(run(url, token, rows, way=way, at_once=int(at_once), value=int(value)))
    sys.stdout.write("done\n")
    sys.stdout.flush()
    # Whoever ends takes its processor time along.
    sys.stdin.readline()


if __name__ == "__main__":
    main()
