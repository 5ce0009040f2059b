"""The class of cells as it is known without asking Shopify, and the BOMs that have it.

Two sources tell of it: the stock documents (base against count), and the open drift documents (Shopify's value as a
sweep has seen it, against the base). Where both speak of a cell, the drift document is the newer knowledge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, known_class
from shared.mongodb.collections import Database, Document
from shared.mongodb.stock import CellStock, StockStore

DIFFERENT = tuple(cell_class for cell_class in CellClass if cell_class is not CellClass.IN_SYNC)

Places = Collection[str] | None
"""Location ids; None: all."""


@dataclass(frozen=True, slots=True)
class KnownCell:
    """What is known of a cell; `shopify` is the value last seen there, None: never read."""

    cell: CellStock
    shopify: int | None
    cell_class: CellClass

    @property
    def difference(self) -> int | None:
        """Shopify value − local value, None where one of them is not known."""
        local = self.cell.stock.local
        return None if self.shopify is None or local is None else self.shopify - local


class KnownClasses:
    """Reads what is known of cells."""

    def __init__(self, database: Database) -> None:
        self._stock = database["stock"]
        self._drift = database["drift"]
        self._stock_store = StockStore(database)

    async def boms(self, shop: str, cell_class: CellClass, places: Places) -> set[str]:
        """The BOMs with a cell of this class (not `in_sync`) at the places."""
        by_stock, by_drift = await asyncio.gather(
            self._distinct(self._stock, shop, {"known_class": str(cell_class)}, places),
            self._distinct(self._drift, shop, {"cell_class": str(cell_class), "open": True}, places),
        )
        seen = await self._seen_elsewhere(shop, cell_class, by_stock, places)
        return (by_stock - seen) | by_drift

    async def by_class(self, shop: str, places: Places) -> dict[CellClass, set[str]]:
        """The BOMs of every class but `in_sync`."""
        found = await asyncio.gather(*(self.boms(shop, cell_class, places) for cell_class in DIFFERENT))
        return dict(zip(DIFFERENT, found, strict=True))

    async def differing(self, shop: str, places: Places) -> set[str]:
        """The BOMs with a cell that is known to differ at the places."""
        return set().union(*(await self.by_class(shop, places)).values())

    async def _distinct(self, collection: object, shop: str, wanted: Document, places: Places) -> set[str]:
        query: Document = {"shop": shop, **wanted}
        if places is not None:
            query["location_id"] = {"$in": sorted(places)}
        found: list[str] = await collection.distinct("bom_id", query)  # type: ignore[attr-defined]  # motor's own type is private
        return set(found)

    async def _seen_elsewhere(
        self, shop: str, cell_class: CellClass, by_stock: Collection[str], places: Places
    ) -> set[str]:
        """Of these BOMs, those all of whose cells of the class are of another by now: a sweep has seen Shopify."""
        query: Document = {"shop": shop, "open": True, "cell_class": {"$in": [c for c in DIFFERENT if c != cell_class]}}
        fields = {"bom_id": 1, "location_id": 1, "_id": 0}
        cells = {CellKey(d["bom_id"], d["location_id"]) async for d in self._drift.find(query, fields)}
        doubtful = {cell.bom_id for cell in cells}.intersection(by_stock)
        if not doubtful:
            return set()
        query = {"shop": shop, "known_class": str(cell_class), "bom_id": {"$in": sorted(doubtful)}}
        if places is not None:
            query["location_id"] = {"$in": sorted(places)}
        async for document in self._stock.find(query, fields):
            if CellKey(document["bom_id"], document["location_id"]) not in cells:
                doubtful.discard(document["bom_id"])
        return doubtful

    async def of(self, shop: str, keys: Collection[CellKey]) -> dict[CellKey, KnownCell]:
        """What is known of these cells; those without a stock document are left out."""
        stock = await self._stock_store.load(shop, keys)
        drift = await self._open_drift(shop, {key.bom_id for key in keys})
        return {key: _known(cell, drift.get(key)) for key, cell in stock.items()}

    async def _open_drift(self, shop: str, bom_ids: Collection[str]) -> Mapping[CellKey, Document]:
        query = {"shop": shop, "open": True, "bom_id": {"$in": sorted(bom_ids)}}
        return {CellKey(d["bom_id"], d["location_id"]): d async for d in self._drift.find(query)}


def _known(cell: CellStock, drift: Document | None) -> KnownCell:
    stock = cell.stock
    if drift is None or drift["base"] != stock.index:
        return KnownCell(cell, stock.index, known_class(stock))
    return KnownCell(cell, drift["shopify"], CellClass(drift["cell_class"]))
