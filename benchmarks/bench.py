"""`make bench`: what a cell and a webhook cost, beside peers in the same run, as tables, and as JSON in `.run/bench`.

`--quick` takes under three minutes on a quiet machine with two cores; the long form takes medians and adds latency,
plans and the page; `--growth` adds 20,000 to 200,000 cells, one to four workers and 200 shops. `--record` puts the
tables into docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import cells, tables, webhooks
from benchmarks.crew import Crew
from benchmarks.machine import described
from benchmarks.peers import row_by_row, running
from deploy.local.errors import LocalNodeError
from deploy.local.run_directory import RUN_DIRECTORY
from shared.mongodb.connection import Mongo
from shared.observing.logs import configure_logs

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- measured by `make bench` -->", "<!-- end of what was measured -->"
_PLACES = 5

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How much. `boms` at five locations each."""

    boms: int
    webhooks: int
    runs: int


QUICK = Size(boms=400, webhooks=5_000, runs=1)
LONG = Size(boms=2_000, webhooks=20_000, runs=5)

SCENES = {
    "10,000 cells, 300 ms a call": ["--boms", "2000", "--latency", "0.3"],
    "400 cells, Standard, 80 ms": ["--boms", "100", "--locations", "4", "--plan", "standard", "--latency", "0.08"],
    "50,000 cells, Standard": ["--boms", "10000", "--plan", "standard"],
}
"""Of the long form: what a merchant meets. Each has a stage of its own."""

GROWTH = {
    "200 shops of 50 cells, 1 worker": ["--boms", "10", "--shops", "200"],
    "200 shops of 50 cells, 2 workers": ["--boms", "10", "--shops", "200", "--workers", "2"],
    "200 shops of 50 cells, 4 workers": ["--boms", "10", "--shops", "200", "--workers", "4"],
    "20,000 cells": ["--boms", "4000", "--only", "toShopify"],
    "200,000 cells": ["--boms", "40000", "--only", "toShopify"],
}
"""Shops are compared with shops, cells with cells. With several workers each must hold its fair share
of the partitions before anything is asked."""


class Run:
    """What has been measured so far. A part that fails is left out with its reason; the others go on."""

    def __init__(self, size: Size, *, recorded: bool) -> None:
        self.size = size
        self._recorded = recorded
        self._kept = RUN_DIRECTORY / "bench" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
        self.figures: Figures = {}
        self.failed: list[str] = []

    async def part(self, name: str, measure: Callable[[], Awaitable[Figures]]) -> Figures:
        """One part's figures."""
        _tell(f"{name} …")
        try:
            return await measure()
        # A part ends by SystemExit where a result is not as it should be.
        except (SystemExit, LocalNodeError, aiohttp.ClientError) as error:
            self.failed.append(f"{name}: {error}")
            _tell(f"{name}: left out: {error}")
            return {"left_out": str(error)}

    async def on_one_stage(self) -> None:
        """Cells, peers and webhooks, all on the same servers."""
        async with Crew(RUN_DIRECTORY / "benchmark") as stage, aiohttp.ClientSession() as http:
            settings = stage.settings
            mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
            try:
                self.figures["machine"] = await described(stage, mongo)
                await self._of_cells(stage, mongo, http)
                await self._of_peers(stage, mongo, http)
                number = self.size.webhooks
                told = await self.part("webhooks", lambda: webhooks.run_all(stage, http, number))
                self.figures["webhooks"] = {"all": told} if "left_out" in told else told
                await asyncio.to_thread(self.keep)
            finally:
                mongo.close()

    async def _of_cells(self, stage: Crew, mongo: Mongo, http: aiohttp.ClientSession) -> None:
        runs = []
        for number in range(self.size.runs):
            # Shops of a run before would only add to what is read: each begins with none of its own.
            given = cells.sizes(["--boms", str(self.size.boms), "--locations", str(_PLACES), "--name", str(number)])
            runs.append(await cells.measure_on(stage, mongo, http, given))
            _tell(f"cells, run {number + 1} of {self.size.runs}")
        self.figures["cells"] = cells.medians(runs)

    async def _of_peers(self, stage: Crew, mongo: Mongo, http: aiohttp.ClientSession) -> None:
        figures: Figures = {}
        for way in row_by_row.WAYS:
            name = f"row by row, {way}"

            async def rows(way: str = way) -> Figures:
                return await running.run_rows(way, stage, mongo, http, boms=self.size.boms, places=_PLACES)

            figures[name] = await self.part(name, rows)
        for queue in running.QUEUES:

            async def tasks(queue: running.Queue = queue) -> Figures:
                return await running.run_queue(queue, stage, http, self.size.boms * _PLACES)

            figures[queue.name] = await self.part(queue.name, tasks)
        self.figures["peers"] = figures

    async def on_stages_of_their_own(self, kind: str, cases: dict[str, list[str]]) -> None:
        """Other sizes and circumstances."""
        self.figures[kind] = {}
        for name, arguments in cases.items():
            given = cells.sizes(arguments)

            async def case(given: argparse.Namespace = given) -> Figures:
                return await cells.measure(given)

            self.figures[kind][name] = await self.part(name, case)
            await asyncio.to_thread(self.keep)

    def keep(self) -> None:
        """What has been measured until now: a long run that ends early has not been in vain."""
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        self._kept.write_text(json.dumps(self.figures, indent=2) + "\n")
        _tell(f"figures in {self._kept.relative_to(RUN_DIRECTORY.parent)}")
        if self._recorded:
            record(self.page())

    def page(self) -> str:
        """All tables."""
        figures = self.figures
        parts = [
            ("On what", tables.of_machine(figures["machine"])),
            ("A cell", tables.of_queues(figures["cells"], figures["peers"])),
            ("Shopify's points", tables.of_api(figures["cells"], figures["peers"])),
            ("Webhooks", tables.of_webhooks(figures["webhooks"])),
            ("Memory", tables.of_memory(figures["cells"])),
            ("A million cells, on paper", tables.of_a_million(figures["cells"])),
        ]
        for kind, title in (("scenes", "Latency and plans"), ("growth", "Growth")):
            if figures.get(kind):
                parts.append((title, tables.of_growth(figures[kind])))
        size = figures["cells"]["cells"]
        about = f"{size:,} cells a step, {self.size.webhooks:,} webhooks, median of {self.size.runs}."
        cores, load = os.cpu_count() or 1, float(figures["machine"]["load as it began"])
        if load > cores:
            about += (
                f" The machine was busy with other work ({load} programs wanted {cores} cores as it began): rates are"
                " lower than on a quiet one and their ratios uncertain; counts hold, and so do ratios of CPU time."
            )
        return "\n\n".join([about, *(f"### {title}\n\n{text}" for title, text in parts)])


def _tell(line: str) -> None:
    sys.stderr.write(f"bench: {line}\n")


def record(text: str) -> None:
    """Put the tables where the last ones were."""
    PAGE.write_text(with_tables(PAGE.read_text(), text))


def with_tables(page: str, text: str) -> str:
    """The page with these tables. Raises ValueError where it has no place for them."""
    head, _, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not end:
        raise ValueError(f"{PAGE.name} has no lines {BEGIN} and {END}: put them back, the tables go between")
    return f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}"


def main() -> int:
    """Measure, print, keep. Returns 1 where a part had to be left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--record", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--again", type=Path, help="measure nothing: the tables of figures that were kept")
    given = parser.parse_args()
    configure_logs("benchmark", "warning")
    run = Run(QUICK if given.quick else LONG, recorded=given.record)
    if given.again is not None:
        run.figures = json.loads(given.again.read_text())
        sys.stdout.write(f"{run.page()}\n")
        if given.record:
            record(run.page())
        return 0
    asyncio.run(run.on_one_stage())
    if not given.quick:
        asyncio.run(run.on_stages_of_their_own("scenes", SCENES))
    if given.growth:
        asyncio.run(run.on_stages_of_their_own("growth", GROWTH))
    sys.stdout.write(f"{run.page()}\n")
    for line in run.failed:
        _tell(f"left out: {line}")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
