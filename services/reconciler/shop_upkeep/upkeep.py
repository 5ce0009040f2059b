"""The care for shops: paused ones are probed, set-ups finished; Shopify is asked what webhooks only claim."""

from __future__ import annotations

from services.reconciler.shop_upkeep.departure_check import DepartureCheck
from services.reconciler.shop_upkeep.location_refresh import LocationRefresh
from shared.shop_life.installation import Installation
from shared.shop_life.pause_probe import PauseProbe

EVERY = 2.0
"""Seconds between rounds."""


class ShopUpkeep:
    """Runs with the sweeper, which calls Shopify anyway and may delete."""

    def __init__(
        self,
        pause_probe: PauseProbe,
        installation: Installation,
        departure_check: DepartureCheck,
        locations: LocationRefresh,
    ) -> None:
        self._pause_probe = pause_probe
        self._installation = installation
        self._departure_check = departure_check
        self._locations = locations

    async def round(self) -> None:
        """Everything that is due now."""
        await self._pause_probe.run()
        await self._installation.set_up_due()
        await self._departure_check.run()
        await self._locations.run()
