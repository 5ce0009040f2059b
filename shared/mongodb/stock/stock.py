"""Stock documents and their ledger: written together, each write conditional on the `rev` that was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, known_class
from shared.domain.stock import Change, Entry, Stock, outdated
from shared.mongodb.distinct import distinct_values
from shared.mongodb.patches import patch_each
from shared.mongodb.schema import Database, Document, ids_of, key_of
from shared.mongodb.transactions import Session, WriteConflict

VERIFY_DELAY = timedelta(milliseconds=750)
"""How long a cell waits for its verifying read, so that a burst of changes shares one."""

VERIFY_TURN = timedelta(seconds=60)
"""How long a reader may take over the cells it has taken before they fall due again."""

_FIELDS = {
    "base": "index",
    "base_time": "index_time",
    "count": "count",
    "manual_total": "manual_total",
    "settle_no": "settle_no",
    "events_no": "events_no",
    "tracks_rev": "tracks_rev",
    "rev": "rev",
    "ledger_seq": "ledger_seq",
    "unknown_outcome": "unknown_outcome",
}
"""The stock's fields, and what a document calls them: the base has been its `index` from the first version on."""

_LATER_FIELDS = {"never_agreed": False, "left_out": None}
"""Fields that a document of an earlier version does not have, and what their absence says (see `upgrade`)."""

_STORED = (*_FIELDS.items(), *((name, name) for name in _LATER_FIELDS))


@dataclass(frozen=True, slots=True)
class CellStock:
    """The stock of a cell and the inventory item it is counted for."""

    key: CellKey
    item_id: str
    stock: Stock


@dataclass(frozen=True, slots=True)
class StockWrite:
    """A change to write: its cause and reference go into the ledger."""

    key: CellKey
    before: Stock
    change: Change
    cause: str
    reference: str


@dataclass(frozen=True, slots=True)
class VerifyTurn:
    """Cells being verified by one reader; they fall due again at `until` if it dies."""

    shop: str
    keys: tuple[CellKey, ...]
    until: datetime


def stock_id(shop: str, key: CellKey) -> str:
    """The `_id` of a cell's stock document."""
    return key_of(shop, key.bom_id, key.location_id)


def stock_fields(stock: Stock) -> Document:
    """The stock's fields as they are stored, and the class that follows from them: none where both sides agree."""
    known = known_class(stock)
    fields = {stored: getattr(stock, name) for name, stored in _FIELDS.items()}
    fields |= {name: getattr(stock, name) for name in _LATER_FIELDS}
    return {**fields, "known_class": None if known is CellClass.IN_SYNC else str(known)}


def changed_fields(before: Stock, after: Stock) -> Document:
    """Those of the stored fields that differ, and the class, which follows from several."""
    fields = {stored: value for name, stored in _STORED if (value := getattr(after, name)) != getattr(before, name)}
    known = known_class(after)
    fields["known_class"] = None if known is CellClass.IN_SYNC else str(known)
    return fields


def stock_of(document: Mapping[str, Any]) -> CellStock:
    """A cell from its document."""
    key = CellKey(document["bom_id"], document["location_id"])
    later = {name: document.get(name, missing) for name, missing in _LATER_FIELDS.items()}
    return CellStock(
        key, document["item_id"], Stock(**{name: document[stored] for name, stored in _FIELDS.items()}, **later)
    )


def new_stock(shop: str, key: CellKey, item_id: str, stock: Stock) -> Document:
    """The document of a new cell; `stock` has no values yet, only what an earlier life of the cell left behind."""
    return {
        "_id": stock_id(shop, key),
        "shop": shop,
        "bom_id": key.bom_id,
        "location_id": key.location_id,
        "item_id": item_id,
        **stock_fields(stock),
    }


def ledger_entry(shop: str, key: CellKey, entry: Entry, *, cause: str, reference: str, at: datetime) -> Document:
    """The document of one line of the ledger."""
    return {
        "_id": key_of(shop, key.bom_id, key.location_id, str(entry.seq)),
        "shop": shop,
        "bom_id": key.bom_id,
        "location_id": key.location_id,
        "seq": entry.seq,
        "field": _FIELDS[entry.field],
        "before": entry.before,
        "after": entry.after,
        "cause": cause,
        "reference": reference,
        "at": at,
    }


class StockStore:
    """Reads and writes stock documents of one database."""

    def __init__(self, database: Database) -> None:
        self._stock = database["stock"]
        self._ledger = database["ledger"]

    async def load(
        self, shop: str, keys: Iterable[CellKey], session: Session | None = None
    ) -> dict[CellKey, CellStock]:
        """The stock of those cells that have a document."""
        ids = [stock_id(shop, key) for key in keys]
        cursor = self._stock.find({"_id": {"$in": ids}, "shop": shop}, session=session)
        found = [stock_of(document) async for document in cursor]
        return {cell.key: cell for cell in found}

    async def write(
        self, session: Session, shop: str, writes: Sequence[StockWrite], *, now: datetime | None = None
    ) -> None:
        """Write all changes and their ledger entries, two statements in all: of a stock only what has changed.

        Raises WriteConflict where a `rev` is no longer the one read. The transaction should have read the documents:
        then one that is written meanwhile is a conflict at once, and not only when it is looked at again.
        """
        if not writes:
            return
        at = now or datetime.now(UTC)
        patches: dict[str, Document] = {}
        entries: list[Document] = []
        for write in writes:
            fields = changed_fields(write.before, write.change.stock)
            if write.change.verify:
                fields["verify_at"] = at + VERIFY_DELAY
            patches[stock_id(shop, write.key)] = fields
            entries.extend(
                ledger_entry(shop, write.key, entry, cause=write.cause, reference=write.reference, at=at)
                for entry in write.change.entries
            )
        if len(patches) != len(writes):
            raise ValueError("a cell can be changed once in a write")
        revs = [write.before.rev for write in writes]
        if await patch_each(self._stock, patches, {"shop": shop}, revs=revs, session=session) != len(patches):
            raise WriteConflict("a stock document was written since it was read")
        if entries:
            await self._ledger.insert_many(entries, ordered=False, session=session)

    async def after(self, shop: str, last: CellKey | None, limit: int) -> list[CellKey]:
        """The shop's cells in a lasting order, a page at a time: those that follow `last` (None: the first ones)."""
        ids = ids_of(shop) if last is None else {**ids_of(shop), "$gt": stock_id(shop, last)}
        fields = {"bom_id": 1, "location_id": 1}
        cursor = self._stock.find({"_id": ids, "shop": shop}, fields).sort("_id", 1).limit(limit)
        return [CellKey(document["bom_id"], document["location_id"]) async for document in cursor]

    async def number(self, shop: str) -> int:
        """How many cells the shop has."""
        return int(await self._stock.count_documents({"_id": ids_of(shop)}))

    async def of_bom(self, shop: str, bom_id: str, session: Session) -> list[CellStock]:
        """The BOM's cells."""
        condition = {"_id": ids_of(shop, bom_id), "shop": shop, "bom_id": bom_id}
        return [stock_of(document) async for document in self._stock.find(condition, session=session)]

    async def remove(self, session: Session, shop: str, keys: Sequence[CellKey]) -> None:
        """Remove these cells. Their ledger stays; see `removed_cells`."""
        ids = [stock_id(shop, key) for key in keys]
        await self._stock.delete_many({"_id": {"$in": ids}, "shop": shop}, session=session)

    async def remap(self, session: Session, shop: str, keys: Sequence[CellKey], item_id: str) -> None:
        """Count these cells for another item. A read that was asked for was meant for the old one."""
        await self._stock.update_many(
            {"_id": {"$in": [stock_id(shop, key) for key in keys]}, "shop": shop},
            {"$set": {"item_id": item_id}, "$unset": {"verify_at": ""}},
            session=session,
        )

    async def outdate(self, session: Session, shop: str, keys: Sequence[CellKey]) -> Sequence[CellKey]:
        """Cells that come from a backup; returns those that are still there. Raises WriteConflict."""
        present = await self.load(shop, keys, session)
        changes = [(key, cell.stock, outdated(cell.stock)) for key, cell in present.items()]
        await self.write(
            session, shop, [StockWrite(key, before, change, "restored", "backup") for key, before, change in changes]
        )
        return list(present)

    async def ask_verify(
        self, shop: str, keys: Iterable[CellKey], session: Session | None = None, *, at: datetime | None = None
    ) -> None:
        """Queue the cells for a verifying read."""
        ids = [stock_id(shop, key) for key in keys]
        if ids:
            due = at or datetime.now(UTC) + VERIFY_DELAY
            await self._stock.update_many(
                {"_id": {"$in": ids}, "shop": shop}, {"$set": {"verify_at": due}}, session=session
            )

    async def ask_for_bases(self, shop: str, closed: Sequence[str]) -> None:
        """Queue a read of every cell that has no base, except at the closed locations."""
        condition: Document = {
            "shop": shop,
            # One in doubt has no base either where its BOM was removed and has come again.
            "known_class": {"$in": [str(CellClass.NO_BASE), str(CellClass.BOTH_MOVED)]},
            "index": None,
            "location_id": {"$nin": list(closed)},
        }
        await self._stock.update_many(condition, {"$set": {"verify_at": datetime.now(UTC) + VERIFY_DELAY}})

    async def shops_to_verify(self, now: datetime) -> list[str]:
        """The shops with cells whose read is due. The one query across shops: it finds whose turn it is."""
        return [shop async for shop in distinct_values(self._stock, "shop", {"verify_at": {"$lte": now}})]

    async def verify_soon(self, shop: str, now: datetime, limit: int) -> int:
        """How many cells are due for a read, or will be in a moment; counted up to `limit`."""
        condition = {"shop": shop, "verify_at": {"$lte": now + VERIFY_DELAY}}
        return int(await self._stock.count_documents(condition, limit=limit))

    async def verify_wanted(self, shop: str) -> int:
        """How many cells want a read, now or later."""
        return int(await self._stock.count_documents({"shop": shop, "verify_at": {"$exists": True}}))

    async def due_since(self, shop: str) -> datetime | None:
        """Since when, or from when on, a read of one of the shop's cells is due; None: of none."""
        first = self._stock.find({"shop": shop, "verify_at": {"$exists": True}}, {"verify_at": 1})
        async for document in first.sort("verify_at", 1).limit(1):
            due: datetime = document["verify_at"]
            return due
        return None

    async def take_verify(self, shop: str, now: datetime, limit: int) -> VerifyTurn:
        """Cells whose read is due. Their requests are put off *before* the read, so that an event during it asks
        again with a time of its own, and a reader that dies loses none of them."""
        # Millisecond resolution is what the database keeps; the turn is recognised by this very time.
        until = (now + VERIFY_TURN).replace(microsecond=now.microsecond // 1000 * 1000)
        fields = {"bom_id": 1, "location_id": 1}
        cursor = self._stock.find({"shop": shop, "verify_at": {"$lte": now}}, fields).limit(limit)
        keys = [CellKey(document["bom_id"], document["location_id"]) async for document in cursor]
        if keys:
            await self._stock.update_many(
                {"_id": {"$in": [stock_id(shop, key) for key in keys]}, "verify_at": {"$lte": now}},
                {"$set": {"verify_at": until}},
            )
        return VerifyTurn(shop, tuple(keys), until)

    async def end_verify(self, turn: VerifyTurn) -> None:
        """The reads of a turn are applied: clear the requests that nobody has renewed meanwhile."""
        ids = [stock_id(turn.shop, key) for key in turn.keys]
        await self._stock.update_many({"_id": {"$in": ids}, "verify_at": turn.until}, {"$unset": {"verify_at": ""}})
