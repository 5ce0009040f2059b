"""The care for shops: paused ones are probed, set-ups finished; Shopify is asked what webhooks only claim."""

from __future__ import annotations

from services.reconciler.shop_upkeep.asking_locations import AskingLocations
from services.reconciler.shop_upkeep.departing import Departing
from shared.shop_life.installing import Installing
from shared.shop_life.probing import Probing

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
    ) -> None:
        self._probing = probing
        self._installing = installing
        self._departing = departing
        self._locations = locations

    async def round(self) -> None:
        """Everything that is due now."""
        await self._probing.run()
        await self._installing.set_up_due()
        await self._departing.run()
        await self._locations.run()
