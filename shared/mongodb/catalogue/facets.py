"""By what a shop's BOMs can be told apart, with how many there are of each: the choices of a list's filters."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from shared.domain.comparison import CellClass
from shared.mongodb.schema import Database, Document
from shared.mongodb.stock.known_drift import KnownDrift

MAX_TAGS = 200
"""Tags that are named; a shop with more of them shows the most frequent."""


@dataclass(frozen=True, slots=True)
class Facets:
    """BOMs in all, those that track pre-assembled stock, and by tag and by class as known.

    `differ`: those with a cell whose two sides can be compared and are not the same. `tags`: the most frequent ones;
    `more_tags`: how many others there are.
    """

    total: int
    tracking: int
    tags: list[tuple[str, int]]
    more_tags: int
    classes: dict[CellClass, int]
    differ: int


class BomFacets:
    """Counts BOMs."""

    def __init__(self, database: Database) -> None:
        self._boms = database["boms"]
        self._known = KnownDrift(database)

    async def of(self, shop: str) -> Facets:
        """The facets of a shop. A BOM counts in every class that one of its cells has; in `in_sync` if none differs and
        one at least can be compared."""
        total, tracking, (tags, more) = await asyncio.gather(
            self._boms.count_documents({"shop": shop}),
            self._boms.count_documents({"shop": shop, "tracks_pre_assembled": True}),
            self._tags(shop),
        )
        known = await self._known.counts(shop, total)
        # Two counts a moment apart: a BOM may have gone in between.
        classes = {CellClass.IN_SYNC: max(0, total - known.not_in_sync), **known.classes}
        return Facets(total, tracking, tags, more, classes, known.different)

    async def _tags(self, shop: str) -> tuple[list[tuple[str, int]], int]:
        first: list[Document] = [{"$sort": {"n": -1, "_id": 1}}, {"$limit": MAX_TAGS}]
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "tags": {"$ne": []}}},
            {"$project": {"_id": 0, "tags": 1}},
            {"$unwind": "$tags"},
            {"$group": {"_id": "$tags", "n": {"$sum": 1}}},
            {"$facet": {"first": first, "all": [{"$count": "n"}]}},
        ]
        async for found in self._boms.aggregate(pipeline, allowDiskUse=True):
            tags = [(group["_id"], group["n"]) for group in found["first"]]
            return tags, sum(group["n"] for group in found["all"]) - len(tags)
        return [], 0
