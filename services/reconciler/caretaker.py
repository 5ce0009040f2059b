"""The caretaker: paused shops are probed, unfinished set-ups finished, shops that have left deleted when asked to."""

from __future__ import annotations

import asyncio

import structlog

from services.reconciler.redacting import Redacting
from shared.shop_life.installing import Installing
from shared.shop_life.probing import Probing

log = structlog.get_logger()

EVERY = 2.0
"""Seconds between rounds."""


class Caretaker:
    """Runs with the sweeper, which calls Shopify anyway and may delete."""

    def __init__(self, probing: Probing, installing: Installing, redacting: Redacting, *, every: float = EVERY) -> None:
        self._probing = probing
        self._installing = installing
        self._redacting = redacting
        self._every = every

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self._probing.run()
                await self._installing.set_up_due()
                await self._redacting.run()
            except Exception:  # a store that is away: the next round tries again
                log.exception("caretaker_round_failed")
            await asyncio.sleep(self._every)
