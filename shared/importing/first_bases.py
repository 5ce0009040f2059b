"""Giving cells their first base: what Shopify held when it was read, under the `rev` noted before. No count moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.contract.messages import parse_time
from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Reason
from shared.domain.stock import Change, observe_read
from shared.mongodb.catalogue.boms import Location
from shared.mongodb.catalogue.import_records import ImportItem, ImportLevel, MadeBom
from shared.mongodb.catalogue.imports import ImportStore
from shared.mongodb.stock.stock import CellStock, StockStore, StockWrite
from shared.mongodb.transactions import Session, Transactions
from shared.reading.first_bases import change_by
from shared.reading.levels import Value, level_of
from shared.reading.retrying import patiently
from shared.shopify.reads.levels import Item, Level
from shared.shopify.reads.reads import ShopifyReads

MAX_WAITING = 600.0
"""Seconds to wait for the call budget at one batch."""

BASED, KNOWN, LATER = "based", "known_already", "left_to_verify"
"""What becomes of a cell with a value, beside the reasons and codes of those without."""


class ImportBases:
    """Sets the bases of an import's cells; each item is noted as done in the transaction that does it."""

    def __init__(
        self, transactions: Transactions, stock: StockStore, imports: ImportStore, reads: ShopifyReads
    ) -> None:
        self._transactions = transactions
        self._stock = stock
        self._imports = imports
        self._reads = reads

    async def note_revs(self, shop: str, import_id: str, boms: Sequence[MadeBom], places: Sequence[str]) -> None:
        """Note the `rev` of every cell without a base, before its level is read."""
        await self._imports.note_revs(shop, import_id, await self._revs(shop, boms, places))

    async def _revs(self, shop: str, boms: Sequence[MadeBom], places: Sequence[str]) -> dict[str, dict[str, int]]:
        cells = await self._stock.load(shop, [CellKey(bom.bom_id, place) for bom in boms for place in places])
        noted: dict[str, dict[str, int]] = {bom.item_id: {} for bom in boms}
        for key, cell in cells.items():
            if cell.stock.base is None:
                noted[cell.item_id][key.location_id] = cell.stock.rev
        return noted

    async def by_export(
        self, shop: str, import_id: str, items: Sequence[ImportItem], locations: Mapping[str, Location]
    ) -> None:
        """Base the cells of these items on the levels that were staged."""
        revs = {item.item_id: item.revs for item in items}
        read = _Read({item.item_id: _item(item) for item in items}, revs, locations)
        await self._base(shop, import_id, items, read)

    async def by_reads(
        self, shop: str, import_id: str, items: Sequence[ImportItem], locations: Mapping[str, Location]
    ) -> None:
        """Read these items and base their cells. Raises what the Shopify adapter raises."""
        for part in batches(items, ROWS_PER_CALL):
            ids = [item.item_id for item in part]
            revs = await self._revs(shop, [item.made_bom for item in part], sorted(locations))
            read = await patiently(
                lambda ids=ids: self._reads.items(shop, ids, locations=len(locations)),  # type: ignore[misc]  # mypy cannot infer a bound default
                max_waiting=MAX_WAITING,
                clock=self._reads.time,
            )
            await self._base(shop, import_id, part, _Read(read.items, revs, locations))

    async def _base(self, shop: str, import_id: str, items: Sequence[ImportItem], read: _Read) -> None:
        async def body(session: Session, part: Sequence[ImportItem]) -> list[None]:
            keys = [CellKey(item.made_bom.bom_id, place) for item in part for place in read.locations]
            present = await self._stock.load(shop, keys, session)
            reference = f"import:{import_id}"
            writes: list[StockWrite] = []
            later: list[CellKey] = []
            done: dict[str, Counter[str]] = {}
            for item in part:
                tally: Counter[str] = Counter()
                for place in read.locations:
                    key = CellKey(item.made_bom.bom_id, place)
                    outcome, change = read.decide(item.item_id, place, present.get(key))
                    tally[outcome] += 1
                    if outcome == LATER:
                        later.append(key)
                    if change is not None:
                        writes.append(StockWrite(key, present[key].stock, change, "imported", reference))
                done[item.item_id] = tally
            await self._stock.write(session, shop, writes)
            await self._stock.ask_verify(shop, later, session)
            await self._imports.note_tallies(session, shop, import_id, done)
            return []

        await self._transactions.in_halves(items, body)


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of some items, and the `rev` of each of their cells without a base as noted before."""

    items: Mapping[str, Item | None]
    revs: Mapping[str, Mapping[str, int]]
    locations: Mapping[str, Location]

    def decide(self, item_id: str, place: str, cell: CellStock | None) -> tuple[str, Change | None]:
        """What becomes of a cell, and the change of its stock where it gets its base."""
        level = level_of(self.items[item_id], place, self.locations[place])
        if not isinstance(level, Value):
            same = cell is not None and cell.stock.rev == self.revs[item_id].get(place)
            change = change_by(cell.stock, level) if cell is not None and same and isinstance(level, Reason) else None
            return str(level), change
        if cell is not None and cell.stock.base is not None:
            return KNOWN if cell.stock.not_compared is None else LATER, None
        if cell is None or cell.stock.rev != self.revs[item_id].get(place):
            # Written since its rev was noted: what was read may be older than what has happened.
            return LATER, None
        return BASED, observe_read(cell.stock, level.quantity, level.time)


def _item(staged: ImportItem) -> Item | None:
    """The item as the export showed it; None where it was not in there any more."""
    if not staged.listed:
        return None
    levels = {place: _level(place, level) for place, level in staged.levels.items()}
    return Item(staged.item_id, staged.tracked, levels)


def _level(place: str, level: ImportLevel) -> Level:
    return Level(place, level.active, level.location_active, level.available, parse_time(level.updated_at))
