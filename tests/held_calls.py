"""Calls to the simulator that wait until the test lets them go: "under way" is a state, not a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from simulator.clock import Clock
from simulator.simulation import Simulator


class HeldCalls:
    """The simulator's clock meanwhile: it tells the time, and whoever sleeps on it sleeps until `release`."""

    def __init__(self, clock: Clock) -> None:
        """`clock` tells the time."""
        self._clock = clock
        self._released = asyncio.Event()
        self.arrived = asyncio.Event()

    def now(self) -> datetime:
        """The present."""
        return self._clock.now()

    async def sleep(self, _: float) -> None:
        """Wait for the release."""
        self.arrived.set()
        await self._released.wait()

    def release(self) -> None:
        """Let go what is held; what comes later is not held either."""
        self._released.set()


@asynccontextmanager
async def held_calls(simulator: Simulator) -> AsyncIterator[HeldCalls]:
    """Hold every call from now on, before it has any effect, until `release`, or the end at the latest.

    Held longer than `shared.shopify.client.CALL_TIMEOUT`, a call is given up by its caller and made again.
    """
    before = simulator.clock
    held = HeldCalls(before)
    simulator.clock = held
    # Only a call that is to wait asks the clock.
    simulator.faults.set_latency(1.0, None)
    try:
        yield held
    finally:
        simulator.faults.set_latency(0.0, None)
        held.release()
        simulator.clock = before
