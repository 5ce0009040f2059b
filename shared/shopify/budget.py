"""The call budget of one shop: what the bucket holds by the last reply, and what each operation has cost."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

FALLBACK_WAIT = 1.0
"""Seconds to wait where Shopify says THROTTLED without saying for how long."""


class Budget:
    """The leaky bucket as last reported, restored since by its rate."""

    def __init__(self) -> None:
        self._available = 0.0
        self._maximum = 0.0
        self._restore = 0.0
        self._at: float | None = None
        self._costs: dict[str, float] = {}

    def learn(self, operation: str, cost: Mapping[str, Any] | None) -> None:
        """Take `extensions.cost` of a reply; it, or its `throttleStatus`, may be missing."""
        if not cost:
            return
        if isinstance(requested := cost.get("requestedQueryCost"), (int, float)):
            self._costs[operation] = float(requested)
        status = cost.get("throttleStatus")
        if status:
            self._maximum = float(status.get("maximumAvailable") or 0)
            self._available = float(status.get("currentlyAvailable") or 0)
            self._restore = float(status.get("restoreRate") or 0)
            self._at = monotonic()

    def _now(self) -> float:
        passed = 0.0 if self._at is None else monotonic() - self._at
        return min(self._maximum, self._available + passed * self._restore)

    def wait(self, operation: str) -> float:
        """Seconds until the bucket holds what the operation cost last time; 0 where nothing is known."""
        cost = self._costs.get(operation)
        if self._at is None or cost is None:
            return 0.0
        return self.wait_for(cost)

    def wait_for(self, cost: float) -> float:
        """Seconds until the bucket holds `cost`; never a division by a rate of zero, never no wait when short."""
        missing = cost - self._now()
        if missing <= 0:
            return 0.0
        return missing / self._restore if self._restore > 0 else FALLBACK_WAIT

    def impossible(self, cost: float) -> bool:
        """Whether the bucket can never hold `cost`."""
        return self._maximum > 0 and cost > self._maximum

    @property
    def ratio(self) -> float | None:
        """The share of the bucket left, or None where nothing is known."""
        return self._now() / self._maximum if self._maximum > 0 else None
