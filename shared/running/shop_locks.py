"""A lock per shop: what is looked at and then written is not overtaken by the same shop's next request."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class ShopLocks:
    """Locks of this process, one for each shop for as long as somebody holds or wants it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, shop: str) -> asyncio.Lock:
        """The shop's lock; it hands itself on in the order of asking."""
        lock = self._locks.get(shop)
        if lock is None:
            lock = self._locks[shop] = asyncio.Lock()
        return lock
