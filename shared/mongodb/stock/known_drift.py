"""The class of cells as it is known without asking Shopify, and the BOMs that have it.

Two sources tell of it: the stock documents (base against count), and the open drift documents (Shopify's value as a
sweep has seen it, against the base). Where both speak of a cell, the drift document is the newer knowledge.

A cell that cannot be compared is of a class of its own, whatever its values, and differs from nothing: at a location
that is closed or kept by a fulfilment service, of a BOM that another tool manages, or left out at the last read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Reason, known_class
from shared.mongodb.schema import Database, Document
from shared.mongodb.stock.stock import CellStock, StockStore

DIFFERENT = tuple(
    cell_class for cell_class in CellClass if cell_class not in {CellClass.IN_SYNC, CellClass.NOT_COMPARED}
)

Places = Collection[str] | None
"""Location ids; None: all."""


@dataclass(frozen=True, slots=True)
class KnownCell:
    """What is known of a cell; `shopify` is the value last seen there, None: never read. `reason`: why it cannot be
    compared."""

    cell: CellStock
    shopify: int | None
    cell_class: CellClass
    reason: Reason | None = None

    @property
    def difference(self) -> int | None:
        """Shopify value − local value, None where one of them is not known or they cannot be compared."""
        local = self.cell.stock.local
        if self.shopify is None or local is None or self.reason is not None:
            return None
        return self.shopify - local


@dataclass(frozen=True, slots=True)
class Apart:
    """Whose cells cannot be compared at all: closed locations with their reasons, and BOMs managed elsewhere."""

    closed: Mapping[str, Reason]
    boms: frozenset[str]
    open: frozenset[str]
    """The other locations."""


@dataclass(frozen=True, slots=True)
class ByClass:
    """The BOMs with a cell of each class; `in_sync` is left to the reader, and `not_comparable` are BOMs without any
    cell that can be compared."""

    classes: Mapping[CellClass, set[str]]
    not_comparable: set[str]

    @property
    def differing(self) -> set[str]:
        """The BOMs with a cell that is known to differ."""
        return set().union(*(self.classes[cell_class] for cell_class in DIFFERENT))


class KnownDrift:
    """Reads what is known of cells."""

    def __init__(self, database: Database) -> None:
        self._stock = database["stock"]
        self._drift = database["drift"]
        self._boms = database["boms"]
        self._locations = database["locations"]
        self._stock_store = StockStore(database)

    async def boms(self, shop: str, cell_class: CellClass, places: Places) -> set[str]:
        """The BOMs with a cell of this class (not `in_sync`) at the places."""
        apart = await self._apart(shop)
        if cell_class is CellClass.NOT_COMPARED:
            return await self._not_compared(shop, apart, places)
        return await self._of_class(shop, cell_class, apart, places)

    async def by_class(self, shop: str, places: Places) -> ByClass:
        """The BOMs of every class but `in_sync`."""
        apart = await self._apart(shop)
        different, not_compared, without = await asyncio.gather(
            asyncio.gather(*(self._of_class(shop, cell_class, apart, places) for cell_class in DIFFERENT)),
            self._not_compared(shop, apart, places),
            self._not_comparable(shop, apart, places),
        )
        classes = dict(zip(DIFFERENT, different, strict=True))
        return ByClass(classes | {CellClass.NOT_COMPARED: not_compared}, without)

    async def _apart(self, shop: str) -> Apart:
        managed, places = await asyncio.gather(
            self._boms.distinct("bom_id", {"shop": shop, "externally_managed": True}),
            self._locations.find({"shop": shop}).to_list(None),
        )
        reasons = {place["location_id"]: _closed(place) for place in places}
        closed = {place: reason for place, reason in reasons.items() if reason is not None}
        return Apart(closed, frozenset(managed), frozenset(reasons.keys() - closed.keys()))

    async def _of_class(self, shop: str, cell_class: CellClass, apart: Apart, places: Places) -> set[str]:
        at = _at(apart, places)
        by_stock, by_drift = await asyncio.gather(
            self._distinct(self._stock, shop, {"known_class": str(cell_class), **at}),
            self._distinct(self._drift, shop, {"cell_class": str(cell_class), "open": True, **at}),
        )
        seen = await self._seen_elsewhere(shop, cell_class, by_stock, at)
        return ((by_stock - seen) | by_drift) - apart.boms

    async def _not_compared(self, shop: str, apart: Apart, places: Places) -> set[str]:
        """Every BOM has a cell at every location, so a closed one gives each of them such a cell."""
        if any(place in apart.closed for place in (apart.closed if places is None else places)):
            return await self._distinct(self._boms, shop, {})
        left_out = await self._distinct(self._stock, shop, {"known_class": _NOT_COMPARED, **_at(apart, places)})
        return left_out | apart.boms

    async def _not_comparable(self, shop: str, apart: Apart, places: Places) -> set[str]:
        """The BOMs none of whose cells at the places can be compared."""
        comparable = apart.open if places is None else apart.open.intersection(places)
        if not comparable:
            known = bool(apart.closed) if places is None else bool(apart.closed.keys() & set(places))
            return await self._distinct(self._boms, shop, {}) if known else set(apart.boms)
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "known_class": _NOT_COMPARED, "location_id": {"$in": sorted(comparable)}}},
            {"$group": {"_id": "$bom_id", "n": {"$sum": 1}}},
            {"$match": {"n": len(comparable)}},
        ]
        left_out = {group["_id"] async for group in self._stock.aggregate(pipeline)}
        return left_out | apart.boms

    async def _distinct(self, collection: object, shop: str, wanted: Document) -> set[str]:
        query: Document = {"shop": shop, **wanted}
        found: list[str] = await collection.distinct("bom_id", query)  # type: ignore[attr-defined]  # motor's own type is private
        return set(found)

    async def _seen_elsewhere(
        self, shop: str, cell_class: CellClass, by_stock: Collection[str], at: Document
    ) -> set[str]:
        """Of these BOMs, those all of whose cells of the class are of another by now: a sweep has seen Shopify."""
        query: Document = {"shop": shop, "open": True, "cell_class": {"$in": [c for c in DIFFERENT if c != cell_class]}}
        fields = {"bom_id": 1, "location_id": 1, "_id": 0}
        cells = {CellKey(d["bom_id"], d["location_id"]) async for d in self._drift.find(query, fields)}
        doubtful = {cell.bom_id for cell in cells}.intersection(by_stock)
        if not doubtful:
            return set()
        query = {"shop": shop, "known_class": str(cell_class), "bom_id": {"$in": sorted(doubtful)}, **at}
        async for document in self._stock.find(query, fields):
            if CellKey(document["bom_id"], document["location_id"]) not in cells:
                doubtful.discard(document["bom_id"])
        return doubtful

    async def of(self, shop: str, keys: Collection[CellKey]) -> dict[CellKey, KnownCell]:
        """What is known of these cells; those without a stock document are left out."""
        stock = await self._stock_store.load(shop, keys)
        drift = await self._open_drift(shop, {key.bom_id for key in keys})
        apart = await self._apart(shop)
        return {key: _known(cell, drift.get(key), _reason(cell, apart)) for key, cell in stock.items()}

    async def _open_drift(self, shop: str, bom_ids: Collection[str]) -> Mapping[CellKey, Document]:
        query = {"shop": shop, "open": True, "bom_id": {"$in": sorted(bom_ids)}}
        return {CellKey(d["bom_id"], d["location_id"]): d async for d in self._drift.find(query)}


_NOT_COMPARED = str(CellClass.NOT_COMPARED)


def _at(apart: Apart, places: Places) -> Document:
    """The condition for cells at the places that can be compared there."""
    if places is not None:
        return {"location_id": {"$in": sorted(set(places) - apart.closed.keys())}}
    return {"location_id": {"$nin": sorted(apart.closed)}} if apart.closed else {}


def _closed(place: Document) -> Reason | None:
    if not place["active"]:
        return Reason.LOCATION_INACTIVE
    return Reason.FULFILLMENT_SERVICE if place["fulfillment_service"] else None


def _reason(cell: CellStock, apart: Apart) -> Reason | None:
    """Why the cell cannot be compared."""
    if cell.key.bom_id in apart.boms:
        return Reason.EXTERNALLY_MANAGED
    left_out = cell.stock.left_out
    return apart.closed.get(cell.key.location_id) or (None if left_out is None else Reason(left_out))


def _known(cell: CellStock, drift: Document | None, reason: Reason | None) -> KnownCell:
    stock = cell.stock
    if reason is not None:
        return KnownCell(cell, stock.index, CellClass.NOT_COMPARED, reason)
    if drift is None or drift["base"] != stock.index:
        return KnownCell(cell, stock.index, known_class(stock))
    return KnownCell(cell, drift["shopify"], CellClass(drift["cell_class"]))
