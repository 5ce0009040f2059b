"""Cells a second, and what each costs: previews and jobs in both directions, all services as processes of their own.

`python -m benchmarks.cells [--boms 2000] [--locations 5] [--latency 0] [--plan standard] [--workers 1] [--shops 1]`.
By step: from request to the end; processor time and peak memory of each process, commands and documents of MongoDB,
messages of RabbitMQ and points of Shopify until everything is at rest (the verifying reads, too), divided by the cells.
Every cell is in drift. With several shops each has that many BOMs, and all are asked for at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from benchmarks.crew import Crew
from benchmarks.drifted_shops import UNLIMITED, DriftedShops
from deploy.local.run_directory import RUN_DIRECTORY
from shared.contract.messages import JobRequest, PreviewRequest
from shared.contract.seal import Seals
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.mongodb.connection import Mongo
from shared.mongodb.schema import key_of
from shared.rabbitmq import topology
from shared.rabbitmq.publisher import Publisher
from tests.integration.shop_world import new_id

_LOOK = 0.05
_JOB_ENDS = ("completed", "completed_with_errors", "failed")
_PREVIEW_ENDS = ("ready", "failed")
_EVERYTHING = SelectionBody(bom_ids="all")


class Cells:
    """One stage, its shops, and what is asked of them."""

    def __init__(self, stage: Crew, mongo: Mongo, http: aiohttp.ClientSession, given: argparse.Namespace) -> None:
        self._stage = stage
        self._http = http
        self._mongo = mongo
        self._boms: int = given.boms
        self._places: int = given.locations
        self._shops_a_step: int = given.shops
        self._name: str = given.name
        self.drifted = DriftedShops(stage, mongo, http, plan=UNLIMITED if given.plan == "none" else given.plan)
        self.cells = self._boms * self._places * self._shops_a_step
        settings = stage.settings
        self._amqp_url = settings.amqp_url.get_secret_value()
        self._seals = Seals(settings.client_secrets)
        self._counters = stage.counters(mongo, http)

    def _shops(self, direction: Direction) -> list[str]:
        return [f"{direction.lower()}-{self._name}-{number}.myshopify.com" for number in range(self._shops_a_step)]

    async def run(self, direction: Direction) -> dict[str, dict[str, Any]]:
        """A preview, and the job of it, in fresh shops. Raises SystemExit where a cell is not as it should be."""
        shops = self._shops(direction)
        for shop in shops:
            await self.drifted.make(shop, direction, self._boms, self._places)
        previews, jobs = {shop: new_id() for shop in shops}, {shop: new_id() for shop in shops}
        publisher = await Publisher.open(self._amqp_url, "benchmark", self._seals)

        async def ask_previews() -> None:
            for shop, preview in previews.items():
                message = PreviewRequest(shop=shop, preview_id=preview, selection=_EVERYTHING)
                await publisher.command(topology.PREVIEW_REQUEST, message)

        async def ask_jobs() -> None:
            for shop, job in jobs.items():
                message = JobRequest(
                    shop=shop, job_id=job, direction=direction, selection=_EVERYTHING, preview_id=previews[shop]
                )
                await publisher.command(topology.JOB_REQUEST, message)

        try:
            previewed = await self._measured(ask_previews, "previews", previews, _PREVIEW_ENDS)
            ran = await self._measured(ask_jobs, "jobs", jobs, _JOB_ENDS)
        finally:
            await publisher.close()
        await self._judge(direction, jobs)
        return {f"preview before {direction}": previewed, str(direction): ran}

    async def _judge(self, direction: Direction, jobs: Mapping[str, str]) -> None:
        for shop, job in jobs.items():
            ended = await self._mongo.db["jobs"].find_one({"_id": key_of(shop, job)})
            if ended is None or ended["totals"]["updated"] * self._shops_a_step != self.cells:
                raise SystemExit(f"not all cells were updated: {ended and ended['totals']}")
            if not await self.drifted.agreed(shop, direction):
                raise SystemExit(f"{shop} is not in agreement after its job {direction}")

    async def _measured(
        self, ask: Callable[[], Awaitable[Any]], collection: str, which: Mapping[str, str], ends: tuple[str, ...]
    ) -> dict[str, Any]:
        for shop in which:
            await self.drifted.control(f"shops/{shop}/calls/reset")
        self._counters.forget_peaks()
        names = [key_of(shop, one) for shop, one in which.items()]
        before, at = await self._counters.now(), time.perf_counter()
        await ask()
        waiting = {"_id": {"$in": names}, "state": {"$in": list(ends)}}
        ended = self._mongo.db[collection]
        while await ended.count_documents(waiting) < len(names):  # noqa: ASYNC110  # other processes end them
            await asyncio.sleep(_LOOK)
        seconds = time.perf_counter() - at
        while await self._reads_due():  # noqa: ASYNC110  # other processes end them: there is nothing to await
            await asyncio.sleep(_LOOK)
        used = (await self._counters.now()).since(before).per(self.cells)
        points, calls = 0, 0
        for shop in which:
            told = await self.drifted.control(f"shops/{shop}/calls", method="GET")
            points += sum(one["points"] for one in told["operations"].values())
            calls += sum(one["calls"] for one in told["operations"].values())
        return {
            "seconds": round(seconds, 2),
            "cells_per_second": round(self.cells / seconds),
            "ms_per_cell": used["ms"],
            "ms_per_cell_total": used["ms_total"],
            "peak_mb": self._counters.peaks(),
            "per_cell": used["mongodb"],
            "amqp_per_cell": used["amqp"],
            "points_per_cell": round(points / self.cells, 4),
            "calls_per_1000_cells": round(1000 * calls / self.cells, 1),
        }

    async def _reads_due(self) -> bool:
        return await self._mongo.db["reads_wanted"].find_one({}, {"_id": 1}) is not None


async def with_workers(stage: Crew, http: aiohttp.ClientSession, workers: int) -> dict[str, int]:
    """Start more reconcilers until there are so many, each with its fair share of partitions; returns the shares.

    Raises SystemExit where the shares stay uneven: they are taken and given by leases.
    """
    while len(held := await stage.partitions_held(http)) < workers:
        await stage.add_reconciler(http)
    for _ in range(600):
        held = await stage.partitions_held(http)
        if sum(held.values()) == topology.PARTITIONS and max(held.values()) - min(held.values()) <= 1:
            return held
        await asyncio.sleep(_LOOK * 2)
    raise SystemExit(f"the workers do not hold a fair share of the partitions each: {held}")


async def measure_on(stage: Crew, mongo: Mongo, http: aiohttp.ClientSession, given: argparse.Namespace) -> Any:
    """Run each direction on a stage that runs; returns its figures by step."""
    bench = Cells(stage, mongo, http, given)
    held = await with_workers(stage, http, given.workers)
    await bench.drifted.control("latency", {"seconds": given.latency})
    figures: dict[str, Any] = {"cells": bench.cells, "latency": given.latency, "partitions_held": held}
    for direction in [Direction(given.only)] if given.only else list(Direction):
        figures |= await bench.run(direction)
    await bench.drifted.control("latency", {"seconds": 0})
    return figures


async def measure(given: argparse.Namespace) -> dict[str, Any]:
    """The same on a stage of its own."""
    async with Crew(RUN_DIRECTORY / "benchmark") as stage, aiohttp.ClientSession() as http:
        settings = stage.settings
        mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
        try:
            figures: dict[str, Any] = await measure_on(stage, mongo, http, given)
        finally:
            mongo.close()
        return figures


def sizes(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the arguments of the command line ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boms", type=int, default=2000)
    parser.add_argument("--locations", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--plan", default="none", help="standard, advanced, plus, enterprise; none: no throttle")
    parser.add_argument("--workers", type=int, default=1, help="reconcilers")
    parser.add_argument("--shops", type=int, default=1, help="shops for each direction")
    parser.add_argument("--only", choices=[str(direction) for direction in Direction], help="one direction")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--name", default="0", help="of the shops: another one for each run on the same stage")
    return parser.parse_args(arguments)


def medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The median run of each step, by its seconds, and how far the others were from it."""
    figures: dict[str, Any] = dict(runs[0])
    for step in [name for name, one in runs[0].items() if isinstance(one, dict) and "seconds" in one]:
        ordered = sorted((run[step] for run in runs), key=lambda one: one["seconds"])
        rates = [one["cells_per_second"] for one in ordered]
        figures[step] = {**ordered[len(ordered) // 2], "cells_per_second_of_all_runs": rates}
    return figures


def main() -> None:
    """Print the figures as JSON; with several runs those of the median run of each step."""
    given = sizes()
    runs = [asyncio.run(measure(given)) for _ in range(given.runs)]
    sys.stdout.write(json.dumps(medians(runs), indent=2) + "\n")


if __name__ == "__main__":
    main()
