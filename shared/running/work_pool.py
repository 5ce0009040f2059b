"""A pool: so many pieces of work at once, and of one shop only so many of these, so that none takes them all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


class WorkPool:
    """Runs work for shops beside each other. Whoever gives it work asks first: `free`, and `busy` for shops to pass by.

    Work may not raise: what becomes of it is its own business.
    """

    def __init__(self, at_once: int, per_shop: int = 1) -> None:
        self._at_once = at_once
        self._per_shop = per_shop
        self._tasks: set[asyncio.Task[None]] = set()
        self._of: Counter[str] = Counter()
        self._news = asyncio.Event()

    @property
    def free(self) -> int:
        """Slots in which nothing runs now."""
        return self._at_once - len(self._tasks)

    @property
    def busy(self) -> list[str]:
        """Shops that have as much under way as one may."""
        return [shop for shop, number in self._of.items() if number >= self._per_shop]

    def begin(self, shop: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work for a shop from now on."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        self._of[shop] += 1
        task.add_done_callback(lambda _: self._ended(shop, task))
        return task

    def _ended(self, shop: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._of[shop] -= 1
        if not self._of[shop]:
            del self._of[shop]
        self.wake()

    def wake(self) -> None:
        """There may be something new to do."""
        self._news.set()

    async def news(self, seconds: float) -> None:
        """Return when a slot has become free or `wake` was called, at the latest after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    async def finish(self, seconds: float = 0.0) -> None:
        """Give what is under way so many seconds to end, and cancel the rest."""
        if self._tasks and seconds > 0:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        rest = set(self._tasks)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
