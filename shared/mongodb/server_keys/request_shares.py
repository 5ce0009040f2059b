"""How many requests may come, counted for all processes together without a write for each.

A bucket that fills with time lies in a document; a process takes several requests out of it at once, and gives them
away by itself. MongoDB's own clock fills it, so processes need not agree on the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from shared.mongodb.duplicates import is_duplicate
from shared.mongodb.schema import Database, Document, key_of


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process got: so many requests; `left`: what still lies in the bucket."""

    requests: int
    left: float


class RequestShares:
    """The buckets. `clock`: the time to fill them by, in tests; None: the server's."""

    def __init__(self, database: Database, clock: Callable[[], datetime] | None = None) -> None:
        self._shares = database["request_shares"]
        self._clock = clock

    async def take(self, shop: str, what: str, wanted: int, *, rate: float, most: float) -> Taken:
        """Take up to `wanted` whole requests of the shop's bucket; it gains `rate` a second, and holds `most`."""
        now: Any = "$$NOW" if self._clock is None else self._clock()
        seconds = {"$divide": [{"$max": [0, {"$subtract": [now, {"$ifNull": ["$at", now]}]}]}, 1000]}
        filled = {"$add": [{"$ifNull": ["$left", most]}, {"$multiply": [seconds, rate]}]}
        change: list[Document] = [
            {"$set": {"shop": {"$literal": shop}, "left": {"$min": [filled, most]}, "at": now}},
            {"$set": {"taken": {"$min": [wanted, {"$floor": "$left"}]}}},
            {"$set": {"left": {"$subtract": ["$left", "$taken"]}}},
        ]
        try:
            document = await self._change(shop, what, change)
        except Exception as error:
            if not is_duplicate(error):
                raise
            document = await self._change(shop, what, change)  # another process has just made it
        return Taken(int(document["taken"]), float(document["left"]))

    async def _change(self, shop: str, what: str, change: list[Document]) -> Document:
        document: Document = await self._shares.find_one_and_update(
            {"_id": key_of(shop, what)}, change, upsert=True, return_document=ReturnDocument.AFTER
        )
        return document
