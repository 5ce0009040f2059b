"""A lane per shop: its events wait in the order of their arrival and are taken in batches.

While one batch is under way the next gathers by itself; shops do not wait for each other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

BATCH = 200
"""Events applied together: each writes a stock, its keys and at most two lines of the ledger, and a transaction should
stay below a thousand documents."""
GATHER = 0.004
"""Seconds a lane that was empty waits for company before its first batch."""
AT_ONCE = 8
"""Shops served at the same time."""


class EventLanes(Generic[T]):
    """Runs `work(shop, batch)`, one batch of a shop at a time. `work` may not raise."""

    def __init__(self, work: Callable[[str, list[T]], Awaitable[None]]) -> None:
        self._work = work
        self._waiting: dict[str, deque[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)

    def add(self, shop: str, item: T) -> None:
        """Queue one item. What bounds the lanes is the consumer's prefetch."""
        lane = self._waiting.get(shop)
        if lane is not None:
            lane.append(item)
            return
        self._waiting[shop] = deque([item])
        task = asyncio.create_task(self._run(shop))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, shop: str) -> None:
        lane = self._waiting[shop]
        try:
            await asyncio.sleep(GATHER)
            while lane:
                async with self._slots:
                    batch = [lane.popleft() for _ in range(min(BATCH, len(lane)))]
                    await self._work(shop, batch)
        finally:
            del self._waiting[shop]

    async def finish(self, seconds: float) -> None:
        """Return when every lane is empty; after `seconds` the rest is given up."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
