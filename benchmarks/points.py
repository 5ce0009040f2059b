"""Points of the call budget per cell: 100 BOMs at 4 locations, all 400 cells in drift, on the Standard plan.

Prints preview, job and verifying read for both ways in which Shopify may price `nodes(ids:)`, beside the three ways to
read computed by hand from the published cost model. The peer, in the same run: a client that reads each level and sets
it by two calls of its own. `python -m benchmarks.points`.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiohttp
from ulid import ULID

from benchmarks.measuring.machine import described
from deploy.local.nodes import LocalNodes
from services.reconciler.bootstrap import ALL_ROLES
from shared.domain.comparison import Direction
from shared.observing.logs import configure_logs
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads
from tests.integration.shop_world import SHOP, ShopWorld, previewer, reconciler, shop_world
from tests.stored_access import StoredAccess
from tests.waiting import changed

BOMS, LOCATIONS = 100, 4
CELLS = BOMS * LOCATIONS
SET = "inventorySetQuantities"

_PEER = "peer.myshopify.com"
_PEER_READ = """query($item: ID!, $place: ID!) { inventoryItem(id: $item) {
  inventoryLevel(locationId: $place) { quantities(names: ["available"]) { quantity } } } }"""
_PEER_SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { code } } }"""


def by_hand(*, per_id: bool) -> dict[str, int]:
    """Points to read all cells, by Shopify's published cost model: each level holds two objects."""

    def connection(size: int) -> int:
        return 2 + max(1, math.floor(2 * math.log(size))) * 3

    item = 1 + connection(LOCATIONS)
    return {
        "nodes by ids": item * (BOMS if per_id else 1),
        "levels by location": LOCATIONS * (1 + connection(BOMS)),
        "bulk query": 10 + 1,
    }


async def prepare(world: ShopWorld) -> None:
    """Items, BOMs that track, and every count two above Shopify's value."""
    await world.add_boms({f"B{n:03}": [n + place for place in range(LOCATIONS)] for n in range(BOMS)}, tracks=True)
    await world.agree()
    await world.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})


async def measure(world: ShopWorld, *, per_id: bool) -> dict[str, Any]:
    """Points of one preview and one job of all cells, by the simulator's count. Services start with nothing learned."""
    await world.control("/control/open_points", {"nodes_cost_per_id": per_id})
    settings = world.settings
    access = StoredAccess(world.mongo.db, settings.fernet_keys)
    client = ShopifyClient(world.http, access, settings.shopify_url, settings.shopify_api_version)
    # Without the sweeper, which reads Shopify when its turn comes.
    roles = ALL_ROLES - {"sweeper"}
    async with reconciler(world, roles=roles), previewer(replace(world, reads=ShopifyReads(client))):
        await world.control("calls/reset")
        preview_id = await world.preview()
        preview = await world.calls()
        await world.control("calls/reset")
        job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
        if job["totals"]["updated"] != CELLS:
            raise AssertionError(f"the job did not update every cell: {job['totals']} {job['codes']}")
        await verified(world)
        after = await world.calls()
    return {
        "preview": _figures(preview),
        "preview_reads_points": _points(preview, without=("locations",)),
        "writes": _figures({SET: after[SET]}),
        "verifying_read": _figures({name: figures for name, figures in after.items() if name != SET}),
        "with_verifying_read": _figures(after),
        "reads_by_hand_points": by_hand(per_id=per_id),
    }


async def verified(world: ShopWorld) -> None:
    """Wait until no cell asks for a verifying read any more."""
    wanted = world.mongo.db["reads_wanted"]

    async def none_asks() -> bool:
        return not await wanted.count_documents({"shop": SHOP}, limit=1)

    await changed(wanted, none_asks, what="every verifying read made")


async def peer(world: ShopWorld) -> dict[str, Any]:
    """The same cells, each read and set by calls of its own, in a shop whose bucket never ends."""
    plan = [10**6, 10**6]
    await world.control("/control/shops", {"domain": _PEER, "access_token": "shpat_peer", "plan": plan})
    made = await world.control(
        f"/control/shops/{_PEER}/locations", {"locations": [{"name": f"Peer {n}"} for n in range(LOCATIONS)]}
    )
    places = [place["id"] for place in made["locations"]]
    levels = [{"location_id": place, "available": 5} for place in places]
    items = (await world.control(f"/control/shops/{_PEER}/items", {"items": [{"levels": levels}] * BOMS}))["items"]
    for item in items:
        for place in places:
            ids = {"item": f"gid://shopify/InventoryItem/{item['id']}", "place": f"gid://shopify/Location/{place}"}
            data = await _call(world, _PEER_READ, ids)
            held = data["inventoryItem"]["inventoryLevel"]["quantities"][0]["quantity"]
            row = {
                "inventoryItemId": ids["item"],
                "locationId": ids["place"],
                "quantity": held + 2,
                "changeFromQuantity": held,
            }
            body = {"name": "available", "reason": "correction", "quantities": [row]}
            await _call(world, _PEER_SET, {"input": body, "key": str(ULID())})
    answer = await world.control(f"/control/shops/{_PEER}/calls", method="GET")
    return _figures(answer["operations"])


async def _call(world: ShopWorld, query: str, variables: Mapping[str, Any]) -> Any:
    url = f"{world.running.url}/{_PEER}/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": "shpat_peer"}
    body = {"query": query, "variables": variables}
    async with world.http.post(url, json=body, headers=headers, timeout=aiohttp.ClientTimeout(total=30)) as response:
        answer = await response.json()
    if answer.get("errors"):
        raise AssertionError(f"the peer's call failed: {answer['errors']}")
    return answer["data"]


def _points(calls: Mapping[str, Mapping[str, int]], *, without: tuple[str, ...] = ()) -> int:
    return sum(figures["points"] for name, figures in calls.items() if name not in without)


def _figures(calls: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    points = _points(calls)
    return {
        "points": points,
        "points_per_cell": round(points / CELLS, 4),
        "throttled": sum(figures["throttled"] for figures in calls.values()),
        "calls": {name: figures["calls"] for name, figures in calls.items()},
    }


async def run(notes: dict[str, Any]) -> dict[str, Any]:
    """Both settings, each in a world of its own, and the peer. `notes` is told on what it was measured."""
    measured: dict[str, Any] = {}
    async with LocalNodes() as nodes:
        for per_id in (False, True):
            database = f"points_{ULID()}".lower()
            async with shop_world(nodes.amqp_url, nodes.mongodb_uri, database, locations=LOCATIONS) as world:
                if not notes:
                    notes.update(await described(nodes.management_url, world.mongo))
                await prepare(world)
                measured["nodes per id" if per_id else "nodes flat"] = await measure(world, per_id=per_id)
                if per_id:
                    measured["peer"] = await peer(world)
                await world.mongo.db.client.drop_database(database)
    return measured


def main() -> None:
    """Print the figures as JSON."""
    configure_logs("benchmark", "warning")
    sys.stdout.write(json.dumps(asyncio.run(run({})), indent=2) + "\n")


if __name__ == "__main__":
    main()
