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
    """BOMs in all, those that track pre-assembled stock, and by tag and by class as known."""

    total: int
    tracking: int
    tags: list[tuple[str, int]]
    classes: dict[CellClass, int]


class BomFacets:
    """Counts BOMs."""

    def __init__(self, database: Database) -> None:
        self._boms = database["boms"]
        self._known = KnownDrift(database)

    async def of(self, shop: str) -> Facets:
        """The facets of a shop. A BOM counts in every class that one of its cells has; in `in_sync` if none differs and
        one at least can be compared."""
        total, tracking, tags, by_class = await asyncio.gather(
            self._boms.count_documents({"shop": shop}),
            self._boms.count_documents({"shop": shop, "tracks_pre_assembled": True}),
            self._tags(shop),
            self._known.by_class(shop, None),
        )
        elsewhere = by_class.differing | by_class.not_comparable
        classes = {CellClass.IN_SYNC: total - len(elsewhere)}
        classes |= {cell_class: len(boms) for cell_class, boms in by_class.classes.items()}
        return Facets(total, tracking, tags, classes)

    async def _tags(self, shop: str) -> list[tuple[str, int]]:
        pipeline: list[Document] = [
            {"$match": {"shop": shop}},
            {"$unwind": "$tags"},
            {"$group": {"_id": "$tags", "n": {"$sum": 1}}},
            {"$sort": {"n": -1, "_id": 1}},
            {"$limit": MAX_TAGS},
        ]
        return [(group["_id"], group["n"]) async for group in self._boms.aggregate(pipeline)]
