"""Calls to the simulator that wait until the test lets them go: "under way" is a state, not a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from simulator.clock import Clock
from simulator.faults import Fault
from simulator.simulation import Simulator

_ALL = 1_000_000


class HeldCalls:
    """The simulator's clock meanwhile: it tells the time, and whoever sleeps on it sleeps until `release`."""

    def __init__(self, clock: Clock) -> None:
        """`clock` tells the time."""
        self._clock = clock
        self._released = asyncio.Event()
        self.arrived = asyncio.Event()
        self.waiting = 0
        """Calls that have been held, or are."""

    def now(self) -> datetime:
        """The present."""
        return self._clock.now()

    async def sleep(self, _: float) -> None:
        """Wait for the release."""
        self.arrived.set()
        self.waiting += 1
        await self._released.wait()

    def release(self) -> None:
        """Let go what is held; what comes later is not held either."""
        self._released.set()


@asynccontextmanager
async def held_calls(simulator: Simulator, operation: str | None = None, *, after: int = 0) -> AsyncIterator[HeldCalls]:
    """Hold calls from now on, before they have any effect, until `release`, or the end at the latest; of any operation.

    `after`: so many calls pass first.
    Held longer than `shared.shopify.calls.client.CALL_TIMEOUT`, a call is given up by its caller and made again. At the
    end the simulator has no fault any more.
    """
    before = simulator.clock
    held = HeldCalls(before)
    simulator.clock = held
    # Only a call that is to wait asks the clock.
    simulator.faults.add(Fault(id=0, kind="latency", operation=operation, seconds=1.0, count=_ALL, after=after))
    try:
        yield held
    finally:
        simulator.faults.clear()
        held.release()
        simulator.clock = before
