"""Reads a cell's ledger, the newest entry first: entries have numbers without gaps, so each is asked for by its id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.cell import CellKey
from shared.domain.story import LedgerLine
from shared.mongodb.schema import Database, found, ids_of, key_of


class Ledger:
    """Reads the collection `ledger`."""

    def __init__(self, database: Database) -> None:
        self._ledger = database["ledger"]

    async def last(self, shop: str, key: CellKey) -> int:
        """The number of the cell's last entry, also where its BOM is gone; 0: it has none."""
        # In an `_id` the number is a text, of which "10" comes before "9".
        mine = {"_id": ids_of(shop, *key), "shop": shop, "bom_id": key.bom_id, "location_id": key.location_id}
        document = found(await self._ledger.find_one(mine, {"seq": 1}, sort=[("seq", -1)]))
        return 0 if document is None else int(document["seq"])

    async def down_from(self, shop: str, key: CellKey, seq: int, number: int) -> list[LedgerLine]:
        """The entry of this number and those before it, so many, the newest first."""
        wanted = [key_of(shop, *key, str(each)) for each in range(seq, max(0, seq - number), -1)]
        if not wanted:
            return []
        cursor = self._ledger.find({"_id": {"$in": wanted}, "shop": shop}, batch_size=len(wanted))
        lines = [_line(document) for document in await cursor.to_list(len(wanted))]
        return sorted(lines, key=lambda line: line.seq, reverse=True)


def _line(document: Mapping[str, Any]) -> LedgerLine:
    return LedgerLine(
        seq=document["seq"],
        field="count" if document["field"] == "count" else "base",
        before=document["before"],
        after=document["after"],
        cause=document["cause"],
        reference=document["reference"],
        at=document["at"],
        # An entry of an earlier build does not say.
        by=document.get("by"),
    )
