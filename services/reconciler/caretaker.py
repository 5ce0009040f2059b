"""The caretaker: paused shops are probed and resumed, set-ups that were not finished are finished."""

from __future__ import annotations

import asyncio

import structlog

from shared.shop_life.installing import Installing
from shared.shop_life.probing import Probing

log = structlog.get_logger()

EVERY = 2.0
"""Seconds between rounds."""


class Caretaker:
    """Runs beside the watchdog."""

    def __init__(self, probing: Probing, installing: Installing, *, every: float = EVERY) -> None:
        self._probing = probing
        self._installing = installing
        self._every = every

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self._probing.run()
                await self._installing.set_up_due()
            except Exception:  # a store that is away: the next round tries again
                log.exception("caretaker_round_failed")
            await asyncio.sleep(self._every)
