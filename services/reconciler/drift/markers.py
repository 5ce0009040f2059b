"""Whether the webhooks received before a moment have been processed: a marker goes the same way as they do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from time import monotonic

from ulid import ULID

from shared.contract.marker import MARKER_KEY, marker_headers
from shared.mongodb.sweeps import SweepStore
from shared.rabbitmq.publisher import Publisher

PATIENCE = 10.0
"""Seconds to wait for a marker; a queue that takes longer is asked again in the next round."""

_PAUSE = 0.05


class Markers:
    """Sends markers and waits for them."""

    def __init__(self, sweeps: SweepStore, publisher: Publisher, *, patience: float = PATIENCE) -> None:
        self._sweeps = sweeps
        self._publisher = publisher
        self._patience = patience

    async def passed(self, shop: str) -> bool:
        """Whether every webhook of the shop in the queue by now was processed within the patience.

        Raises BrokerUnavailable.
        """
        marker_id = str(ULID())
        await self._publisher.webhook(MARKER_KEY, b"{}", marker_headers(shop, marker_id, datetime.now(UTC)))
        until = monotonic() + self._patience
        while not await self._sweeps.marked(shop, marker_id):
            if monotonic() > until:
                return False
            await asyncio.sleep(_PAUSE)
        return True
