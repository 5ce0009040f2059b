"""What a server that asks 100 times a second for one shop costs the server of another: how long its answers take.

Both come with keys. The other asks for its list, in the same pace all the time, in turns of which every second has the
flood beside it, so that what else the machine does is in both alike. The ratio is of the 95th percentiles of one run.
Every service is a process of its own, and so is the flood.
`python -m benchmarks.servers [--turns 10] [--asks 50] [--requests 100]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from benchmarks.fairness import GREEDY, QUIET, make_shops
from benchmarks.measuring.figures import median, percentile
from benchmarks.stages.place import Place, opened
from shared.domain.server_key import Scope
from shared.mongodb.server_keys.server_keys import ServerKeys

PATH = "/api/boms?with_cells=true&limit=50"
ALONE, BESIDE, FLOOD = "alone", "beside", "flood"

_CONNECTIONS = 20
_PACE = 0.06
"""Seconds between two requests of the other: a little less than it may have."""


@dataclass(frozen=True, slots=True)
class Size:
    """`turns` of each kind, with so many `asks`; the flood sends so many `requests` a second."""

    turns: int = 10
    asks: int = 50
    requests: int = 100
    boms: int = 50


WHOLE = Size()


async def _flood(api: str, requests: int) -> None:
    """The flood's own process: reads its key, and then, line by line, `go` and `stop`; tells what became of it."""
    key = (await asyncio.to_thread(sys.stdin.readline)).strip()
    told: Counter[int] = Counter()
    flows = asyncio.Event()
    headers = {"Authorization": f"Bearer {key}"}

    async def connection(http: aiohttp.ClientSession) -> None:
        due = time.monotonic()
        while True:
            await flows.wait()
            async with http.get(f"{api}{PATH}", headers=headers) as answer:
                await answer.read()
                told[answer.status] += 1
            due = max(due + _CONNECTIONS / requests, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        flowing = [asyncio.create_task(connection(http)) for _ in range(_CONNECTIONS)]
        while line := await asyncio.to_thread(sys.stdin.readline):
            flows.set() if line.strip() == "go" else flows.clear()
            print("so", flush=True)  # noqa: T201  # how it tells
        for task in flowing:
            task.cancel()
    print(json.dumps(told), flush=True)  # noqa: T201  # how it tells


class Flood:
    """The process, as the measurement sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def say(self, word: str) -> None:
        """Have it flow or stop; returns once it does."""
        if self._process.stdin is None or self._process.stdout is None:
            raise SystemExit("the flood has no ears")
        self._process.stdin.write(f"{word}\n".encode())
        if (await self._process.stdout.readline()).strip() != b"so":
            raise SystemExit("the flood has ended")

    async def told(self) -> dict[str, int]:
        """End it; how often it was answered with which status."""
        # With nothing to say its input stays open.
        output, _ = await self._process.communicate(b"")
        counted: dict[str, int] = json.loads(output)
        return counted


@asynccontextmanager
async def _flooding(api: str, key: str, requests: int) -> AsyncIterator[Flood]:
    command = [sys.executable, "-m", "benchmarks.servers", "--flood", api, "--requests", str(requests)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    if process.stdin is None:
        raise SystemExit("the flood has no ears")
    process.stdin.write(f"{key}\n".encode())
    try:
        yield Flood(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _asked(http: aiohttp.ClientSession, api: str, key: str, asks: int) -> list[float]:
    """Milliseconds of each answer. Raises SystemExit where one was refused: the flood has taken what is another's."""
    taken = []
    for _ in range(asks):
        began = time.perf_counter()
        async with http.get(f"{api}{PATH}", headers={"Authorization": f"Bearer {key}"}) as answer:
            await answer.read()
        if not answer.ok:
            raise SystemExit(f"the other shop's server was refused: {answer.status}")
        seconds = time.perf_counter() - began
        taken.append(seconds * 1000)
        await asyncio.sleep(max(0.0, _PACE - seconds))
    return taken


async def measure(size: Size, notes: dict[str, Any]) -> dict[str, Any]:
    """In turns, alone and beside. `notes` is told on what it was measured."""
    async with opened(notes) as place:
        boms = {GREEDY: size.boms, QUIET: size.boms}
        await make_shops(place.stage.simulator, place.mongo, place.stage.settings, boms)
        greedy, quiet = await _key(place, GREEDY), await _key(place, QUIET)
        api = f"http://127.0.0.1:{place.stage.ports['preview']}"
        times: dict[str, list[float]] = {ALONE: [], BESIDE: []}
        async with _flooding(api, greedy, size.requests) as flood:
            await _asked(place.http, api, quiet, size.asks)
            for _ in range(size.turns):
                times[ALONE] += await _asked(place.http, api, quiet, size.asks)
                await flood.say("go")
                began = time.monotonic()
                times[BESIDE] += await _asked(place.http, api, quiet, size.asks)
                await flood.say("stop")
                lasted = time.monotonic() - began
                # The last of its answers, and what else the machine has to do because of them.
                await asyncio.sleep(min(1.0, lasted))
            told = await flood.told()
    figures: dict[str, Any] = {
        case: {"p50_ms": round(median(some), 3), "p95_ms": round(percentile(some, 0.95), 3), "asks": len(some)}
        for case, some in times.items()
    }
    figures[FLOOD] = {"answered": told.get("200", 0), "refused": told.get("429", 0)}
    figures["ratio_p95"] = round(figures[BESIDE]["p95_ms"] / figures[ALONE]["p95_ms"], 3)
    figures["ratio_p50"] = round(figures[BESIDE]["p50_ms"] / figures[ALONE]["p50_ms"], 3)
    return figures


async def _key(place: Place, shop: str) -> str:
    until = datetime.now(UTC) + timedelta(days=1)
    keys = ServerKeys(place.mongo.db)
    _, text = await keys.add(shop, name="benchmark", scopes=[Scope.READ], expires_at=until, by="benchmark")
    return text


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=WHOLE.turns)
    parser.add_argument("--asks", type=int, default=WHOLE.asks, help="of the other server in a turn")
    parser.add_argument("--requests", type=int, default=WHOLE.requests, help="of the flood a second")
    parser.add_argument("--flood", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.flood is not None:
        asyncio.run(_flood(asked.flood, asked.requests))
        return
    size = Size(turns=asked.turns, asks=asked.asks, requests=asked.requests)
    print(json.dumps(asyncio.run(measure(size, {})), indent=2))  # noqa: T201  # the figures


if __name__ == "__main__":
    main()
