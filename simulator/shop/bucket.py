"""The leaky bucket of points that one app has at one shop."""

from __future__ import annotations

from datetime import datetime

from simulator.settings import Plan


class Bucket:
    """Points left, restored with time. Times come from the caller and are timezone-aware."""

    def __init__(self, plan: Plan, now: datetime) -> None:
        self.plan = plan
        self._points = plan.maximum
        self._at = now

    def available(self, now: datetime) -> float:
        """Points left at that time."""
        passed = max(0.0, (now - self._at).total_seconds())
        self._points = min(self.plan.maximum, self._points + passed * self.plan.restore_rate)
        self._at = max(self._at, now)
        return self._points

    def take(self, points: float, now: datetime) -> bool:
        """Take the points of a query that is about to run; False leaves the bucket as it is."""
        if points > self.available(now):
            return False
        self._points -= points
        return True

    def give_back(self, points: float) -> None:
        """Return what the query was asked for and did not use."""
        self._points = min(self.plan.maximum, self._points + points)

    def empty(self, now: datetime) -> None:
        """Take all that is left, as an app's other processes would."""
        self.available(now)
        self._points = 0.0

    def status(self, now: datetime) -> dict[str, float]:
        """`throttleStatus` as Shopify answers it: whole points."""
        return {
            "maximumAvailable": int(self.plan.maximum),
            "currentlyAvailable": int(self.available(now)),
            "restoreRate": int(self.plan.restore_rate),
        }
