"""The caretaker: paused shops are probed, unfinished set-ups finished; Shopify is asked what webhooks only claim."""

from __future__ import annotations

import asyncio

import structlog

from services.reconciler.shop_upkeep.asking_locations import AskingLocations
from services.reconciler.shop_upkeep.departing import Departing
from shared.shop_life.installing import Installing
from shared.shop_life.probing import Probing

log = structlog.get_logger()

EVERY = 2.0
"""Seconds between rounds."""


class ShopUpkeep:
    """Runs with the sweeper, which calls Shopify anyway and may delete."""

    def __init__(
        self,
        probing: Probing,
        installing: Installing,
        departing: Departing,
        locations: AskingLocations,
        *,
        every: float = EVERY,
    ) -> None:
        self._probing = probing
        self._installing = installing
        self._departing = departing
        self._locations = locations
        self._every = every

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self._probing.run()
                await self._installing.set_up_due()
                await self._departing.run()
                await self._locations.run()
            except Exception:  # a store that is away: the next round tries again
                log.exception("caretaker_round_failed")
            await asyncio.sleep(self._every)
