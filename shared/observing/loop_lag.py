"""How late the event loop is: a task that wants to run at given moments notes by how much it was let wait.

Everything of a process shares one loop. What computes for a second holds up every webhook, message and lease for that
second, and no other figure says why.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from shared import metrics

EVERY = 0.25
"""Seconds between two looks."""


@contextlib.asynccontextmanager
async def lag_measured() -> AsyncIterator[None]:
    """Measure while the body runs; once in a process."""
    measuring = asyncio.create_task(measure(asyncio.get_running_loop().time, asyncio.sleep), name="loop lag")
    try:
        yield
    finally:
        measuring.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await measuring


async def measure(now: Callable[[], float], sleep: Callable[[float], Awaitable[object]]) -> None:
    """Note lateness after lateness, for ever."""
    while True:
        due = now() + EVERY
        await sleep(EVERY)
        metrics.EVENT_LOOP_LAG.observe(max(0.0, now() - due))
