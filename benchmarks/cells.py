"""Cells a second, and what each costs: previews and jobs in both directions, all services as processes of their own.

`python -m benchmarks.cells [--boms 2000] [--locations 5] [--latency 0] [--plan standard]`. By step: from request to
the end, processor time of each process and commands of MongoDB until everything is at rest (the verifying reads, too),
divided by the cells. Two shops, one for each direction, with every cell in drift.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from deploy.local.demo.stage import SHOP, TOKEN, Stage
from deploy.local.run_directory import RUN_DIRECTORY
from shared.contract.messages import JobRequest, PreviewRequest
from shared.contract.seal import Seals
from shared.contract.selection import SelectionBody
from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.stock import Stock
from shared.mongodb.connection import Mongo
from shared.mongodb.schema import key_of
from shared.mongodb.stock.stock import new_stock
from shared.rabbitmq import topology
from shared.rabbitmq.publisher import Publisher
from tests.integration.shop_world import new_id

SHOPS = {Direction.TO_SHOPIFY: SHOP, Direction.TO_LOCAL: "trueup-other.myshopify.com"}
_TICK = os.sysconf("SC_CLK_TCK")
_LOOK = 0.05
_UNLIMITED = [1e9, 1e9]
_COMMANDS = ("insert", "query", "update", "delete", "getmore", "command")


class Bench:
    """One stage with two shops."""

    def __init__(self, stage: Stage, http: aiohttp.ClientSession, given: argparse.Namespace) -> None:
        self._stage = stage
        self._http = http
        self._boms: int = given.boms
        self._places: int = given.locations
        self._plan: Any = _UNLIMITED if given.plan == "none" else given.plan
        self.cells = self._boms * self._places
        settings = stage.settings
        self._mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
        self._amqp_url = settings.amqp_url.get_secret_value()
        self._seals = Seals(settings.client_secrets)

    async def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """A call of the simulator's control API."""
        async with self._http.request(method, f"{self._stage.simulator}/control/{path}", json=body) as response:
            response.raise_for_status()
            return await response.json()

    async def make(self, direction: Direction) -> None:
        """A shop whose cells all differ: counted by hand for a push, moved at Shopify for a pull."""
        shop = SHOPS[direction]
        places = [{"name": f"Place {number}"} for number in range(self._places)]
        made = await self.control(
            "shops", {"domain": shop, "access_token": TOKEN, "plan": self._plan, "locations": places}
        )
        places_ids = [place["id"] for place in made["locations"]]
        await self._stage.command("shop", "add", shop, "--token-file", "-", words=TOKEN)
        pull = direction is Direction.TO_LOCAL
        then = datetime.now(UTC) - timedelta(hours=3)
        for numbers in batches(range(self._boms), 250):
            levels = [
                {"location_id": place, "available": 55 if pull else 50, "age_seconds": 3600} for place in places_ids
            ]
            items = [{"sku": f"S-{number:05}", "levels": levels} for number in numbers]
            ids = [item["id"] for item in (await self.control(f"shops/{shop}/items", {"items": items}))["items"]]
            boms, stock = [], []
            for number, item in zip(numbers, ids, strict=True):
                bom = f"BOM-{number:05}"
                boms.append(
                    {
                        "_id": key_of(shop, bom),
                        "shop": shop,
                        "bom_id": bom,
                        "inventory_item_id": item,
                        "name": bom,
                        "name_lower": bom.lower(),
                        "tags": [],
                        "tracks_pre_assembled": True,
                        "externally_managed": False,
                        "cells_no": 0,
                    }
                )
                seen = Stock(
                    base=50,
                    base_time=then,
                    count=50 if pull else 57,
                    manual_total=0 if pull else 7,
                    tracks_rev=1,
                    rev=2,
                )
                stock += [new_stock(shop, CellKey(bom, place), item, seen) for place in places_ids]
            await self._mongo.db["boms"].insert_many(boms, ordered=False)
            await self._mongo.db["stock"].insert_many(stock, ordered=False)

    async def run(self, direction: Direction) -> dict[str, dict[str, Any]]:
        """A preview, and the job of it."""
        shop, preview, job = SHOPS[direction], new_id(), new_id()
        everything = SelectionBody(bom_ids="all")
        publisher = await Publisher.open(self._amqp_url, "benchmark", self._seals)
        try:
            previewed = await self._measured(
                lambda: publisher.command(
                    topology.PREVIEW_REQUEST,
                    PreviewRequest(shop=shop, preview_id=preview, selection=everything),
                ),
                "previews",
                {"_id": key_of(shop, preview)},
                ("ready", "failed"),
            )
            ran = await self._measured(
                lambda: publisher.command(
                    topology.JOB_REQUEST,
                    JobRequest(shop=shop, job_id=job, direction=direction, selection=everything, preview_id=preview),
                ),
                "jobs",
                {"_id": key_of(shop, job)},
                ("completed", "completed_with_errors", "failed"),
            )
        finally:
            await publisher.close()
        ended = await self._mongo.db["jobs"].find_one({"_id": key_of(shop, job)})
        if ended is None or ended["totals"]["updated"] != self.cells:
            raise SystemExit(f"not all cells were updated: {ended and ended['totals']}")
        return {f"preview before {direction}": previewed, str(direction): ran}

    async def _measured(
        self, ask: Callable[[], Awaitable[Any]], collection: str, which: Mapping[str, Any], ends: tuple[str, ...]
    ) -> dict[str, Any]:
        before, at = await self._used(), time.perf_counter()
        await ask()
        while True:
            found = await self._mongo.db[collection].find_one(which, {"state": 1})
            if found is not None and found["state"] in ends:
                break
            await asyncio.sleep(_LOOK)
        seconds = time.perf_counter() - at
        while await self._reads_due():  # noqa: ASYNC110  # other processes end them: there is nothing to await
            await asyncio.sleep(_LOOK)
        after = await self._used()
        used = {name: after[name] - before[name] for name in after}
        return {
            "seconds": round(seconds, 2),
            "cells_per_second": round(self.cells / seconds),
            "ms_per_cell": {
                name: round(1000 * used[name] / self.cells, 3) for name in used if not name.startswith("mongodb ")
            },
            "per_cell": {
                name.removeprefix("mongodb "): round(used[name] / self.cells, 2)
                for name in used
                if name.startswith("mongodb ")
            },
        }

    async def _reads_due(self) -> bool:
        return await self._mongo.db["stock"].find_one({"verify_at": {"$exists": True}}, {"_id": 1}) is not None

    async def _used(self) -> dict[str, float]:
        """Processor seconds by process, and MongoDB's counters, since their start."""
        processes = {name: process.pid for name, process in self._stage._processes.items()}  # noqa: SLF001  # to look at
        processes |= self._stage.nodes.processes()
        used = {name: _processor_seconds(pid) for name, pid in processes.items()}
        status = await self._mongo.db.client.admin.command("serverStatus")
        for name in _COMMANDS:
            used[f"mongodb {name}s"] = float(status["opcounters"][name])
        for name in ("inserted", "updated", "returned"):
            used[f"mongodb documents {name}"] = float(status["metrics"]["document"][name])
        for name in ("scanned", "scannedObjects"):
            used[f"mongodb {name}"] = float(status["metrics"]["queryExecutor"][name])
        return used


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


async def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Run each direction; returns its figures by step."""
    async with Stage(RUN_DIRECTORY / "benchmark") as stage, aiohttp.ClientSession() as http:
        bench = Bench(stage, http, given)
        for direction in Direction:
            await bench.make(direction)
        await bench.control("latency", {"seconds": given.latency})
        figures: dict[str, Any] = {"cells": bench.cells, "latency": given.latency}
        for direction in Direction:
            figures |= await bench.run(direction)
        return figures


def main() -> None:
    """Print the figures as JSON; with several runs those of the median run of each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boms", type=int, default=2000)
    parser.add_argument("--locations", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--plan", default="none", help="standard, advanced, plus, enterprise; none: no throttle")
    parser.add_argument("--runs", type=int, default=1)
    given = parser.parse_args()
    runs = [asyncio.run(measure(given)) for _ in range(given.runs)]
    middle = {
        step: sorted((run[step] for run in runs), key=lambda one: one["seconds"])[len(runs) // 2]
        for step in runs[0]
        if isinstance(runs[0][step], dict)
    }
    spread = {step: statistics.median(run[step]["cells_per_second"] for run in runs) for step in middle}
    sys.stdout.write(json.dumps({**runs[0], **middle, "median_cells_per_second": spread}, indent=2) + "\n")


if __name__ == "__main__":
    main()
