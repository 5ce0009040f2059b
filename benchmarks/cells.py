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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measuring.figures import Figures, combined
from benchmarks.measuring.memory import Memory
from benchmarks.stages.drifted_shops import UNLIMITED, DriftedShops
from benchmarks.stages.place import LOOK, Place, opened
from shared.contract.messages import JobRequest, PreviewRequest
from shared.contract.seal import Seals
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.mongodb.schema import key_of
from shared.rabbitmq import topology
from shared.rabbitmq.publishing.publisher import Publisher
from tests.integration.shop_world import new_id

NO_PLAN = "none"
JOB_ENDS = ("completed", "completed_with_errors", "failed")
EVERYTHING = SelectionBody(bom_ids="all")
_PREVIEW_ENDS = ("ready", "failed")
_CLOSE_LOOK = 0.01
_FEW = 2_000
"""Cells below which a step is over so soon that a look must be a close one."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is asked for. `latency`: seconds of each call; `plan`: Shopify's, or none; `shops`: for each direction."""

    boms: int
    locations: int = 5
    latency: float = 0.0
    plan: str = NO_PLAN
    workers: int = 1
    shops: int = 1
    directions: tuple[Direction, ...] = tuple(Direction)

    @property
    def cells(self) -> int:
        """Of one direction."""
        return self.boms * self.locations * self.shops


class Cells:
    """What is asked of the shops of a place, step by step."""

    def __init__(self, place: Place, size: Size, *, name: str = "0") -> None:
        """`name`: of the shops, another one for each run in the same place."""
        self._place = place
        self._size = size
        self._name = name
        self._look = _CLOSE_LOOK if size.cells <= _FEW else LOOK
        plan = UNLIMITED if size.plan == NO_PLAN else size.plan
        self.drifted = DriftedShops(place.stage, place.mongo, place.http, plan=plan)
        self._counters = place.stage.counters(place.mongo, place.http)

    async def run(self, direction: Direction) -> dict[str, Figures]:
        """A preview, and the job of it, in fresh shops. Raises SystemExit where a cell is not as it should be."""
        number = range(self._size.shops)
        shops = [f"{direction.lower()}-{self._name}-{one}.myshopify.com" for one in number]
        for shop in shops:
            await self.drifted.make(shop, direction, self._size.boms, self._size.locations)
        previews = {shop: new_id() for shop in shops}
        settings = self._place.stage.settings
        amqp_url = settings.amqp_url.get_secret_value()
        publisher = await Publisher.open(amqp_url, "benchmark", Seals(settings.client_secrets))
        try:
            previewed = await self.previews(publisher, previews)
            ran = await self.jobs(publisher, direction, previews)
        finally:
            await publisher.close()
        return {f"preview before {direction}": previewed, str(direction): ran}

    async def previews(self, publisher: Publisher, previews: Mapping[str, str]) -> Figures:
        """Those of all cells, one for each shop."""

        async def ask() -> None:
            for shop, preview in previews.items():
                message = PreviewRequest(shop=shop, preview_id=preview, selection=EVERYTHING)
                await publisher.command(topology.PREVIEW_REQUEST, message)

        return await self._measured(ask, "previews", previews, _PREVIEW_ENDS)

    async def jobs(self, publisher: Publisher, direction: Direction, previews: Mapping[str, str]) -> Figures:
        """Those of the previews. Raises SystemExit where a cell is not as it should be afterwards."""
        jobs = {shop: new_id() for shop in previews}

        async def ask() -> None:
            for shop, job in jobs.items():
                message = JobRequest(
                    shop=shop, job_id=job, direction=direction, selection=EVERYTHING, preview_id=previews[shop]
                )
                await publisher.command(topology.JOB_REQUEST, message)

        figures = await self._measured(ask, "jobs", jobs, JOB_ENDS)
        await self._judge(direction, jobs)
        return figures

    async def _judge(self, direction: Direction, jobs: Mapping[str, str]) -> None:
        for shop, job in jobs.items():
            ended = await self._place.mongo.db["jobs"].find_one({"_id": key_of(shop, job)})
            if ended is None or ended["totals"]["updated"] * self._size.shops != self._size.cells:
                raise SystemExit(f"not all cells were updated: {ended and (ended['totals'], ended['codes'])}")
            if not await self.drifted.agreed(shop, direction):
                raise SystemExit(f"{shop} is not in agreement after its job {direction}")

    async def _measured(
        self, ask: Callable[[], Awaitable[Any]], collection: str, which: Mapping[str, str], ends: Sequence[str]
    ) -> Figures:
        for shop in which:
            await self.drifted.control(f"shops/{shop}/calls/reset")
        self._counters.forget_peaks()
        names = [key_of(shop, one) for shop, one in which.items()]
        waiting = {"_id": {"$in": names}, "state": {"$in": list(ends)}}
        documents = self._place.mongo.db[collection]

        async def all_ended() -> bool:
            return await documents.count_documents(waiting) == len(names)

        async with Memory(self._place.stage.processes) as memory:
            before, at = await self._counters.now(), time.perf_counter()
            await ask()
            await self._place.until(all_ended, f"the end of all {collection}", every=self._look)
            seconds = time.perf_counter() - at
        spent = await self._calls(which)
        await self._place.until(self._all_read, "all verifying reads")
        used = (await self._counters.now()).since(before).per(self._size.cells)
        calls = await self._calls(which)
        return {
            "cells": self._size.cells,
            "seconds": round(seconds, 3),
            "cells_per_second": round(self._size.cells / seconds),
            "ms_per_cell": used["ms"],
            "ms_per_cell_total": used["ms_total"],
            "peak_mb": self._counters.peaks(),
            "memory_growth": memory.growth(),
            "per_cell": used["mongodb"],
            "amqp_per_cell": used["amqp"],
            "points_until_its_end": spent["points"],
            "points_per_cell": round(calls["points"] / self._size.cells, 4),
            "calls_per_1000_cells": round(1000 * calls["calls"] / self._size.cells, 1),
            "throttled": calls["throttled"],
        }

    async def _calls(self, shops: Mapping[str, str]) -> dict[str, int]:
        """What the simulator has counted since the step began."""
        told = [await self.drifted.control(f"shops/{shop}/calls", method="GET") for shop in shops]
        operations = [one for calls in told for one in calls["operations"].values()]
        return {name: sum(one[name] for one in operations) for name in ("points", "calls", "throttled")}

    async def _all_read(self) -> bool:
        return await self._place.mongo.db["reads_wanted"].find_one({}, {"_id": 1}) is None


async def with_workers(place: Place, workers: int) -> dict[str, int]:
    """Start more reconcilers until there are so many, each with its fair share of partitions; returns the shares.

    Raises StandsStill where the shares stay uneven: they are taken and given by leases.
    """
    stage, http = place.stage, place.http
    while len(await stage.partitions_held(http)) < workers:
        await stage.add_reconciler(http)

    async def fair() -> bool:
        held = await stage.partitions_held(http)
        return sum(held.values()) == topology.PARTITIONS and max(held.values()) - min(held.values()) <= 1

    await place.until(fair, f"a fair share of the partitions for each of {workers} workers")
    return await stage.partitions_held(http)


async def measure(place: Place, size: Size, *, name: str = "0") -> dict[str, Figures]:
    """Each direction in a place that runs; the figures by step."""
    bench = Cells(place, size, name=name)
    held = await with_workers(place, size.workers)
    await bench.drifted.control("latency", {"seconds": size.latency})
    figures: dict[str, Figures] = {}
    try:
        for direction in size.directions:
            figures |= await bench.run(direction)
    finally:
        await bench.drifted.control("latency", {"seconds": 0})
    return {step: {**one, "partitions_held": held} for step, one in figures.items()}


async def _alone(size: Size) -> dict[str, Figures]:
    async with opened({}) as place:
        return await measure(place, size)


def main() -> None:
    """Print the figures as JSON; with several runs their medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boms", type=int, default=2000)
    parser.add_argument("--locations", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--plan", default=NO_PLAN, help="standard, advanced, plus, enterprise; none: no throttle")
    parser.add_argument("--workers", type=int, default=1, help="reconcilers")
    parser.add_argument("--shops", type=int, default=1, help="shops for each direction")
    parser.add_argument("--only", choices=[str(direction) for direction in Direction], help="one direction")
    parser.add_argument("--runs", type=int, default=1)
    given = parser.parse_args()
    directions = (Direction(given.only),) if given.only else tuple(Direction)
    size = Size(given.boms, given.locations, given.latency, given.plan, given.workers, given.shops, directions)
    runs = [asyncio.run(_alone(size)) for _ in range(given.runs)]
    sys.stdout.write(json.dumps(combined(runs), indent=2) + "\n")


if __name__ == "__main__":
    main()
