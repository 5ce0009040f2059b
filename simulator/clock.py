"""Time as the simulator sees it. Injectable, so that a test moves it by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from: `now()` is timezone-aware, `sleep` takes seconds."""

    def now(self) -> datetime:
        """The present, timezone-aware."""

    async def sleep(self, seconds: float) -> None:
        """Return once that many seconds of this clock have passed."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait for real."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """A clock that stands still until `advance` moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._slept = asyncio.Event()

    def now(self) -> datetime:
        """The time it was moved to."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return when the clock has been moved past that time."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), wake))
        self._slept.set()
        await wake

    async def until_someone_sleeps(self) -> None:
        """Return once a sleeper waits that came after the last call."""
        await self._slept.wait()
        self._slept.clear()

    async def advance(self, seconds: float) -> None:
        """Move the clock, waking each sleeper at its own time, in order."""
        end = self._now + timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, wake = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not wake.done():
                wake.set_result(None)
            await asyncio.sleep(0)
        self._now = end
