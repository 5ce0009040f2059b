"""The query of a filter over BOMs; what a list shows, a preview compares and a job takes is found by the same one."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from shared.domain.comparison import CellClass
from shared.domain.selection import Filtered
from shared.mongodb.schema import Database, Document
from shared.mongodb.stock.known_drift import KnownDrift


class BomFilter:
    """Makes queries on the `boms` of one database."""

    def __init__(self, database: Database) -> None:
        self._boms = database["boms"]
        self._known = KnownDrift(database)

    async def query(self, shop: str, wanted: Filtered) -> Document:
        """The query of a filter. The text is matched as it stands, never as a pattern of the caller's."""
        query: dict[str, Any] = {"shop": shop}
        if wanted.text:
            query |= await self._by_text(shop, wanted.text)
        if wanted.tag is not None:
            query["tags"] = wanted.tag
        if wanted.tracks_pre_assembled is not None:
            query["tracks_pre_assembled"] = wanted.tracks_pre_assembled
        conditions = await self._by_class(shop, wanted)
        if conditions:
            query["$and"] = conditions
        return query

    async def _by_text(self, shop: str, text: str) -> Document:
        """Part of the name, or one of the ids whole. Names alone are searched in an index, ids beside them are not."""
        # MongoDB takes no pattern with a NUL, and escaping leaves one as it is.
        pattern = re.escape(text.lower()).replace("\x00", "\\x00")
        named: Document = {"name_lower": {"$regex": pattern}}
        ids = [{"bom_id": text}, {"inventory_item_id": text}]
        of_id = self._boms.find({"shop": shop, "$or": ids}, {"bom_id": 1})
        found = [document["bom_id"] async for document in of_id]
        return {"$or": [named, {"bom_id": {"$in": found}}]} if found else named

    async def _by_class(self, shop: str, wanted: Filtered) -> list[Document]:
        places = wanted.location_ids
        conditions = []
        if wanted.cell_class is not None and wanted.cell_class is not CellClass.IN_SYNC:
            conditions.append(_among(await self._known.boms(shop, wanted.cell_class, places), inside=True))
        if wanted.differs is not None or wanted.cell_class is CellClass.IN_SYNC:
            known = await self._known.by_class(shop, places)
            if wanted.differs is not None:
                conditions.append(_among(known.differing, inside=wanted.differs))
            if wanted.cell_class is CellClass.IN_SYNC:
                conditions.append(_among(known.differing | known.not_comparable, inside=False))
        return conditions


def _among(bom_ids: Collection[str], *, inside: bool) -> Document:
    return {"bom_id": {"$in" if inside else "$nin": sorted(bom_ids)}}
