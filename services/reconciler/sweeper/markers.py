"""Whether the webhooks received before a moment have been processed: a marker goes the same way as they do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from time import monotonic

from ulid import ULID

from shared.contract.marker import MARKER_KEY, marker_headers
from shared.mongodb.drift.sweeps import SweepStore
from shared.rabbitmq.publishing.publisher import Publisher

PATIENCE = 10.0
"""Seconds to wait for a marker; a queue that takes longer is asked again in the next round."""

_PAUSE = 0.05
_LOST_AFTER = 600.0
"""Seconds after which a marker counts as lost: somebody has emptied the queue."""


class Markers:
    """Sends markers and waits for them."""

    def __init__(self, sweeps: SweepStore, publisher: Publisher, *, patience: float = PATIENCE) -> None:
        self._sweeps = sweeps
        self._publisher = publisher
        self._patience = patience
        self._sent: dict[str, tuple[str, float]] = {}

    async def passed(self, shop: str) -> bool:
        """Whether every webhook of the shop in the queue by now was processed within the patience.

        Raises BrokerUnavailable.
        """
        if await self._one_is_waiting(shop):
            return False
        marker_id = str(ULID())
        await self._publisher.webhook(MARKER_KEY, b"{}", marker_headers(shop, marker_id, datetime.now(UTC)))
        # Only now: one that the broker has not confirmed may be nowhere, and would be waited for in vain.
        self._sent[shop] = (marker_id, monotonic())
        until = monotonic() + self._patience
        while not await self._sweeps.marked(shop, marker_id):
            if monotonic() > until:
                return False
            await asyncio.sleep(_PAUSE)
        self._sent.pop(shop, None)
        return True

    async def _one_is_waiting(self, shop: str) -> bool:
        """Whether an earlier marker is in the queue still: a second one would only make the queue longer."""
        marker_id, sent = self._sent.get(shop, ("", 0.0))
        return bool(marker_id) and monotonic() - sent < _LOST_AFTER and not await self._sweeps.marked(shop, marker_id)
