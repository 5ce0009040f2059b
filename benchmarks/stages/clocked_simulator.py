"""A simulator whose clock is moved by another process: `python -m benchmarks.stages.clocked_simulator CLOCK READY`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from benchmarks.stages.shared_clock import ReadClock
from simulator.http.server import Simulator, start
from simulator.settings import Settings
from tests.integration.shop_world import CLIENT_ID, CLIENT_SECRET

LOG_SIZE = 100_000
"""Calls that the log keeps: all of the campaign's."""


async def serve(clock: Path, ready: Path) -> None:
    """Serve until the process is ended."""
    settings = Settings(log_size=LOG_SIZE)
    simulator = Simulator(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, clock=ReadClock(clock), settings=settings)
    running = await start(simulator)
    part = ready.with_suffix(".part")
    part.write_text(json.dumps({"url": running.url}), encoding="utf-8")
    part.replace(ready)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
