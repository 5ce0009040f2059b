"""Runs each peer on the servers of a stage, from the word to the last cell, and looks at every cell afterwards.

`python -m benchmarks.peers.running [--cells 2000]` runs all of them alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from ulid import ULID

from benchmarks.measuring.counters import Counters
from benchmarks.peers import work
from benchmarks.peers.row_by_row import WAYS
from benchmarks.stages.crew import Crew
from benchmarks.stages.drifted_shops import COUNTED, DriftedShops
from benchmarks.stages.place import opened
from deploy.local.demo.stage import TOKEN
from deploy.local.process import KeptProcess
from deploy.local.run_directory import RUN_DIRECTORY
from shared.domain.batches import batches
from shared.mongodb.connection import Mongo
from tests.backends.management import Management
from tests.waiting import arrival, work_of

_PROJECT = Path(__file__).resolve().parents[2]
_BIN = RUN_DIRECTORY / "peers" / "bin"
_LOOK = 0.05
_STANDS_STILL = 60.0
"""Seconds without one more cell after which a peer is given up."""
AT_ONCE = 32
"""Calls of a client that sets row by row: what the simulator and two cores are busy with."""

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Queue:
    """A task queue: its worker's command, and what its requester is told beside the number of cells.

    `notes`: whether the peer itself notes the end of all.
    """

    name: str
    module: str
    worker: tuple[str, ...]
    told: tuple[str, ...] = ()
    notes: bool = False
    environment: Mapping[str, str] | None = None


_CELERY = (
    # User guide, "Starting the worker": what only clusters need is off.
    *("celery", "-A", "benchmarks.peers.celery_app", "worker", "--loglevel", "warning"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)
# User guide, "Concurrency": prefork is recommended, one process per core; threads are for tasks that wait.
_PREFORK = (*_CELERY, "--pool", "prefork", "--concurrency", str(work.WORKERS))
_THREADS = (*_CELERY, "--pool", "threads", "--concurrency", str(8 * work.WORKERS))
QUEUES = (
    Queue("Celery, chord", "celery_app", _PREFORK, ("chord",), notes=True),
    Queue(
        "Celery, chord, threads",
        "celery_app",
        _THREADS,
        ("chord",),
        notes=True,
        # Each thread multiplies the messages in hand: the same number in all.
        environment={"PEER_PREFETCH_MULTIPLIER": str(work.PREFETCH // (8 * work.WORKERS))},
    ),
    Queue("Celery, group", "celery_app", _PREFORK, ("group",)),
    Queue(
        "Dramatiq, group",
        "dramatiq_app",
        # User guide, "Workers": a process per core and eight threads each, which is the default.
        ("dramatiq", "benchmarks.peers.dramatiq_app", "--processes", str(work.WORKERS), "--threads", "8"),
        # User guide, "Workers: Prefetch limits".
        environment={"dramatiq_queue_prefetch": str(work.PREFETCH // work.WORKERS)},
    ),
    Queue(
        "taskiq",
        "taskiq_app",
        # Guide, "CLI: Workers": a process per core, async tasks at once and prefetch for tasks that wait, and
        # acknowledged once executed.
        (
            *("taskiq", "worker", "benchmarks.peers.taskiq_app:broker", "--workers", str(work.WORKERS)),
            *("--max-async-tasks", "100", "--max-prefetch", str(work.PREFETCH), "--ack-type", "when_executed"),
            *("--log-level", "WARNING"),
        ),
    ),
)


def missing() -> str | None:
    """Why no task queue can run beside us, or None."""
    if all((_BIN / program).exists() for program in ("celery", "dramatiq", "taskiq")):
        return None
    return "not installed (requirements/bench.txt): see what pip said as `make bench` began"


class Requester:
    """A program that loads, waits for the word, and asks; or does the work itself."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def load(cls, command: Sequence[str], environment: Mapping[str, str], first: str = "") -> Requester:
        """Start it; returns once it has said that it is ready."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, env=dict(environment), cwd=_PROJECT, limit=2**24
        )
        loaded = cls(process)
        if first:
            loaded.tell(first)
        await loaded.says("ready")
        return loaded

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def says(self, word: str) -> None:
        """Wait for this word on its standard output. Raises SystemExit where another comes, or none."""
        output = self._process.stdout
        if output is None or (await output.readline()).strip() != word.encode():
            raise SystemExit(f"a peer's requester did not say {word!r}: see its message above")

    def tell(self, line: str) -> None:
        """A line on its standard input."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{line}\n".encode())

    async def end(self) -> None:
        """Let it end. Raises SystemExit where it failed."""
        self.tell("enough")
        if await self._process.wait():
            raise SystemExit(f"a peer's requester ended with {self._process.returncode}: see its message above")


async def run_queue(queue: Queue, stage: Crew, http: aiohttp.ClientSession, cells: int) -> Figures:
    """The figures of one task queue, or the reason why there are none."""
    if (reason := missing()) is not None:
        return {"not_measured": reason}
    async with _place(stage) as (mongo, shared_environment):
        environment = {**shared_environment, **(queue.environment or {})}
        log = stage.directory / "logs" / f"{queue.module}.log"
        command = [str(_BIN / queue.worker[0]), *queue.worker[1:]]
        worker = await asyncio.to_thread(KeptProcess, command, environment=environment, directory=_PROJECT, log=log)
        try:
            # Also warms it up: the first tasks wait for connections and imports. No chord: what it waits in is
            # declared by a worker that runs.
            warm = replace(queue, told=("group",) if queue.told else (), notes=False)
            await _once(warm, stage, mongo, http, environment=environment, worker=worker, cells=20)
            return await _once(queue, stage, mongo, http, environment=environment, worker=worker, cells=cells)
        finally:
            await asyncio.to_thread(worker.stop, 10)


@asynccontextmanager
async def _place(stage: Crew) -> AsyncIterator[tuple[Mongo, dict[str, str]]]:
    """A vhost whose queues are quorum queues, and a database, both dropped at the end."""
    name = f"peer_{ULID()}".lower()
    management = Management(stage.nodes.management_url)
    path = quote(name, safe="")
    await asyncio.to_thread(management.request, "PUT", f"/vhosts/{path}", {"default_queue_type": "quorum"})
    rights = {"configure": ".*", "write": ".*", "read": ".*"}
    await asyncio.to_thread(management.request, "PUT", f"/permissions/{path}/{management.user}", rights)
    uri = stage.nodes.mongodb_uri
    mongo = Mongo(uri, name)
    environment = {
        **os.environ,
        "PEER_AMQP_URL": stage.nodes.amqp_url.rstrip("/") + f"/{name}",
        "PEER_MONGODB_URI": uri,
        "PEER_DATABASE": name,
    }
    try:
        yield mongo, environment
    finally:
        await mongo.db.client.drop_database(name)
        mongo.close()
        await asyncio.to_thread(management.delete_vhost, name)


async def _once(
    queue: Queue,
    stage: Crew,
    mongo: Mongo,
    http: aiohttp.ClientSession,
    *,
    environment: Mapping[str, str],
    worker: KeptProcess,
    cells: int,
) -> Figures:
    await mongo.db[work.CELLS].delete_many({})
    await mongo.db[work.JOBS].delete_many({})
    for numbers in batches(range(cells), 5000):
        documents = [{"_id": work.cell_name(number), "state": "pending", "shopify": None} for number in numbers]
        await mongo.db[work.CELLS].insert_many(documents, ordered=False)
    command = [str(_BIN / "python"), "-m", f"benchmarks.peers.{queue.module}", str(cells), *queue.told]
    requester = await Requester.load(command, environment)
    processes = {"worker": worker.pid, "requester": requester.pid, **stage.nodes.processes()}
    counters = _counters(stage, mongo, http, processes)
    counters.forget_peaks()
    before, at = await counters.now(), time.perf_counter()
    requester.tell("go")
    await _all_done(queue, mongo, worker)
    seconds = time.perf_counter() - at
    figures = _figures(cells, seconds, (await counters.now()).since(before).per(cells), counters.peaks())
    await requester.end()
    await _judge(queue, mongo, cells)
    return figures


def _counters(stage: Crew, mongo: Mongo, http: aiohttp.ClientSession, processes: Mapping[str, int]) -> Counters:
    rabbitmq = stage.nodes.rabbitmq
    return Counters(lambda: processes, mongo, http, None if rabbitmq is None else rabbitmq.prometheus_url)


async def _all_done(queue: Queue, mongo: Mongo, worker: KeptProcess) -> None:
    """Wait for the note of the end, or for the last cell. Raises SystemExit where nothing goes on."""
    last, moved = -1, time.perf_counter()
    while not await _is_done(queue, mongo):
        if time.perf_counter() - moved > _STANDS_STILL / 4:
            done = await mongo.db[work.CELLS].count_documents({"state": "updated"})
            if done != last:
                last, moved = done, time.perf_counter()
            elif time.perf_counter() - moved > _STANDS_STILL:
                raise SystemExit(f"{queue.name} stands still: {worker.last_words()}")
        if not worker.is_running:
            raise SystemExit(f"{queue.name} ended: {worker.last_words()}")
        await asyncio.sleep(_LOOK)


async def _is_done(queue: Queue, mongo: Mongo) -> bool:
    if queue.notes:
        return await mongo.db[work.JOBS].find_one({"_id": work.JOB}) is not None
    # From the end, where cells are pending longest: it costs the server one document a look.
    backwards = mongo.db[work.CELLS].find({"state": "pending"}, {"_id": 1}).sort("_id", -1).limit(1)
    return not await backwards.to_list(1)


async def _judge(queue: Queue, mongo: Mongo, cells: int) -> None:
    """Raises SystemExit where a cell is not as Trueup would have left it."""
    values = {one["_id"]: one["shopify"] async for one in mongo.db[work.CELLS].find({"state": "updated"})}
    if values != {work.cell_name(number): number for number in range(cells)}:
        raise SystemExit(f"{queue.name} did not update every cell: {len(values)} of {cells}")
    if queue.notes:
        noted = await mongo.db[work.JOBS].find_one({"_id": work.JOB})
        if noted is None or noted["total"] != cells or noted["sum"] != sum(range(cells)):
            raise SystemExit(f"{queue.name} noted another end: {noted}")


def _figures(cells: int, seconds: float, used: Figures, peaks: Mapping[str, float]) -> Figures:
    return {
        "seconds": round(seconds, 2),
        "cells_per_second": round(cells / seconds),
        "ms_per_cell": used["ms"],
        "ms_per_cell_total": used["ms_total"],
        "peak_mb": dict(peaks),
        "per_cell": used["mongodb"],
        "amqp_per_cell": used["amqp"],
    }


async def run_rows(
    way: str, stage: Crew, mongo: Mongo, http: aiohttp.ClientSession, *, boms: int, places: int
) -> Figures:
    """The figures of a client that sets row by row, in a shop of its own without a throttle."""
    shop = f"peer-{ULID()}.myshopify.com".lower()
    drifted = DriftedShops(stage, mongo, http)
    rows = await drifted.make(shop, None, boms, places)
    await drifted.control(f"shops/{shop}/calls/reset")
    url = f"{stage.simulator}/{shop}/admin/api/2026-10/graphql.json"
    command = [sys.executable, "-m", "benchmarks.peers.row_by_row", url, TOKEN, way, str(AT_ONCE), str(COUNTED)]
    client = await Requester.load(command, os.environ, first=json.dumps(rows))
    processes = {"client": client.pid, "simulator": stage.processes()["simulator"]}
    counters = _counters(stage, mongo, http, processes)
    counters.forget_peaks()
    before, at = await counters.now(), time.perf_counter()
    client.tell("go")
    await arrival(client.says("done"), what=f"every row set ({way})", progress=work_of(client.pid))
    seconds = time.perf_counter() - at
    used, peaks = (await counters.now()).since(before).per(len(rows)), counters.peaks()
    await client.end()
    if await drifted.at_shopify(shop) != {COUNTED}:
        raise SystemExit(f"row by row, {way}: not every row was set")
    told = await drifted.control(f"shops/{shop}/calls", method="GET")
    figures = _figures(len(rows), seconds, used, peaks)
    for foreign in ("per_cell", "amqp_per_cell"):
        del figures[foreign]
    operations = told["operations"].values()
    points, calls = sum(one["points"] for one in operations), sum(one["calls"] for one in operations)
    return figures | {
        "points_per_cell": round(points / len(rows), 4),
        "calls_per_1000_cells": round(1000 * calls / len(rows), 1),
    }


async def run_all(stage: Crew, mongo: Mongo, http: aiohttp.ClientSession, *, boms: int, places: int) -> Figures:
    """Every peer in turn, by name."""
    figures: Figures = {}
    for way in WAYS:
        figures[f"row by row, {way}"] = await run_rows(way, stage, mongo, http, boms=boms, places=places)
    for queue in QUEUES:
        figures[queue.name] = await run_queue(queue, stage, http, boms * places)
    return figures


async def _alone(cells: int) -> Figures:
    async with opened({}) as place:
        return await run_all(place.stage, place.mongo, place.http, boms=cells // 5, places=5)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=2000)
    sys.stdout.write(json.dumps(asyncio.run(_alone(parser.parse_args().cells)), indent=2) + "\n")


if __name__ == "__main__":
    main()
