"""Time that passes at once: one clock for the simulator and the client, which no test has to wait for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class StepClock:
    """Stands still but for sleeps, which take no real time, and `step`."""

    def __init__(self) -> None:
        self._start = self._now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The present, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return (self._now - self._start).total_seconds()

    def step(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Let the time pass, and others run."""
        self.step(seconds)
        for _ in range(5):
            await asyncio.sleep(0)
