"""Documents of an earlier version brought to the present form, before a service starts.

Done once per database: a constant says so. Each step may be repeated, so whoever starts goes on where another one was
killed; two that start at once do each document once. Memory holds one batch.

Form 2: a stock document says whether its two sides have ever agreed (`never_agreed`), and a cell that nobody counted
has no count. Before, such a cell stood at a count of 0, which no entry of its ledger had given it.

Form 4: a stock document says by how much its sides differ (`known_difference`), which lists are sorted by.

Form 3: a wish for verifying reads is a document of its own (`reads_wanted`). Before, a stock document had `verify_at`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass
from shared.domain.stock import Change, Entry, Stock
from shared.mongodb.schema import Database, Document, ids_of
from shared.mongodb.stock.stock import StockStore, StockWrite, stock_of
from shared.mongodb.transactions import Session, Transactions

log = structlog.get_logger()

FORM = 4

_FORM_ID = "stock_form"
_OLD: Document = {"never_agreed": {"$exists": False}}
_AT_ONCE = 200
_NO_COUNT = frozenset({"tracking_started"})
"""Causes of count entries by which nobody has counted: the zero that a cell began to track with."""


async def upgrade_documents(database: Database, transactions: Transactions) -> None:
    """Bring every document to the present form. Raises WriteConflict where others are at the same cells for long."""
    constants = database["constants"]
    if await constants.count_documents({"_id": _FORM_ID, "value": {"$gte": FORM}}):
        return
    upgrade = _Upgrade(database, transactions)
    await upgrade.run()
    await constants.update_one({"_id": _FORM_ID}, {"$max": {"value": FORM}}, upsert=True)


class _Upgrade:
    def __init__(self, database: Database, transactions: Transactions) -> None:
        self._stock = database["stock"]
        self._ledger = database["ledger"]
        self._transactions = transactions
        self._store = StockStore(database)

    async def run(self) -> None:
        """All cells, of all shops: it is the form that is asked for, not a shop's data."""
        await self._stock.update_many({**_OLD, "count": None}, {"$set": {"never_agreed": False, "left_out": None}})
        after, done, uncounted = "", 0, 0
        while True:
            old = self._stock.find({"_id": {"$gt": after}, **_OLD}, {"_id": 1}).sort("_id", 1).limit(_AT_ONCE)
            ids = [document["_id"] async for document in old]
            if not ids:
                break
            results = await self._transactions.in_halves(ids, self._part)
            after, done, uncounted = ids[-1], done + len(results), uncounted + sum(results)
        if done:
            log.info("stock_upgraded", form=FORM, cells=done, never_counted=uncounted)
        await self._move_wishes()
        await self._note_differences()

    async def _note_differences(self) -> None:
        """Of those alone that are not in sync. Whoever writes one meanwhile writes it, too."""
        compared = {"$ne": ["$known_class", str(CellClass.NOT_COMPARED)]}
        apart: Document = {"$cond": [compared, {"$subtract": ["$index", "$count"]}, None]}
        old: Document = {"known_class": {"$gt": ""}, "known_difference": {"$exists": False}}
        await self._stock.update_many(old, [{"$set": {"known_difference": apart}}])

    async def _move_wishes(self) -> None:
        """Whoever is killed between the two writes has a cell read twice."""
        asked: Document = {"verify_at": {"$exists": True}}
        after = ""
        while True:
            cursor = self._stock.find({"_id": {"$gt": after}, **asked}, {"shop": 1, "bom_id": 1, "location_id": 1})
            found = [document async for document in cursor.sort("_id", 1).limit(_AT_ONCE)]
            if not found:
                return
            by_shop: dict[str, list[CellKey]] = {}
            for document in found:
                by_shop.setdefault(document["shop"], []).append(CellKey(document["bom_id"], document["location_id"]))
            for shop, keys in by_shop.items():
                await self._store.ask_verify(shop, keys)
            ids = [document["_id"] for document in found]
            await self._stock.update_many({"_id": {"$in": ids}}, {"$unset": {"verify_at": ""}})
            after = ids[-1]

    async def _part(self, session: Session, ids: Sequence[str]) -> list[bool]:
        """Write some cells; returns for each whether nobody had counted it."""
        old = {"_id": {"$in": list(ids)}, **_OLD}
        present = [document async for document in self._stock.find(old, session=session)]
        # What stays as it says will not be written again.
        await self._stock.update_many(old, {"$set": {"never_agreed": False, "left_out": None}}, session=session)
        by_shop: dict[str, list[StockWrite]] = {}
        results: list[bool] = []
        for document in present:
            cell = stock_of(document)
            change, cause = await self._change(session, document, cell.stock)
            by_shop.setdefault(document["shop"], []).append(StockWrite(cell.key, cell.stock, change, cause, "form 2"))
            results.append(change.stock.uncounted)
        for shop, writes in by_shop.items():
            await self._store.write(session, shop, writes)
        return results

    async def _change(self, session: Session, document: Document, stock: Stock) -> tuple[Change, str]:
        cell = {name: document[name] for name in ("shop", "bom_id", "location_id")}
        if await self._never_counted(session, cell, stock):
            seq = stock.ledger_seq + 1
            # Rows of previews that show the zero are out of date.
            present = replace(
                stock, count=None, never_agreed=True, tracks_rev=stock.tracks_rev + 1, rev=stock.rev + 1, ledger_seq=seq
            )
            return Change(present, (Entry(seq, "count", stock.count, None),)), "never_counted"
        agreed = stock.count is None or stock.settle_no > 0 or stock.count == stock.base
        if not agreed:
            agreed = await self._ever_equal(session, cell)
        return Change(replace(stock, never_agreed=not agreed, rev=stock.rev + 1)), "upgraded"

    async def _never_counted(self, session: Session, cell: Document, stock: Stock) -> bool:
        """Whether the cell stands at the zero it began to track with. Of one that a run has settled at zero, the run
        has counted."""
        if stock.count != 0 or (stock.settle_no > 0 and stock.base == 0):
            return False
        counts = {**_ledger_of(cell), "field": "count"}
        last: Any = await self._ledger.find_one(counts, sort=[("seq", -1)], session=session)
        return last is None or last["cause"] in _NO_COUNT

    async def _ever_equal(self, session: Session, cell: Document) -> bool:
        """Whether count and base were equal after any change in the ledger."""
        values: dict[str, int | None] = {"count": None, "index": None}
        last: Document | None = None
        async for entry in self._ledger.find(_ledger_of(cell), session=session).sort("seq", 1):
            # A change may have two entries, the count's first: in between, nothing was equal to anything.
            if last is not None and not _same_change(last, entry) and _equal(values):
                return True
            values[entry["field"]] = entry["after"]
            last = entry
        return _equal(values)


def _ledger_of(cell: Document) -> Document:
    """The condition for a cell's entries."""
    return {"_id": ids_of(cell["shop"], cell["bom_id"], cell["location_id"]), **cell}


def _same_change(one: Document, other: Document) -> bool:
    names = ("at", "cause", "reference")
    return one["field"] == "count" and other["field"] == "index" and all(one[n] == other[n] for n in names)


def _equal(values: dict[str, int | None]) -> bool:
    return values["count"] is not None and values["count"] == values["index"]
