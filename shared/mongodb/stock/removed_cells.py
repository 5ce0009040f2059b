"""A BOM that was removed and comes again under its id: its ledger goes on where it stopped.

The ledger's key is the cell and its own sequence, and previews remember a cell's counters. A new life that began at
zero again would collide with the old ledger, and an old preview could pass for one of the new life.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from shared.domain.stock import Stock
from shared.mongodb.schema import Database, Document, key_of
from shared.mongodb.stock.stock import CellStock
from shared.mongodb.transactions import Session

_COUNTERS = ("manual_total", "settle_no", "events_no", "tracks_rev", "rev")


class RemovedCells:
    """Closes the ledger of removed cells and finds where it stopped."""

    def __init__(self, database: Database) -> None:
        self._ledger = database["ledger"]

    async def close(self, shop: str, cells: Sequence[CellStock], reference: str, session: Session) -> None:
        """Write each removed value's last entry (after: none), with the counters the cell leaves behind."""
        at = datetime.now(UTC)
        entries: list[Document] = []
        for cell in cells:
            seq = cell.stock.ledger_seq
            left = {name: getattr(cell.stock, name) for name in _COUNTERS}
            for field, value in (("count", cell.stock.count), ("index", cell.stock.index)):
                if value is None:
                    continue
                seq += 1
                entries.append(
                    {
                        "_id": key_of(shop, *cell.key, str(seq)),
                        "shop": shop,
                        "bom_id": cell.key.bom_id,
                        "location_id": cell.key.location_id,
                        "seq": seq,
                        "field": field,
                        "before": value,
                        "after": None,
                        "cause": "removed",
                        "reference": reference,
                        "left": left,
                        "at": at,
                    }
                )
        if entries:
            await self._ledger.insert_many(entries, session=session)

    async def of(self, shop: str, bom_id: str, session: Session) -> dict[str, Stock]:
        """By location id: the stock without values from which a new life starts."""
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "bom_id": bom_id}},
            {"$sort": {"location_id": 1, "seq": 1}},
            {"$group": {"_id": "$location_id", "seq": {"$last": "$seq"}, "left": {"$last": "$left"}}},
        ]
        lives: dict[str, Stock] = {}
        async for document in self._ledger.aggregate(pipeline, session=session):
            left = document.get("left") or {}
            stock = Stock(**{name: left.get(name, 0) for name in _COUNTERS}, ledger_seq=document["seq"])
            # The step between two lives outdates every row that an earlier one left in a preview.
            lives[document["_id"]] = replace(stock, tracks_rev=stock.tracks_rev + 1, rev=stock.rev + 1)
        return lives
