"""BOMs and locations, and the cells they make together: every BOM has a stock document at every location."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.domain.selection import Filtered, Grid, Picked, Selection
from shared.domain.stock import Stock, start_tracking
from shared.mongodb.catalogue.filters import BomFilter, BomQuery
from shared.mongodb.duplicates import is_duplicate
from shared.mongodb.schema import Database, Document, ids_of, key_of
from shared.mongodb.stock.removed_cells import RemovedCells
from shared.mongodb.stock.stock import StockStore, StockWrite, new_stock
from shared.mongodb.transactions import Session, Transactions, WriteConflict

_OF_ONE_SKU = 50
"""BOMs that are listed of one SKU: what so many have in common names none of them."""

_IDS_PER_QUERY = 1000


@dataclass(frozen=True, slots=True)
class Bom:
    """A bill of materials; its finished good is one Shopify inventory item."""

    bom_id: str
    inventory_item_id: str
    name: str
    tags: tuple[str, ...] = ()
    tracks_pre_assembled: bool = False
    externally_managed: bool = False
    read_at: Mapping[str, datetime] = field(default_factory=dict, compare=False)
    """By location id: when a preview last read its item there."""


@dataclass(frozen=True, slots=True)
class Location:
    """A Shopify location."""

    location_id: str
    name: str
    active: bool
    fulfillment_service: bool

    @property
    def comparable(self) -> bool:
        """Whether the stock here is the shop's own to compare."""
        return self.active and not self.fulfillment_service


@dataclass(frozen=True, slots=True)
class SelectedCell:
    """A cell of a selection with what is needed to work on it; `bom` is None where there is no such BOM."""

    key: CellKey
    bom: Bom | None


def bom_of(document: Document) -> Bom:
    """A BOM from its document."""
    return Bom(
        bom_id=document["bom_id"],
        inventory_item_id=document["inventory_item_id"],
        name=document["name"],
        tags=tuple(document["tags"]),
        tracks_pre_assembled=document["tracks_pre_assembled"],
        externally_managed=document["externally_managed"],
        read_at=document.get("read_at") or {},
    )


def bom_fields(shop: str, bom: Bom) -> Document:
    """What its document holds of a BOM."""
    return {
        "shop": shop,
        "bom_id": bom.bom_id,
        "inventory_item_id": bom.inventory_item_id,
        "name": bom.name,
        "name_lower": bom.name.lower(),
        "tags": list(bom.tags),
        "tracks_pre_assembled": bom.tracks_pre_assembled,
        "externally_managed": bom.externally_managed,
    }


class BomStore:
    """Reads BOMs and locations; makes missing stock documents."""

    def __init__(self, database: Database, transactions: Transactions) -> None:
        self._boms = database["boms"]
        self._locations = database["locations"]
        self._stock = database["stock"]
        self._stock_store = StockStore(database)
        self._filter = BomFilter(database)
        self._lives = RemovedCells(database)
        self._transactions = transactions

    @property
    def transactions(self) -> Transactions:
        """What its writes run in, for those who write beside it."""
        return self._transactions

    async def locations(self, shop: str) -> dict[str, Location]:
        """The shop's locations by id, as last read from Shopify."""
        cursor = self._locations.find({"_id": ids_of(shop), "shop": shop}).sort("_id", 1)
        return {
            document["location_id"]: Location(
                document["location_id"], document["name"], document["active"], document["fulfillment_service"]
            )
            async for document in cursor
        }

    async def keep_locations(self, shop: str, locations: Iterable[Location]) -> None:
        """Store what Shopify says of the shop's locations; those it no longer lists become inactive."""
        seen = list(locations)
        now = datetime.now(UTC)
        updates = [
            UpdateOne(
                {"_id": key_of(shop, location.location_id)},
                {
                    "$set": {
                        "shop": shop,
                        "location_id": location.location_id,
                        "name": location.name,
                        "active": location.active,
                        "fulfillment_service": location.fulfillment_service,
                        "read_at": now,
                    }
                },
                upsert=True,
            )
            for location in seen
        ]
        if updates:
            await self._locations.bulk_write(updates, ordered=False)
        await self._locations.update_many(
            {
                "_id": {**ids_of(shop), "$nin": [key_of(shop, location.location_id) for location in seen]},
                "shop": shop,
            },
            {"$set": {"active": False}},
        )

    async def count(self, shop: str) -> int:
        """How many BOMs the shop has."""
        number: int = await self._boms.count_documents({"shop": shop})
        return number

    async def get(self, shop: str, bom_ids: Iterable[str], session: Session | None = None) -> dict[str, Bom]:
        """The BOMs that exist among the ids."""
        cursor = self._boms.find({"_id": {"$in": [key_of(shop, bom_id) for bom_id in bom_ids]}}, session=session)
        return {document["bom_id"]: bom_of(document) async for document in cursor}

    async def of_items(self, shop: str, item_ids: Iterable[str], session: Session | None = None) -> dict[str, Bom]:
        """The BOMs by inventory item id."""
        condition = {"shop": shop, "inventory_item_id": {"$in": list(item_ids)}}
        cursor = self._boms.find(condition, session=session)
        return {document["inventory_item_id"]: bom_of(document) async for document in cursor}

    async def of_product(self, session: Session, shop: str, product_id: str) -> list[Bom]:
        """The BOMs whose item is known to be the product's."""
        cursor = self._boms.find({"shop": shop, "product_id": product_id}, session=session)
        return [bom_of(document) async for document in cursor]

    async def note_product(self, session: Session, shop: str, bom_ids: Iterable[str], product_id: str | None) -> None:
        """Note the product of these BOMs' items; None: it is not known any more."""
        ids = [key_of(shop, bom_id) for bom_id in bom_ids]
        change = {"$unset": {"product_id": ""}} if product_id is None else {"$set": {"product_id": product_id}}
        if ids:
            await self._boms.update_many({"_id": {"$in": ids}}, change, session=session)

    async def note_read(self, shop: str, places: Mapping[str, Sequence[str]], at: datetime) -> None:
        """Note when these BOMs were read, each at its places; those read at the same places share a statement."""
        alike: dict[tuple[str, ...], list[str]] = {}
        for bom_id, location_ids in places.items():
            alike.setdefault(tuple(sorted(location_ids)), []).append(key_of(shop, bom_id))
        for location_ids, ids in alike.items():
            read = {f"read_at.{location_id}": at for location_id in location_ids}
            await self._boms.update_many({"_id": {"$in": ids}, "shop": shop}, {"$set": read})

    async def by_sku(self, shop: str, skus: Iterable[str], session: Session | None = None) -> dict[str, list[Bom]]:
        """The BOMs by the SKU that an import has seen their item with; of very many with the same one, some."""
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "sku": {"$in": list(skus)}}},
            {"$sort": {"sku": 1, "bom_id": 1}},
            {"$group": {"_id": "$sku", "first": {"$firstN": {"n": _OF_ONE_SKU, "input": "$$ROOT"}}}},
        ]
        groups = self._boms.aggregate(pipeline, session=session)
        return {group["_id"]: [bom_of(document) for document in group["first"]] async for group in groups}

    async def skus(self, shop: str, bom_ids: Iterable[str]) -> dict[str, str]:
        """By BOM id the SKU that an import has seen its item with, where there is one."""
        ids = [key_of(shop, bom_id) for bom_id in bom_ids]
        cursor = self._boms.find({"_id": {"$in": ids}, "sku": {"$gt": ""}}, {"bom_id": 1, "sku": 1})
        return {document["bom_id"]: document["sku"] async for document in cursor}

    async def note_skus(self, shop: str, skus: Mapping[str, str | None], session: Session | None = None) -> None:
        """Note by BOM id which SKU its item has; None: it has none."""
        updates = [
            UpdateOne({"_id": key_of(shop, bom_id)}, {"$unset": {"sku": ""}} if sku is None else {"$set": {"sku": sku}})
            for bom_id, sku in skus.items()
        ]
        if updates:
            await self._boms.bulk_write(updates, ordered=False, session=session)

    async def select(
        self, shop: str, selection: Selection, *, size: int, after: CellKey | None = None
    ) -> AsyncIterator[list[SelectedCell]]:
        """The cells of a selection, BOM by BOM in the order of their ids, in lists of about `size` cells.

        `after`: only those behind this one.
        """
        if isinstance(selection, Picked):
            cells = sorted(cell for cell in selection.cells if after is None or cell > after)
            for part in batches(cells, size):
                boms = await self.get(shop, {cell.bom_id for cell in part})
                yield [SelectedCell(cell, boms.get(cell.bom_id)) for cell in part]
            return
        places = selection.location_ids
        known = await self.locations(shop)
        location_ids = sorted(known) if places is None else sorted(places)
        gathered: list[SelectedCell] = []
        async for bom_id, bom in self._boms_of(shop, selection, "" if after is None else after.bom_id):
            keys = (CellKey(bom_id, location_id) for location_id in location_ids)
            gathered.extend(SelectedCell(key, bom) for key in keys if after is None or key > after)
            if len(gathered) >= size:
                yield gathered
                gathered = []
        if gathered:
            yield gathered

    async def size(self, shop: str, selection: Selection) -> int:
        """How many cells a selection has now."""
        if isinstance(selection, Picked):
            return len(selection.cells)
        places = selection.location_ids
        width = len(await self.locations(shop)) if places is None else len(places)
        if isinstance(selection, Grid) and selection.bom_ids is not None:
            return width * len(selection.bom_ids)
        return width * await self._filter.count(shop, await self._query(shop, selection))

    async def _query(self, shop: str, selection: Grid | Filtered) -> BomQuery:
        return BomQuery({"shop": shop}) if isinstance(selection, Grid) else await self._filter.query(shop, selection)

    async def _boms_of(
        self, shop: str, selection: Grid | Filtered, first: str
    ) -> AsyncIterator[tuple[str, Bom | None]]:
        """The BOMs of a selection by their ids, from `first` on, in order."""
        if isinstance(selection, Grid) and selection.bom_ids is not None:
            chosen = sorted(bom_id for bom_id in selection.bom_ids if bom_id >= first)
            for part in batches(chosen, _IDS_PER_QUERY):
                found = await self.get(shop, part)
                for bom_id in part:
                    yield bom_id, found.get(bom_id)
            return
        query = await self._query(shop, selection)
        # Page by page: a cursor held through the waits of a long preview would be closed by the server.
        bound = {"$gte": first}
        while True:
            more = {"$and": [query.condition, {"bom_id": bound}]}
            page = [d async for d in self._boms.find(more).sort("bom_id", 1).limit(_IDS_PER_QUERY)]
            those = await self._filter.those(shop, query, [document["bom_id"] for document in page])
            for document in page:
                if document["bom_id"] in those:
                    yield document["bom_id"], bom_of(document)
            if len(page) < _IDS_PER_QUERY:
                return
            bound = {"$gt": page[-1]["bom_id"]}

    async def ensure_stock(self, shop: str, cells: Iterable[SelectedCell]) -> None:
        """Make the stock documents that are missing, as their BOM says at that moment."""
        wanted = {key_of(shop, *cell.key): cell for cell in cells if cell.bom is not None}
        present = self._stock.find({"_id": {"$in": list(wanted)}}, {"_id": 1}, batch_size=len(wanted))
        missing = wanted.keys() - {document["_id"] for document in await present.to_list(len(wanted))}
        by_bom: dict[str, list[CellKey]] = {}
        for cell_id in missing:
            by_bom.setdefault(wanted[cell_id].key.bom_id, []).append(wanted[cell_id].key)
        for part in batches(sorted(by_bom), 50):
            await self._transactions.run(
                lambda session, part=part: self.make_stock(  # type: ignore[misc]  # mypy cannot infer a bound default
                    session, shop, {bom_id: by_bom[bom_id] for bom_id in part}
                )
            )

    async def insert(self, session: Session, shop: str, boms: Iterable[Bom]) -> None:
        """Insert new BOMs, without their cells. Raises WriteConflict where an id or an item is taken."""
        documents = [{"_id": key_of(shop, bom.bom_id), **bom_fields(shop, bom), "cells_no": 0} for bom in boms]
        try:
            await self._boms.insert_many(documents, session=session)
        except (BulkWriteError, DuplicateKeyError) as error:
            if not is_duplicate(error):
                raise
            raise WriteConflict("another BOM took the item or the id at the same time") from error

    async def make_stock(self, session: Session, shop: str, by_bom: dict[str, list[CellKey]]) -> None:
        """Insert stock documents; touching each BOM makes a switch of its tracking at the same time conflict."""
        ids = [key_of(shop, bom_id) for bom_id in by_bom]
        touched = await self._boms.update_many({"_id": {"$in": ids}}, {"$inc": {"cells_no": 1}}, session=session)
        if touched.matched_count != len(ids):
            raise WriteConflict("a BOM was removed")
        boms = await self.get(shop, by_bom, session)
        wanted = {key_of(shop, *key): key for keys in by_bom.values() for key in keys}
        there = self._stock.find({"_id": {"$in": list(wanted)}}, {"_id": 1}, session=session)
        present = {document["_id"] async for document in there}
        missing = {cell_id: key for cell_id, key in wanted.items() if cell_id not in present}
        if not missing:
            return
        lives = await self._earlier(shop, boms, missing.values(), session)
        documents = [
            new_stock(shop, key, boms[key.bom_id].inventory_item_id, lives.get(key, Stock()))
            for key in missing.values()
        ]
        await self._stock.insert_many(documents, session=session)
        started = [key for key in missing.values() if boms[key.bom_id].tracks_pre_assembled]
        writes = []
        for key in started:
            before = lives.get(key, Stock())
            writes.append(StockWrite(key, before, start_tracking(before), "tracking_started", "new cell"))
        await self._stock_store.write(session, shop, writes)

    async def _earlier(
        self, shop: str, boms: Mapping[str, Bom], keys: Iterable[CellKey], session: Session
    ) -> dict[CellKey, Stock]:
        """What cells of an earlier life have left behind: their ledger goes on where it stopped."""
        earlier: dict[CellKey, Stock] = {}
        for bom_id in sorted({key.bom_id for key in await self._lives.among(shop, keys, session)}):
            lives = await self._lives.of(shop, bom_id, boms[bom_id].inventory_item_id, session)
            for location_id, stock in lives.items():
                earlier[CellKey(bom_id, location_id)] = stock
        return earlier
