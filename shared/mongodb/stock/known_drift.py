"""The class of cells as it is known without asking Shopify, and the BOMs that have it.

Two sources tell of it: the stock documents (base against count), and the open drift documents (Shopify's value as a
sweep has seen it, against the base). Where both speak of a cell, the drift document is the newer knowledge.

A cell that cannot be compared is of a class of its own, whatever its values, and differs from nothing: at a location
that is closed or kept by a fulfilment service, of a BOM that another tool manages, or left out at the last read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Reason, is_different, known_class
from shared.mongodb.schema import Database, Document, ids_of
from shared.mongodb.stock.stock import CellStock, StockStore

DIFFERENT = tuple(
    cell_class for cell_class in CellClass if cell_class not in {CellClass.IN_SYNC, CellClass.NOT_COMPARED}
)

Places = Collection[str] | None
"""Location ids; None: all."""


@dataclass(frozen=True, slots=True)
class KnownCell:
    """What is known of a cell; `shopify` is the value last seen there, None: never read. `reason`: why it cannot be
    compared. `seen_at`: a preview or a sweep read the value then, or Shopify told of it since; None: neither has."""

    cell: CellStock
    shopify: int | None
    cell_class: CellClass
    reason: Reason | None = None
    seen_at: datetime | None = None

    @property
    def difference(self) -> int | None:
        """Shopify value − local value, None where one of them is not known or they cannot be compared."""
        local = self.cell.stock.local
        if self.shopify is None or local is None or self.reason is not None:
            return None
        return self.shopify - local

    @property
    def differs(self) -> bool:
        """Whether the two sides can be compared, and are not the same."""
        return is_different(self.cell_class, self.difference)


@dataclass(frozen=True, slots=True)
class Apart:
    """What cannot be compared whatever the cell: closed locations with their reasons; `open` are the others."""

    closed: Mapping[str, Reason]
    open: frozenset[str]

    def comparable(self, places: Places) -> frozenset[str]:
        """Those of the places whose cells can be compared."""
        return self.open if places is None else self.open.intersection(places)

    def some_closed(self, places: Places) -> bool:
        """Whether one of the places is closed: every BOM has a cell at every location, so each has one there."""
        return bool(self.closed) if places is None else any(place in self.closed for place in places)


@dataclass(frozen=True, slots=True)
class Among:
    """BOMs told apart by the classes of their cells at the places: those for which `condition` holds, or (not `inside`)
    the others. The condition is on what the database derives for each BOM, `_known_boms`."""

    condition: Document
    inside: bool
    places: Places
    apart: Apart


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """How many BOMs have a cell of each class but `in_sync`; how many are not in sync: they have one of another class,
    or none that can be compared; and how many differ."""

    classes: Mapping[CellClass, int]
    not_in_sync: int
    different: int


class KnownDrift:
    """Reads what is known of cells. The database tells the BOMs apart; none of its answers is as long as the shop."""

    def __init__(self, database: Database) -> None:
        self._stock = database["stock"]
        self._drift = database["drift"]
        self._boms = database["boms"]
        self._locations = database["locations"]
        self._stock_store = StockStore(database)

    async def among(
        self, shop: str, cell_class: CellClass | None, differs: bool | None, places: Places
    ) -> Among | None:
        """The BOMs with a cell of this class at the places (`in_sync`: with none that differs and one at least that can
        be compared), and those that differ, or do not; None: every BOM."""
        apart = await self._apart(shop)
        inside: list[Document] = []
        outside: list[Document] = []
        if differs is not None:
            (inside if differs else outside).append(_DIFFERENT_ONES)
        if cell_class is CellClass.IN_SYNC:
            if apart.some_closed(places) and not apart.comparable(places):
                inside.append(_NOBODY)
            outside.append(_NOT_IN_SYNC)
        elif cell_class is not None and not (cell_class is CellClass.NOT_COMPARED and apart.some_closed(places)):
            inside.append({"classes": str(cell_class)})
        if inside:
            condition: Document = {"$and": inside, **({"$nor": outside} if outside else {})}
            return Among(condition, True, places, apart)
        return Among({"$or": outside}, False, places, apart) if outside else None

    async def named(self, shop: str, among: Among, limit: int) -> list[str]:
        """The BOMs for which the condition holds, `limit` at the most."""
        pipeline = [*_known_boms(shop, among), {"$match": among.condition}, {"$limit": limit}]
        return [row["_id"] async for row in self._stock.aggregate(pipeline, allowDiskUse=True)]

    async def those(self, shop: str, among: Among, bom_ids: Collection[str]) -> set[str]:
        """Those of the BOMs that are meant."""
        pipeline = [*_known_boms(shop, among, sorted(bom_ids)), {"$match": among.condition}]
        held = {row["_id"] async for row in self._stock.aggregate(pipeline)}
        return {bom_id for bom_id in bom_ids if (bom_id in held) is among.inside}

    async def held_by(self, shop: str, among: Among, condition: Document) -> int:
        """For how many of the BOMs that meet this condition on their documents the condition on their classes holds."""
        pipeline = [*_known_boms(shop, among), {"$match": among.condition}]
        if condition.keys() != {"shop"}:
            meets = _of_boms(self._boms.name, condition, {"_id": 1})
            pipeline += [{"$lookup": meets}, {"$match": {"bom": {"$ne": []}}}]
        pipeline.append({"$count": "n"})
        async for group in self._stock.aggregate(pipeline, allowDiskUse=True):
            return int(group["n"])
        return 0

    async def counts(self, shop: str, total: int) -> ClassCounts:
        """BOMs by class, at all locations; `total`: the shop's BOMs."""
        apart = await self._apart(shop)
        among = Among({}, True, None, apart)
        numbers: Document = {
            str(name): {"$sum": {"$cond": [{"$in": [str(name), "$classes"]}, 1, 0]}} for name in _COUNTED
        }
        not_equal = {"$gt": [{"$size": {"$setIntersection": ["$classes", _DIFFERENT]}}, 0]}
        numbers["not_in_sync"] = {"$sum": {"$cond": [{"$or": [not_equal, "$not_comparable"]}, 1, 0]}}
        numbers["different"] = {"$sum": {"$cond": ["$differs", 1, 0]}}
        pipeline = [*_known_boms(shop, among), {"$group": {"_id": None, **numbers}}]
        found: Document = {}
        async for group in self._stock.aggregate(pipeline, allowDiskUse=True):
            found = group
        classes = {name: int(found.get(str(name), 0)) for name in _COUNTED}
        not_in_sync = int(found.get("not_in_sync", 0))
        if apart.some_closed(None):
            classes[CellClass.NOT_COMPARED] = total
            not_in_sync = not_in_sync if apart.open else total
        return ClassCounts(classes, not_in_sync, int(found.get("different", 0)))

    async def by_difference(
        self, shop: str, among: Among, condition: Document, *, skip: int, limit: int
    ) -> tuple[list[str], int]:
        """Some BOMs that meet both conditions, on their classes and on their documents: the one with the greatest
        difference in a cell first, alike ones by name; and how many there are in all."""
        order = {"worst": -1, "total": -1, "name": 1, "_id": 1}
        named = [{"$match": condition}, {"$project": {"_id": "$bom_id", "name": "$name_lower"}}]
        pipeline = [
            *_known_boms(shop, among),
            {"$match": among.condition},
            {"$project": {"worst": 1, "total": {"$abs": "$sum"}}},
            # All names at once, from their index: asked for BOM by BOM, ten thousand of them took longer than the rest.
            {"$unionWith": {"coll": self._boms.name, "pipeline": named}},
            {
                "$group": {
                    "_id": "$_id",
                    "worst": {"$max": "$worst"},
                    "total": {"$max": "$total"},
                    "name": {"$max": "$name"},
                    "known": {"$sum": {"$cond": [{"$gt": ["$total", None]}, 1, 0]}},
                }
            },
            {"$match": {"known": {"$gt": 0}, "name": {"$ne": None}}},
            {"$facet": {"page": [{"$sort": order}, {"$skip": skip}, {"$limit": limit}], "all": [{"$count": "n"}]}},
        ]
        async for found in self._stock.aggregate(pipeline, allowDiskUse=True):
            return [row["_id"] for row in found["page"]], sum(group["n"] for group in found["all"])
        return [], 0

    async def _apart(self, shop: str) -> Apart:
        fields = {"location_id": 1, "active": 1, "fulfillment_service": 1}
        places = self._locations.find({"_id": ids_of(shop), "shop": shop}, fields)
        reasons = {place["location_id"]: _closed(place) async for place in places}
        closed = {place: reason for place, reason in reasons.items() if reason is not None}
        return Apart(closed, frozenset(reasons.keys() - closed.keys()))

    async def of(
        self, shop: str, keys: Collection[CellKey], read_at: Mapping[CellKey, datetime] = MappingProxyType({})
    ) -> dict[CellKey, KnownCell]:
        """What is known of these cells; those without a stock document are left out. `read_at`: when a preview has read
        them last."""
        stock = await self._stock_store.load(shop, keys)
        bom_ids = {key.bom_id for key in keys}
        drift, apart, managed = await asyncio.gather(
            self._open_drift(shop, bom_ids), self._apart(shop), self._managed(shop, bom_ids)
        )
        return {
            key: _known(cell, drift.get(key), _reason(cell, apart, managed), read_at.get(key))
            for key, cell in stock.items()
        }

    async def _managed(self, shop: str, bom_ids: Collection[str]) -> set[str]:
        """Those of the BOMs that another tool manages."""
        query = {"shop": shop, "bom_id": {"$in": sorted(bom_ids)}, "externally_managed": True}
        return {document["bom_id"] async for document in self._boms.find(query, {"_id": 0, "bom_id": 1})}

    async def _open_drift(self, shop: str, bom_ids: Collection[str]) -> Mapping[CellKey, Document]:
        query = {"shop": shop, "open": True, "bom_id": {"$in": sorted(bom_ids)}}
        return {CellKey(d["bom_id"], d["location_id"]): d async for d in self._drift.find(query)}


_COUNTED = (*DIFFERENT, CellClass.NOT_COMPARED)
_NOT_COMPARED = str(CellClass.NOT_COMPARED)
_MOVED = [str(CellClass.SHOPIFY_MOVED), str(CellClass.LOCAL_MOVED), str(CellClass.BOTH_MOVED)]
_DIFFERENT = [str(cell_class) for cell_class in DIFFERENT]
_DIFFERS: Document = {"classes": {"$in": _DIFFERENT}}
_DIFFERENT_ONES: Document = {"differs": True}
_NOT_IN_SYNC: Document = {"$or": [_DIFFERS, {"not_comparable": True}]}
_NOBODY: Document = {"_id": {"$in": []}}


def _of_boms(boms: str, condition: Document, fields: Document) -> Document:
    """A look at the document of each BOM, if it meets the condition."""
    pipeline = [{"$match": condition}, {"$project": fields}]
    return {"from": boms, "localField": "_id", "foreignField": "bom_id", "pipeline": pipeline, "as": "bom"}


def _known_boms(shop: str, among: Among, only: Sequence[str] | None = None) -> list[Document]:
    """The stages, on the stock documents, that make of every BOM (or of some) of which a cell is not in sync one
    document: `_id` its id, `classes` of its cells at the places, `not_comparable` where none of them can be compared;
    `differs` where one of them does, with the `sum` of the differences and the `worst` one without its sign.
    """
    apart, places = among.apart, among.places
    mine: Document = {"shop": shop} if only is None else {"shop": shop, "bom_id": {"$in": only}}
    at = {**mine, **_at(apart, places)}
    missed: list[Document] = [
        {"$match": {**at, "open": True, "cell_class": {"$in": _DIFFERENT}}},
        {
            "$project": {
                "_id": 0,
                "b": "$bom_id",
                "l": "$location_id",
                "d": "$cell_class",
                "by": {"$subtract": ["$shopify", "$base"]},
            }
        },
    ]
    managed: list[Document] = [
        {"$match": {**mine, "externally_managed": True}},
        {"$project": {"_id": 0, "b": "$bom_id", "m": {"$literal": True}}},
    ]
    not_compared: Document = {"$eq": ["$s", _NOT_COMPARED]}
    # What a sweep has seen of a cell is newer than what its stock document tells.
    cell_class = {"$cond": [{"$or": ["$m", not_compared]}, _NOT_COMPARED, {"$ifNull": ["$d", "$s"]}]}
    # One without a document here is in sync by its stock: then Shopify's move is the whole difference.
    own = {"$cond": ["$s", "$k", 0]}
    difference = {"$cond": ["$d", {"$add": ["$by", own]}, "$k"]}
    differs = {
        "$or": [
            {"$in": ["$c", _MOVED]},
            {"$and": [{"$eq": ["$c", str(CellClass.NO_BASE)]}, {"$not": {"$in": ["$k", [None, 0]]}}]},
        ]
    }
    comparable = sorted(apart.comparable(places))
    counted = {"$cond": [{"$and": [{"$eq": ["$c", _NOT_COMPARED]}, {"$in": ["$_id.l", comparable]}]}, 1, 0]}
    # Where no location is known yet, no number of cells is all of them.
    every = {"$eq": ["$n", len(comparable) or -1]}
    highest: Document = {field: {"$max": f"${field}"} for field in ("s", "k", "d", "by", "m")}
    return [
        {"$match": {**at, "known_class": {"$gt": ""}}},
        {
            "$project": {
                "_id": 0,
                "b": "$bom_id",
                "l": "$location_id",
                "s": "$known_class",
                "k": "$known_difference",
            }
        },
        {"$unionWith": {"coll": "drift", "pipeline": missed}},
        {"$unionWith": {"coll": "boms", "pipeline": managed}},
        {"$group": {"_id": {"b": "$b", "l": "$l"}, **highest}},
        {"$project": {"c": cell_class, "k": {"$ifNull": [difference, None]}, "m": 1}},
        {"$addFields": {"x": differs}},
        {
            "$group": {
                "_id": "$_id.b",
                "c": {"$addToSet": "$c"},
                "n": {"$sum": counted},
                "m": {"$max": "$m"},
                "x": {"$max": "$x"},
                "sum": {"$sum": {"$cond": ["$x", "$k", 0]}},
                "worst": {"$max": {"$cond": ["$x", {"$abs": "$k"}, 0]}},
            }
        },
        {
            "$project": {
                "classes": {"$cond": ["$m", [_NOT_COMPARED], "$c"]},
                "not_comparable": {"$cond": [{"$or": ["$m", every]}, True, False]},
                "differs": {"$and": [{"$not": "$m"}, "$x"]},
                "sum": 1,
                "worst": 1,
            }
        },
    ]


def _at(apart: Apart, places: Places) -> Document:
    """The condition for cells at the places that can be compared there."""
    if places is not None:
        return {"location_id": {"$in": sorted(set(places) - apart.closed.keys())}}
    return {"location_id": {"$nin": sorted(apart.closed)}} if apart.closed else {}


def _closed(place: Document) -> Reason | None:
    if not place["active"]:
        return Reason.LOCATION_INACTIVE
    return Reason.FULFILLMENT_SERVICE if place["fulfillment_service"] else None


def _reason(cell: CellStock, apart: Apart, managed: Collection[str]) -> Reason | None:
    """Why the cell cannot be compared."""
    if cell.key.bom_id in managed:
        return Reason.EXTERNALLY_MANAGED
    not_compared = cell.stock.not_compared
    return apart.closed.get(cell.key.location_id) or (None if not_compared is None else Reason(not_compared))


def _known(cell: CellStock, drift: Document | None, reason: Reason | None, read_at: datetime | None) -> KnownCell:
    stock = cell.stock
    news = stock.news
    if news is not None:
        seen_at: datetime | None = news.at
    else:
        # What was told since the read is newer than the read.
        seen_at = None if read_at is None else max(read_at, stock.base_time or read_at)
    seen_at = None if stock.base is None else seen_at
    if reason is not None:
        return KnownCell(cell, stock.shopify, CellClass.NOT_COMPARED, reason, seen_at)
    if drift is None or drift["base"] != stock.base:
        return KnownCell(cell, stock.shopify, known_class(stock), None, seen_at)
    return KnownCell(cell, drift["shopify"], CellClass(drift["cell_class"]), None, drift["taken_at"])
