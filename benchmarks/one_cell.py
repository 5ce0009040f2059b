"""A job of one cell over HTTP: from the request to the ended job, and how much of it is Trueup's own.

The peer, in the same run: a client that reads the level and sets it by two calls of its own, with nothing kept,
nothing queued and nothing compared. `python -m benchmarks.one_cell [--jobs 50] [--latency 0.08]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
from ulid import ULID

from deploy.local.demo.stage import CLIENT_ID, CLIENT_SECRET, SHOP, TOKEN, Stage
from deploy.local.run_directory import RUN_DIRECTORY

_READ = "query($id: ID!) { inventoryItem(id: $id) { id tracked } }"
_SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code } } }"""


@dataclass
class Shop:
    """The simulated shop and Trueup's API beside it."""

    http: aiohttp.ClientSession
    simulator: str
    api: str
    item: str = ""
    location: str = ""

    async def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """A call of the simulator's control API."""
        async with self.http.request(method, f"{self.simulator}/control/{path}", json=body) as response:
            response.raise_for_status()
            return await response.json()

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """A call of Trueup's API with a fresh session token, as the page makes it."""
        headers = {"Authorization": f"Bearer {session_token()}"}
        async with self.http.request(method, f"{self.api}/api{path}", json=body, headers=headers) as response:
            answer = await response.json()
            if not response.ok:
                raise SystemExit(f"{method} {path}: {answer}")
            return answer

    async def job(self) -> float:
        """Count one unit more, request the job, follow its stream to the end; returns seconds."""
        await self.call("PATCH", f"/cells/ONE/{self.location}", {"delta": 1, "cause": "counted"})
        cells = [{"bom_id": "ONE", "location_id": self.location}]
        body = {"job_id": str(ULID()), "direction": "toShopify", "selection": {"cells": cells}}
        started = time.perf_counter()
        await self.call("POST", "/jobs", body)
        headers = {"Authorization": f"Bearer {session_token()}"}
        async with self.http.get(f"{self.api}/api/jobs/{body['job_id']}/events", headers=headers) as stream:
            last = [line async for line in stream.content if line.startswith(b"data:")][-1]
        seconds = time.perf_counter() - started
        state = json.loads(last.removeprefix(b"data:"))
        if state["state"] != "completed" or state["totals"]["updated"] != 1:
            raise SystemExit(f"the job did not update its cell: {state}")
        return seconds

    async def peer(self) -> float:
        """Two bare calls, a read and a set; returns seconds."""
        started = time.perf_counter()
        await self.graphql(_READ, {"id": f"gid://shopify/InventoryItem/{self.item}"})
        row = {
            "inventoryItemId": f"gid://shopify/InventoryItem/{self.item}",
            "locationId": f"gid://shopify/Location/{self.location}",
            "quantity": int(time.time() * 1000) % 1000,
            "changeFromQuantity": None,
        }
        settings = {"name": "available", "reason": "correction", "quantities": [row]}
        await self.graphql(_SET, {"input": settings, "key": str(ULID())})
        return time.perf_counter() - started

    async def graphql(self, query: str, variables: dict[str, Any]) -> None:
        """One call of the Admin API."""
        url = f"{self.simulator}/{SHOP}/admin/api/2026-10/graphql.json"
        headers = {"X-Shopify-Access-Token": TOKEN}
        async with self.http.post(url, json={"query": query, "variables": variables}, headers=headers) as response:
            answer = await response.json()
            if answer.get("errors"):
                raise SystemExit(f"the peer's call failed: {answer['errors']}")


def session_token() -> str:
    """A session token as Shopify makes it."""
    now = int(time.time())
    claims = {
        "iss": f"https://{SHOP}/admin",
        "dest": f"https://{SHOP}",
        "aud": CLIENT_ID,
        "sub": "1",
        "exp": now + 60,
        "nbf": now - 5,
        "iat": now - 5,
        "jti": str(ULID()),
        "sid": "benchmark",
    }
    return jwt.encode(claims, CLIENT_SECRET, algorithm="HS256")


async def prepare(stage: Stage, http: aiohttp.ClientSession) -> Shop:
    """A shop with one item at one location, known to Trueup and in agreement."""
    shop = Shop(http, stage.simulator, f"http://127.0.0.1:{stage.ports['preview']}")
    made = await shop.control(
        "shops",
        {
            "domain": SHOP,
            "access_token": TOKEN,
            "plan": "enterprise",
            "webhook_url": stage.webhook_url,
            "locations": [{"name": "Shelf"}],
        },
    )
    shop.location = made["locations"][0]["id"]
    levels = [{"location_id": shop.location, "available": 5, "age_seconds": 3600}]
    shop.item = (await shop.control(f"shops/{SHOP}/items", {"items": [{"levels": levels}]}))["items"][0]["id"]
    await stage.command("shop", "add", SHOP, "--token-file", "-", words=TOKEN)
    bom = {"bom_id": "ONE", "inventory_item_id": shop.item, "name": "One finished good"}
    await shop.call("PUT", "/boms", bom)
    await stage.command("reconcile", "--shop", SHOP, "--direction", "toLocal", "--all", "--watch", "--yes")
    await shop.call("PATCH", f"/cells/ONE/{shop.location}", {"delta": 5, "cause": "counted"})
    return shop


async def measure(jobs: int, latency: float) -> dict[str, Any]:
    """Run both in turn; returns the figures, in seconds."""
    async with Stage(RUN_DIRECTORY / "benchmark") as stage, aiohttp.ClientSession() as http:
        shop = await prepare(stage, http)
        await shop.control("latency", {"seconds": latency})
        await shop.job()
        await shop.control(f"shops/{SHOP}/calls/reset")
        ours = [await shop.job() for _ in range(jobs)]
        calls = (await shop.control(f"shops/{SHOP}/calls", method="GET"))["operations"]
        peers = [await shop.peer() for _ in range(jobs)]
    in_call = statistics.median(peers) / 2
    reads = min(1.0, calls["nodes"]["calls"] / jobs)
    waited = (reads + calls["inventorySetQuantities"]["calls"] / jobs) * in_call
    median = statistics.median(ours)
    return {
        "jobs": jobs,
        "latency": latency,
        "median": round(median, 4),
        "p95": round(sorted(ours)[int(jobs * 0.95) - 1], 4),
        "own_part_median": round(median - waited, 4),
        "calls": {name: figures["calls"] for name, figures in calls.items()},
        "peer_median": round(statistics.median(peers), 4),
        "ratio_to_peer": round(median / statistics.median(peers), 2),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.08)
    given = parser.parse_args()
    sys.stdout.write(json.dumps(asyncio.run(measure(given.jobs, given.latency)), indent=2) + "\n")


if __name__ == "__main__":
    main()
