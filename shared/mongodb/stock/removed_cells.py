"""A BOM that was removed and comes again under its id: its ledger goes on where it stopped.

The ledger's key is the cell and its own sequence, and previews remember a cell's counters. A new life that began at
zero again would collide with the old ledger, and an old preview could pass for one of the new life.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from shared.domain.cell import CellKey
from shared.domain.stock import Stock, removed, revived
from shared.mongodb.schema import Database, Document, ids_of, key_of
from shared.mongodb.stock.stock import CellStock, ledger_entry
from shared.mongodb.transactions import Session

_LEFT = ("manual_total", "settle_no", "events_no", "tracks_rev", "rev", "unknown_outcome")


class RemovedCells:
    """Closes the ledger of removed cells and finds where it stopped."""

    def __init__(self, database: Database) -> None:
        self._ledger = database["ledger"]

    async def close(self, shop: str, cells: Sequence[CellStock], reference: str, session: Session) -> None:
        """Write each removed value's last entry (after: none); the last one has what the cell leaves behind."""
        at = datetime.now(UTC)
        entries: list[Document] = []
        for cell in cells:
            change = removed(cell.stock)
            for entry in change.entries:
                document = ledger_entry(shop, cell.key, entry, cause="removed", reference=reference, at=at)
                if entry.seq == change.stock.ledger_seq:
                    document["left"] = {name: getattr(change.stock, name) for name in _LEFT} | {"item_id": cell.item_id}
                entries.append(document)
        if entries:
            await self._ledger.insert_many(entries, session=session)

    async def among(self, shop: str, keys: Iterable[CellKey], session: Session) -> list[CellKey]:
        """Those of the cells that have had a life: their ledger has a first entry."""
        first = {key_of(shop, *key, "1"): key for key in keys}
        cursor = self._ledger.find({"_id": {"$in": list(first)}, "shop": shop}, {"_id": 1}, session=session)
        return [first[document["_id"]] async for document in cursor]

    async def of(self, shop: str, bom_id: str, item_id: str, session: Session) -> dict[str, Stock]:
        """By location id: the stock without values from which a new life, with this item, starts."""
        # In an `_id` the sequence is a text, of which "10" comes before "9".
        last: Document = {"$top": {"sortBy": {"seq": -1}, "output": {"seq": "$seq", "left": "$left"}}}
        pipeline: list[Document] = [
            {"$match": {"_id": ids_of(shop, bom_id), "shop": shop, "bom_id": bom_id}},
            {"$group": {"_id": "$location_id", "last": last}},
        ]
        lives: dict[str, Stock] = {}
        async for document in self._ledger.aggregate(pipeline, session=session):
            # An earlier version left nothing where a cell had no values, and never its doubt.
            left = document["last"].get("left") or {}
            stock = Stock(**{name: left[name] for name in _LEFT if name in left}, ledger_seq=document["last"]["seq"])
            lives[document["_id"]] = revived(stock, same_item=left.get("item_id") == item_id)
        return lives
