"""A whole shop in drift under the Standard plan: 10,000 BOMs at 20 locations, with one clock for client and simulator.

The clock stands still while there is work and moves where the client waits for the budget, so the run takes as long as
the work, and the bucket is restored by the waits alone. Prints calls, points, throttled calls, virtual and real
seconds, and the memory of the process that runs all services, sampled through the run; ends with 1 where a call was
throttled or above a limit, a cell is not updated, or memory grows. `python -m benchmarks.campaign_budget
[--boms 10000] [--locations 20] [--per-id] [--points-per-row 0]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
from ulid import ULID

from benchmarks.points import verified
from benchmarks.stages.shared_clock import MovedClock
from deploy.local.nodes import LocalNodes
from shared.contract.messages import PreviewRequest
from shared.contract.selection import SelectionBody
from shared.domain.batches import batches
from shared.domain.comparison import Direction
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import StockStore
from shared.observing.logs import configure_logs
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import PREVIEW_REQUEST
from shared.reading.locations import refresh_locations
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads
from simulator.http.server import Running
from tests.integration.shop_world import SHOP, TOKEN, ShopWorld, previewer, reconciler, settings_for
from tests.stored_access import StoredAccess

HELD, COUNTED = 7, 9
"""What Shopify holds of every cell, and what was counted."""

MAX_GROWTH = 1.15
"""The peak of the second half over that of the first: caches fill, queues must not."""

_SAMPLE_EVERY = 0.5
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MIB = 2**20


@dataclass
class Memory:
    """Resident memory of this process, sampled with the cells that had ended by then."""

    mebibytes: list[float] = field(default_factory=list)

    async def sample(self) -> None:
        """Sample until cancelled."""
        while True:
            self.mebibytes.append(_resident())
            await asyncio.sleep(_SAMPLE_EVERY)

    def figures(self) -> dict[str, Any]:
        """The peak, the growth from the first half of the run to the second, and ten samples."""
        samples, middle = self.mebibytes, len(self.mebibytes) // 2
        return {
            "peak_mib": round(max(samples), 1),
            "growth": round(max(samples[middle:]) / max(samples[:middle]), 3),
            "samples_mib": [round(samples[i * (len(samples) - 1) // 9], 1) for i in range(10)],
        }


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE / _MIB


async def start_simulator(stack: AsyncExitStack, folder: Path, clock: Path) -> str:
    """The simulator as a process of its own, so that its memory is not ours; returns its address."""
    ready = folder / "ready.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.stages.clocked_simulator", str(clock), str(ready)
    )
    stack.push_async_callback(process.wait)
    stack.callback(process.terminate)
    async with asyncio.timeout(30):
        while not ready.exists():  # noqa: ASYNC110  # a file announces nothing
            await asyncio.sleep(0.05)
    url: str = json.loads(ready.read_text(encoding="utf-8"))["url"]
    return url


async def open_world(stack: AsyncExitStack, nodes: LocalNodes, url: str, clock: MovedClock, places: int) -> ShopWorld:
    """The shop in the simulator and the stores behind Trueup."""
    database = f"campaign_{ULID()}".lower()
    settings = settings_for(nodes.amqp_url, nodes.mongodb_uri, database, url)
    mongo = Mongo(nodes.mongodb_uri, database)
    stack.callback(mongo.close)
    await mongo.prepare()
    stack.push_async_callback(mongo.db.client.drop_database, database)
    await declare_topology(nodes.amqp_url)
    publisher = await Publisher.open(nodes.amqp_url, "campaign")
    stack.push_async_callback(publisher.close)
    shops = ShopStore(mongo.db, settings.fernet_keys)
    boms = BomStore(mongo.db, mongo.transactions)
    http = await stack.enter_async_context(aiohttp.ClientSession())
    access = StoredAccess(mongo.db, settings.fernet_keys)
    client = ShopifyClient(http, access, settings.shopify_url, settings.shopify_api_version, clock=clock)
    running = cast("Running", SimpleNamespace(url=url))
    world = ShopWorld(
        settings, running, mongo, http, publisher, ShopifyReads(client), boms, StockStore(mongo.db), shops
    )
    made = await world.control(
        "/control/shops",
        {"domain": SHOP, "access_token": TOKEN, "locations": [{"name": f"Location {n:02}"} for n in range(places)]},
    )
    world.locations = sorted(location["id"] for location in made["locations"])
    await shops.add(SHOP, TOKEN)
    await refresh_locations(SHOP, boms, world.reads)
    return world


async def fill(world: ShopWorld, boms: int, clock: MovedClock) -> None:
    """Items and BOMs in agreement, and then every cell counted two above."""
    for part in batches(range(boms), 250):
        await world.add_boms({f"B{n:05}": [HELD] * len(world.locations) for n in part}, tracks=True)
    agreed = {"index": HELD, "index_time": clock.now() - timedelta(hours=1), "count": COUNTED, "manual_total": 2}
    await world.mongo.db["stock"].update_many({}, {"$set": agreed, "$inc": {"rev": 1}})


async def campaign(world: ShopWorld, clock: MovedClock) -> dict[str, Any]:
    """One preview and one job of all cells, and their verifying reads."""
    memory = Memory()
    await world.control("calls/reset")
    began, moved = time.monotonic(), clock.passed
    async with reconciler(world, clock=clock), previewer(world):
        sampling = asyncio.create_task(memory.sample())
        preview = PreviewRequest(shop=SHOP, preview_id=str(ULID()), selection=SelectionBody(bom_ids="all"))
        await world.publisher.command(PREVIEW_REQUEST, preview)
        ready = await world.document("previews", preview.preview_id, lambda p: p["state"] in {"ready", "failed"})
        previewed = time.monotonic()
        job_id = await world.request(Direction.TO_SHOPIFY, preview_id=preview.preview_id)
        job = await world.ended(job_id)
        ended = time.monotonic()
        await verified(world)
        sampling.cancel()
    answer = await world.control("calls", method="GET")
    levels = (await world.control("levels", method="GET"))["levels"]
    operations = answer["operations"]
    return {
        "cells": job["totals"]["total"],
        "preview": ready["state"],
        "job": job["state"],
        "totals": job["totals"],
        "codes": job["codes"],
        "cells_at_shopify_as_counted": sum(level["available"] == COUNTED for level in levels),
        "calls": {name: figures["calls"] for name, figures in operations.items()},
        "points": {name: figures["points"] for name, figures in operations.items()},
        "points_in_all": sum(figures["points"] for figures in operations.values()),
        "throttled": sum(figures["throttled"] for figures in operations.values()),
        "refused": sum(figures["errors"] for figures in operations.values()),
        "dearest_call": max(call["requested"] for call in answer["log"]),
        "virtual_seconds": round((clock.passed - moved).total_seconds(), 1),
        "real_seconds": {
            "preview": round(previewed - began, 1),
            "job": round(ended - previewed, 1),
            "verified_after": round(time.monotonic() - ended, 1),
        },
        "memory": memory.figures(),
    }


def complaints(measured: dict[str, Any], wanted: int) -> list[str]:
    """What was not as it must be."""
    cells = measured["cells"]
    checks = {
        "the preview or the job did not come to its end": (measured["preview"], measured["job"])
        == ("ready", "completed"),
        "a cell is missing": cells == wanted,
        "a call was throttled": measured["throttled"] == 0,
        "a call was refused": measured["refused"] == 0,
        "a call was above 1000 points": measured["dearest_call"] <= 1000,  # noqa: PLR2004  # Shopify's limit
        "a cell was not updated": measured["totals"]["updated"] == cells == measured["cells_at_shopify_as_counted"],
        "more was spent than the bucket gave": measured["points_in_all"]
        <= 2000 + 100 * measured["virtual_seconds"] + 1,
        "memory grew": measured["memory"]["growth"] <= MAX_GROWTH,
    }
    return [complaint for complaint, held in checks.items() if not held]


async def run(boms: int, locations: int, *, per_id: bool, points_per_row: int) -> dict[str, Any]:
    """The whole campaign on servers of its own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trueup-campaign-")))
        clock = MovedClock(folder / "clock", datetime.now(UTC))
        moving = asyncio.create_task(clock.run())
        stack.callback(moving.cancel)
        nodes = await stack.enter_async_context(LocalNodes())
        url = await start_simulator(stack, folder, folder / "clock")
        world = await open_world(stack, nodes, url, clock, locations)
        await world.control(
            "/control/open_points", {"nodes_cost_per_id": per_id, "points_per_quantity": points_per_row}
        )
        await fill(world, boms, clock)
        return await campaign(world, clock)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures as JSON, and what was wrong with them."""
    parser = argparse.ArgumentParser(description="A whole shop in drift under the Standard plan, on one clock.")
    parser.add_argument("--boms", type=int, default=10_000)
    parser.add_argument("--locations", type=int, default=20)
    parser.add_argument("--per-id", action="store_true", help="`nodes` costs for each id")
    parser.add_argument("--points-per-row", type=int, default=0, help="what each row of a push costs besides")
    given = parser.parse_args(arguments)
    configure_logs("benchmark", os.environ.get("TRUEUP_LOG_LEVEL", "error"))
    measured = asyncio.run(run(given.boms, given.locations, per_id=given.per_id, points_per_row=given.points_per_row))
    wrong = complaints(measured, given.boms * given.locations)
    sys.stdout.write(json.dumps(measured | {"wrong": wrong}, indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
