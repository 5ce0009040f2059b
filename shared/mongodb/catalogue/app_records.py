"""The app's own records: BOMs come, change and go, and counts are adjusted by hand.

Each operation is one transaction over the BOM, its stock documents and the ledger, so that a BOM tracks in all of its
cells or in none at any moment. A cell that nobody has counted yet has no count. A refusal names the field and the
remedy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pymongo.errors import DuplicateKeyError

from shared.domain.cell import CellKey
from shared.domain.shop import MAX_BOMS
from shared.domain.stock import Stock, adjust, counted, remapped, start_tracking, stop_tracking
from shared.mongodb.catalogue.bom_limit import BomLimit
from shared.mongodb.catalogue.boms import Bom, BomStore, bom_fields, bom_of
from shared.mongodb.catalogue.refusals import RecordRefused, Refusal
from shared.mongodb.schema import Database, Document, found, ids_of, key_of
from shared.mongodb.stock.adjustments import Adjusted, Adjustment, AdjustmentLog
from shared.mongodb.stock.removed_cells import RemovedCells
from shared.mongodb.stock.stock import CellStock, StockStore, StockWrite, new_stock
from shared.mongodb.transactions import Session, Transactions, WriteConflict

QUANTITY_LIMIT = 1_000_000_000
"""The largest magnitude of a count: Shopify takes no larger quantity."""


@dataclass(frozen=True, slots=True)
class WantedBom:
    """A BOM as it should be; None leaves a field as it is (a new BOM: no tags, not tracking, not managed elsewhere)."""

    bom_id: str
    inventory_item_id: str
    name: str
    tags: tuple[str, ...] | None = None
    tracks_pre_assembled: bool | None = None
    externally_managed: bool | None = None

    def over(self, present: Bom | None) -> Bom:
        """The BOM after the change."""
        old = present or Bom(self.bom_id, self.inventory_item_id, self.name)
        return Bom(
            bom_id=self.bom_id,
            inventory_item_id=self.inventory_item_id,
            name=self.name,
            tags=old.tags if self.tags is None else self.tags,
            tracks_pre_assembled=_else(self.tracks_pre_assembled, old.tracks_pre_assembled),
            externally_managed=_else(self.externally_managed, old.externally_managed),
        )


def _else(wanted: bool | None, present: bool) -> bool:
    return present if wanted is None else wanted


class RecordStore:
    """Writes BOMs and hand adjustments."""

    def __init__(self, database: Database, transactions: Transactions, max_boms: int = MAX_BOMS) -> None:
        self._boms = database["boms"]
        self.bom_limit = BomLimit(database, max_boms)
        self._stock_documents = database["stock"]
        self._cells = database["cells"]
        self._locations = database["locations"]
        self._transactions = transactions
        self._stock = StockStore(database)
        self._bom_store = BomStore(database, transactions)
        self._adjustments = AdjustmentLog(database)
        self._lives = RemovedCells(database)

    async def bom(self, shop: str, bom_id: str) -> Bom | None:
        """A BOM as it is; None: there is none."""
        return (await self._bom_store.get(shop, [bom_id])).get(bom_id)

    async def upsert(self, shop: str, wanted: WantedBom, *, reference: str) -> tuple[Bom, bool]:
        """Create or change a BOM; returns it and whether it is new. Raises RecordRefused."""

        async def body(session: Session) -> tuple[Bom, bool]:
            document = found(await self._boms.find_one({"_id": key_of(shop, wanted.bom_id)}, session=session))
            present = None if document is None else bom_of(document)
            bom = wanted.over(present)
            if bom == present:
                return bom, False
            await self._item_is_free(session, shop, bom)
            if present is None and not await self.bom_limit.left(session, shop, 1):
                raise self.bom_limit.full()
            await self._put(session, shop, bom)
            if present is None:
                await self._first_cells(session, shop, bom, reference)
            else:
                await self._change_cells(session, shop, present, bom, reference)
            return bom, present is None

        return await self._transactions.run(body)

    async def _item_is_free(self, session: Session, shop: str, bom: Bom) -> None:
        owners = await self._bom_store.of_items(shop, [bom.inventory_item_id], session)
        owner = owners.get(bom.inventory_item_id)
        if owner is not None and owner.bom_id != bom.bom_id:
            raise RecordRefused(
                Refusal.IN_USE,
                "inventory_item_id",
                f"Inventory item {bom.inventory_item_id} already belongs to BOM {owner.bom_id} ({owner.name}).",
                "Map each BOM to an item of its own, or remove the other BOM first.",
            )

    async def _put(self, session: Session, shop: str, bom: Bom) -> None:
        try:
            await self._boms.update_one(
                {"_id": key_of(shop, bom.bom_id)},
                # cells_no: whoever makes cells of this BOM at the same time must look again.
                {"$set": bom_fields(shop, bom), "$inc": {"cells_no": 1}},
                upsert=True,
                session=session,
            )
        except DuplicateKeyError as error:
            raise WriteConflict("another BOM took the item or the id at the same time") from error

    async def _first_cells(self, session: Session, shop: str, bom: Bom, reference: str) -> None:
        """A stock document at every known location, and wherever a removed BOM of this id had one."""
        earlier = await self._lives.of(shop, bom.bom_id, bom.inventory_item_id, session)
        mine = {"_id": ids_of(shop), "shop": shop}
        known = self._locations.find(mine, {"location_id": 1}, session=session)
        location_ids = {document["location_id"] async for document in known} | set(earlier)
        if not location_ids:
            return
        stocks = {CellKey(bom.bom_id, place): earlier.get(place, Stock()) for place in sorted(location_ids)}
        await self._stock_documents.insert_many(
            [new_stock(shop, key, bom.inventory_item_id, stock) for key, stock in stocks.items()],
            session=session,
        )
        if bom.tracks_pre_assembled:
            cells = [CellStock(key, bom.inventory_item_id, stock) for key, stock in stocks.items()]
            await self._switch(session, shop, cells, tracks=True, reference=reference)

    async def _change_cells(self, session: Session, shop: str, old: Bom, new: Bom, reference: str) -> None:
        remap = old.inventory_item_id != new.inventory_item_id
        switch = old.tracks_pre_assembled != new.tracks_pre_assembled
        if not (remap or switch):
            return
        cells = await self._stock.of_bom(shop, new.bom_id, session)
        if remap:
            # When the other item was read says nothing of this one.
            mine = {"_id": key_of(shop, new.bom_id)}
            await self._boms.update_one(mine, {"$unset": {"read_at": ""}}, session=session)
            cells = await self._remap(session, shop, cells, new.inventory_item_id, reference)
        if switch:
            await self._switch(session, shop, cells, tracks=new.tracks_pre_assembled, reference=reference)

    async def _remap(
        self, session: Session, shop: str, cells: Sequence[CellStock], item_id: str, reference: str
    ) -> list[CellStock]:
        writes = [StockWrite(cell.key, cell.stock, remapped(cell.stock), "remapped", reference) for cell in cells]
        await self._stock.write(session, shop, writes)
        await self._stock.remap(session, shop, [cell.key for cell in cells], item_id)
        return [CellStock(write.key, item_id, write.change.stock) for write in writes]

    async def _switch(
        self, session: Session, shop: str, cells: Sequence[CellStock], *, tracks: bool, reference: str
    ) -> dict[CellKey, Stock]:
        """Switch tracking in these cells; returns their stock afterwards."""
        step, cause = (start_tracking, "tracking_started") if tracks else (stop_tracking, "tracking_stopped")
        writes = [StockWrite(cell.key, cell.stock, step(cell.stock), cause, reference) for cell in cells]
        changed = [write for write in writes if write.change.stock != write.before]
        await self._stock.write(session, shop, changed)
        return {write.key: write.change.stock for write in writes}

    async def remove(self, shop: str, bom_id: str, *, reference: str) -> None:
        """Remove a BOM and the stock of its cells; its ledger stays, closed. Raises RecordRefused."""

        async def body(session: Session) -> None:
            await self._known_bom(session, shop, bom_id)
            busy = found(
                await self._cells.find_one(
                    {"shop": shop, "bom_id": bom_id, "open": True}, {"job_id": 1}, session=session
                )
            )
            if busy is not None:
                raise RecordRefused(
                    Refusal.IN_USE,
                    "bom_id",
                    f"Job {busy['job_id']} is still working on BOM {bom_id}.",
                    "Wait until it has ended, or cancel it; then remove the BOM.",
                )
            cells = await self._stock.of_bom(shop, bom_id, session)
            await self._lives.close(shop, cells, reference, session)
            await self._stock.remove(session, shop, [cell.key for cell in cells])
            await self._boms.delete_one({"_id": key_of(shop, bom_id)}, session=session)

        await self._transactions.run(body)

    async def adjust(self, shop: str, wanted: Adjustment) -> Adjusted:
        """Adjust one cell's count by hand, once per idempotency key. Raises RecordRefused."""

        async def body(session: Session) -> Adjusted:
            earlier = await self._adjustments.get(shop, wanted.idempotency_key, session)
            if earlier is not None:
                return await self._repeated(session, shop, wanted, earlier)
            cell, bom = await self._cell(session, shop, wanted.key)
            if wanted.only_rev is not None and wanted.only_rev != cell.stock.rev:
                raise RecordRefused(
                    Refusal.OUTDATED,
                    "If-Match",
                    "The cell has changed since it was read.",
                    "Read the cell again, look at its count, and send the change with its new ETag.",
                )
            if wanted.only_seen is not None and wanted.only_seen.count != cell.stock.count:
                raise RecordRefused(
                    Refusal.OUTDATED,
                    "seen",
                    _moved(wanted.only_seen.count, cell.stock.count),
                    "Look at the place again, then send the count with what you see there now.",
                )
            delta = wanted.delta_from(cell.stock)
            _in_range((cell.stock.count or 0) + delta)
            stock = await self._apply(session, shop, wanted, cell, bom, delta=delta)
            still = stock.ledger_seq == cell.stock.ledger_seq
            if not await self._adjustments.add(shop, wanted, delta, session, still=still):
                raise WriteConflict("the same adjustment came twice at once")
            return Adjusted(replace(cell, stock=stock), delta, repeated=False)

        return await self._transactions.run(body)

    async def _apply(
        self, session: Session, shop: str, wanted: Adjustment, cell: CellStock, bom: Bom, *, delta: int
    ) -> Stock:
        stock = cell.stock
        reference = wanted.idempotency_key
        if not stock.tracks:
            if delta == 0:
                return stock  # a BOM tracks from its first count that is not zero
            cells = await self._stock.of_bom(shop, bom.bom_id, session)
            await self._put(session, shop, replace(bom, tracks_pre_assembled=True))
            switched = await self._switch(session, shop, cells, tracks=True, reference=reference)
            stock = switched[wanted.key]
        change = counted(stock, delta) if wanted.by_counting else adjust(stock, delta)
        write = StockWrite(wanted.key, stock, change, wanted.cause, reference, by=wanted.actor)
        await self._stock.write(session, shop, [write])
        return change.stock

    async def _repeated(self, session: Session, shop: str, wanted: Adjustment, earlier: Document) -> Adjusted:
        if not wanted.same_as(earlier):
            raise RecordRefused(
                Refusal.INVALID,
                "idempotency_key",
                f"The key {wanted.idempotency_key!r} was used before for another adjustment.",
                "Give each adjustment a key of its own.",
            )
        cell, _ = await self._cell(session, shop, wanted.key)
        return Adjusted(cell, earlier["delta"], repeated=True)

    async def cell(self, shop: str, key: CellKey) -> tuple[CellStock, Bom]:
        """A cell and its BOM, making the stock document where it is missing. Raises RecordRefused."""
        return await self._transactions.run(lambda session: self._cell(session, shop, key))

    async def _cell(self, session: Session, shop: str, key: CellKey) -> tuple[CellStock, Bom]:
        bom = await self._known_bom(session, shop, key.bom_id)
        stock = await self._stock.load(shop, [key], session)
        if key not in stock:
            if await self._locations.find_one({"_id": key_of(shop, key.location_id)}, session=session) is None:
                raise RecordRefused(
                    Refusal.UNKNOWN,
                    "location_id",
                    f"There is no location {key.location_id}.",
                    "Use an id from the list of locations; a new one is known after the next preview.",
                )
            await self._bom_store.make_stock(session, shop, {key.bom_id: [key]})
            stock = await self._stock.load(shop, [key], session)
        return stock[key], bom

    async def _known_bom(self, session: Session, shop: str, bom_id: str) -> Bom:
        boms = await self._bom_store.get(shop, [bom_id], session)
        if bom_id not in boms:
            raise RecordRefused(
                Refusal.UNKNOWN,
                "bom_id",
                f"There is no BOM {bom_id}.",
                "Check the id in the list of BOMs, or create the BOM first.",
            )
        return boms[bom_id]


def _moved(seen: int | None, now: int | None) -> str:
    was = "Nobody had counted when this was shown" if seen is None else f"The count was {seen:,} when this was shown"
    return f"{was}; {'now there is no count' if now is None else f'it is {now:,} now'}."


def _in_range(count: int) -> None:
    if abs(count) > QUANTITY_LIMIT:
        raise RecordRefused(
            Refusal.INVALID,
            "delta",
            f"The count would become {count:,}.",
            f"Keep it between −{QUANTITY_LIMIT:,} and {QUANTITY_LIMIT:,}.",
        )
