"""Stock documents and their ledger: written together, each write conditional on the `rev` that was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from typing import Any

from shared.domain.batches import ROWS_PER_CALL
from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, known_class, known_difference
from shared.domain.stock import Change, Entry, Seen, Stock, outdated
from shared.mongodb.patches import patch_each
from shared.mongodb.schema import Database, Document, ids_of, key_of
from shared.mongodb.stock.reads_wanted import VERIFY_DELAY, ReadsWanted
from shared.mongodb.transactions import Session, WriteConflict

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
    "never_agreed": "never_agreed",
    "not_compared": "left_out",
}
"""The stock's fields, and what a document calls them: the base has been its `index` from the first version on, and
why it was not compared `left_out`: builds that run side by side read each other's documents."""

_SEEN = tuple(field.name for field in fields_of(Seen))


@dataclass(frozen=True, slots=True)
class CellStock:
    """The stock of a cell and the inventory item it is counted for."""

    key: CellKey
    item_id: str
    stock: Stock


@dataclass(frozen=True, slots=True)
class StockWrite:
    """A change to write: its cause and reference go into the ledger, and who asked where that is not told by them."""

    key: CellKey
    before: Stock
    change: Change
    cause: str
    reference: str
    by: str | None = None


def stock_id(shop: str, key: CellKey) -> str:
    """The `_id` of a cell's stock document."""
    return key_of(shop, key.bom_id, key.location_id)


def stock_fields(stock: Stock) -> Document:
    """The stock's fields as they are stored, and the class that follows from them: none where both sides agree."""
    fields = {stored: getattr(stock, name) for name, stored in _FIELDS.items()}
    return {**fields, **_known_fields(stock), **({} if stock.news is None else {"seen": _seen_document(stock.news)})}


def _known_fields(stock: Stock) -> Document:
    """What follows from several fields, and lists are found by: none where both sides agree."""
    known = known_class(stock)
    if known is CellClass.IN_SYNC:
        return {"known_class": None, "known_difference": None}
    return {"known_class": str(known), "known_difference": known_difference(stock)}


def _seen_fields(stock: Stock) -> Document:
    return {"seen": None if stock.news is None else _seen_document(stock.news), **_known_fields(stock)}


def _seen_document(seen: Seen) -> Document:
    return {name: getattr(seen, name) for name in _SEEN}


def changed_fields(before: Stock, after: Stock) -> Document:
    """Those of the stored fields that differ, and the class, which follows from several."""
    fields = {
        stored: value for name, stored in _FIELDS.items() if (value := getattr(after, name)) != getattr(before, name)
    }
    if after.news != before.seen:
        fields["seen"] = None if after.news is None else _seen_document(after.news)
    return fields | _known_fields(after)


def stock_of(document: Mapping[str, Any]) -> CellStock:
    """A cell from its document."""
    stock = Stock(
        base=document["index"],
        base_time=document["index_time"],
        count=document["count"],
        manual_total=document["manual_total"],
        settle_no=document["settle_no"],
        events_no=document["events_no"],
        tracks_rev=document["tracks_rev"],
        rev=document["rev"],
        ledger_seq=document["ledger_seq"],
        unknown_outcome=document["unknown_outcome"],
        # A document of an earlier version does not have these (see `upgrade`).
        never_agreed=document.get("never_agreed", False),
        not_compared=document.get("left_out"),
        seen=None if (seen := document.get("seen")) is None else Seen(**seen),
    )
    return CellStock(CellKey(document["bom_id"], document["location_id"]), document["item_id"], stock)


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


def ledger_entry(
    shop: str, key: CellKey, entry: Entry, *, cause: str, reference: str, at: datetime, by: str | None = None
) -> Document:
    """The document of one line of the ledger; `by`: who asked, where the reference does not tell."""
    said = {} if by is None else {"by": by}
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
        **said,
        "at": at,
    }


class StockStore:
    """Reads and writes stock documents of one database."""

    def __init__(self, database: Database) -> None:
        self._stock = database["stock"]
        self._ledger = database["ledger"]
        self.reads = ReadsWanted(database)

    async def load(
        self, shop: str, keys: Iterable[CellKey], session: Session | None = None
    ) -> dict[CellKey, CellStock]:
        """The stock of those cells that have a document."""
        ids = [stock_id(shop, key) for key in keys]
        if not ids:
            return {}
        # All in one answer: the first would hold a hundred.
        cursor = self._stock.find({"_id": {"$in": ids}, "shop": shop}, session=session, batch_size=len(ids))
        found = [stock_of(document) for document in await cursor.to_list(len(ids))]
        return {cell.key: cell for cell in found}

    async def write(
        self, session: Session, shop: str, writes: Sequence[StockWrite], *, now: datetime | None = None
    ) -> None:
        """Write all changes, their ledger entries and the wish to read, a statement each: of a stock what has changed.

        Several changes of a cell go one after another: each begins at what the one before it left, and has its own
        entries; the document is written once, under the `rev` that the first one began at.

        Raises WriteConflict where a `rev` is no longer the one read. The transaction should have read the documents:
        then one that is written meanwhile is a conflict at once, and not only when it is looked at again.
        """
        if not writes:
            return
        at = now or datetime.now(UTC)
        first: dict[str, Stock] = {}
        last: dict[str, Stock] = {}
        entries: list[Document] = []
        for write in writes:
            name = stock_id(shop, write.key)
            if name in last and last[name] != write.before:
                raise ValueError("a change of a cell begins at what the one before it left")
            first.setdefault(name, write.before)
            last[name] = write.change.stock
            entries.extend(
                ledger_entry(shop, write.key, entry, cause=write.cause, reference=write.reference, at=at, by=write.by)
                for entry in write.change.entries
            )
        patches = {name: changed_fields(before, last[name]) for name, before in first.items()}
        revs = [before.rev for before in first.values()]
        if await patch_each(self._stock, patches, {"shop": shop}, revs=revs, session=session) != len(patches):
            raise WriteConflict("a stock document was written since it was read")
        if entries:
            await self._ledger.insert_many(entries, ordered=False, session=session)
        verify = dict.fromkeys(write.key for write in writes if write.change.verify)
        await self.reads.ask(shop, verify, session, at=at + VERIFY_DELAY)

    async def keep_seen(self, shop: str, before: Mapping[CellKey, Stock], seen: Mapping[CellKey, Stock]) -> None:
        """Keep what a preview has seen of cells, each while its `rev` is that of `before`, which stays as it is."""
        patches = {stock_id(shop, key): _seen_fields(stock) for key, stock in seen.items()}
        await patch_each(self._stock, patches, {"shop": shop}, revs=[before[key].rev for key in seen])

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
        """Count these cells for another item."""
        await self._stock.update_many(
            {"_id": {"$in": [stock_id(shop, key) for key in keys]}, "shop": shop},
            {"$set": {"item_id": item_id}},
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
        await self.reads.ask(shop, keys, session, at=at)

    async def ask_for_bases(self, shop: str, closed: Sequence[str]) -> None:
        """Queue a read of every cell that has no base, except at the closed locations."""
        condition: Document = {
            "shop": shop,
            # One in doubt has no base either where its BOM was removed and has come again.
            "known_class": {"$in": [str(CellClass.NO_BASE), str(CellClass.BOTH_MOVED)]},
            "index": None,
            "location_id": {"$nin": list(closed)},
        }
        without: list[CellKey] = []
        async for document in self._stock.find(condition, {"bom_id": 1, "location_id": 1}):
            without.append(CellKey(document["bom_id"], document["location_id"]))
            if len(without) == ROWS_PER_CALL:
                await self.ask_verify(shop, without)
                without = []
        await self.ask_verify(shop, without)
