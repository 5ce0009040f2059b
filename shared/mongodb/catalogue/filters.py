"""The query of a filter over BOMs; what a list shows, a preview compares and a job takes is found by the same one."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from shared.domain.selection import Filtered
from shared.mongodb.schema import BOMS_BY_NAME, Database, Document
from shared.mongodb.stock.known_drift import Among, KnownDrift

MAX_NAMED = 5000
"""BOMs that a query names; more of them are told apart page by page."""


@dataclass(frozen=True, slots=True)
class BomQuery:
    """Which BOMs: a condition on their documents; and `among`, where their classes are to be looked at beside it."""

    condition: Document
    among: Among | None = None


class BomFilter:
    """Makes queries on the `boms` of one database."""

    def __init__(self, database: Database) -> None:
        self._boms = database["boms"]
        self._known = KnownDrift(database)

    async def query(self, shop: str, wanted: Filtered) -> BomQuery:
        """The query of a filter. The text is matched as it stands, never as a pattern of the caller's."""
        query: dict[str, Any] = {"shop": shop}
        if wanted.text:
            query |= await self._by_text(shop, wanted.text)
        if wanted.tag is not None:
            query["tags"] = wanted.tag
        if wanted.tracks_pre_assembled is not None:
            query["tracks_pre_assembled"] = wanted.tracks_pre_assembled
        if wanted.except_bom_ids:
            # Beside the other conditions, of which one may be on the id as well.
            query["$and"] = [{"bom_id": {"$nin": sorted(wanted.except_bom_ids)}}]
        if wanted.cell_class is None and wanted.differs is None:
            return BomQuery(query)
        among = await self._known.among(shop, wanted.cell_class, wanted.differs, wanted.location_ids)
        if among is None:
            return BomQuery(query)
        named = await self._known.named(shop, among, MAX_NAMED + 1)
        if len(named) > MAX_NAMED:
            return BomQuery(query, among)
        those = {"bom_id": {"$in" if among.inside else "$nin": sorted(named)}}
        return BomQuery({**query, "$and": [*query.get("$and", []), those]})

    async def count(self, shop: str, query: BomQuery) -> int:
        """How many BOMs it finds."""
        among = query.among
        if among is None:
            return await self._counted(query.condition)
        held = await self._known.held_by(shop, among, query.condition)
        return held if among.inside else await self._counted(query.condition) - held

    async def _counted(self, condition: Document) -> int:
        """How many BOMs meet a condition. A search by name is counted in the index of names: the database would as soon
        take another index of the shop, and read every document for its name."""
        if _in_the_index_of_names(condition):
            return int(await self._boms.count_documents(condition, hint=list(BOMS_BY_NAME)))
        return int(await self._boms.count_documents(condition))

    async def by_difference(self, shop: str, wanted: Filtered, *, skip: int, limit: int) -> tuple[list[str], int]:
        """Of the BOMs that it finds those that differ, the greatest difference first: some of them, and how many they
        are."""
        among = await self._known.among(shop, wanted.cell_class, differs=True, places=wanted.location_ids)
        if among is None:
            return [], 0
        condition = (await self.query(shop, replace(wanted, cell_class=None, differs=None))).condition
        return await self._known.by_difference(shop, among, condition, skip=skip, limit=limit)

    async def those(self, shop: str, query: BomQuery, bom_ids: Collection[str]) -> set[str]:
        """Of BOMs that meet the query's condition, those that it finds."""
        return set(bom_ids) if query.among is None else await self._known.those(shop, query.among, bom_ids)

    async def _by_text(self, shop: str, text: str) -> Document:
        """Part of the name, or one of the ids whole. Names alone are searched in an index, ids beside them are not."""
        # MongoDB takes no pattern with a NUL, and escaping leaves one as it is.
        pattern = re.escape(text.lower()).replace("\x00", "\\x00")
        named: Document = {"name_lower": {"$regex": pattern}}
        ids = [{"bom_id": text}, {"inventory_item_id": text}]
        of_id = self._boms.find({"shop": shop, "$or": ids}, {"bom_id": 1})
        found = [document["bom_id"] async for document in of_id]
        return {"$or": [named, {"bom_id": {"$in": found}}]} if found else named


def _in_the_index_of_names(condition: Document) -> bool:
    """Whether a condition asks for a name, and for nothing else that this index does not hold."""
    asked = {field for part in (condition, *condition.get("$and", [])) for field in part} - {"$and"}
    return "name_lower" in asked and asked <= {name for name, _ in BOMS_BY_NAME}
