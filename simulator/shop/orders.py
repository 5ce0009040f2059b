"""Orders that keep arriving in the background."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections import Counter
from datetime import timedelta
from typing import Final

from simulator.clock import Clock
from simulator.shop.shop import Level, Shop
from simulator.shop.stock import Cause, Stock

LARGEST_ORDER: Final = 3
LIST_LIFETIME: Final = timedelta(seconds=1)


class Orders:
    """Sells units of one shop at a rate. Intervals are exponential, as when customers do not know of each other."""

    def __init__(self, shop: Shop, stock: Stock, clock: Clock) -> None:
        self._shop = shop
        self._stock = stock
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._levels: list[Level] = []
        self._listed_at = clock.now()
        self.sold: Counter[tuple[str, str]] = Counter()
        self.count = 0

    async def start(self, rate_per_second: float, seed: int, duration: float | None, items: set[str] | None) -> None:
        """Begin anew; what was running stops."""
        await self.stop()
        self.sold.clear()
        self.count = 0
        self._levels = []
        self._task = asyncio.get_running_loop().create_task(self._run(rate_per_second, seed, duration, items))

    async def stop(self) -> None:
        """No further order."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def result(self) -> dict[str, object]:
        """Units sold per level, and how many orders."""
        sold = [{"item_id": i, "location_id": p, "units": n} for (i, p), n in sorted(self.sold.items())]
        return {"sold": sold, "orders": self.count}

    async def _run(self, rate: float, seed: int, duration: float | None, items: set[str] | None) -> None:
        chance = random.Random(seed)  # noqa: S311  # chance for demos, nothing secret
        end = None if duration is None else self._clock.now() + timedelta(seconds=duration)
        due = self._clock.now()
        while True:
            # Each order is due after the one before, not after its own sleep: the rate holds however busy the machine.
            due += timedelta(seconds=chance.expovariate(rate))
            await self._clock.sleep(max(0.0, (due - self._clock.now()).total_seconds()))
            if end is not None and self._clock.now() >= end:
                return
            level = self._pick(chance, items)
            if level is not None:
                self._sell(level, chance.randint(1, LARGEST_ORDER))

    def _pick(self, chance: random.Random, items: set[str] | None) -> Level | None:
        """Any level that can be sold from. The list is made anew once a second and when a level is no longer fit."""
        now = self._clock.now()
        level = chance.choice(self._levels) if self._levels else None
        if level is None or now - self._listed_at >= LIST_LIFETIME or not _sellable(level, items):
            self._levels = [level for level in self._shop.levels() if _sellable(level, items)]
            self._listed_at = now
            level = chance.choice(self._levels) if self._levels else None
        return level

    def _sell(self, level: Level, units: int) -> None:
        self._stock.sell(level, units, Cause("order", self._clock.now(), str(uuid.uuid4())))
        self.sold[level.item.id, level.location.id] += units
        self.count += 1


def _sellable(level: Level, items: set[str] | None) -> bool:
    item = level.item
    chosen = items is None or item.id in items
    return chosen and level.active and item.tracked and not item.deleted and not item.bundle
