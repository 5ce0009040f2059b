"""A worker as a process of its own, to be killed: settings from the environment, leases short enough for a test."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta

from services.reconciler.bootstrap import ReconcilerService
from shared.settings import load_settings


async def run() -> None:
    """Work until SIGTERM."""
    service = await ReconcilerService.start(load_settings(), roles={"worker"}, partition_lease=timedelta(seconds=2))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    await service.stop()


if __name__ == "__main__":
    asyncio.run(run())
