"""Taking the rows of a preview, or of a job that has none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Reason, Row
from shared.domain.words.codes import Code
from shared.mongodb.catalogue.boms import BomStore, Location, SelectedCell
from shared.mongodb.previews.preview import TakenRow
from shared.mongodb.stock.stock import CellStock, StockStore
from shared.reading.first_bases import FirstBases
from shared.reading.levels import Value, level_of
from shared.reading.seen_values import SeenValues
from shared.shopify.calls.budget import CallRole
from shared.shopify.reads.reads import ItemsRead, ShopifyReads

_AT_A_STRETCH = 500
"""Cells that are worked on before others of this process, a page that somebody waits for, have their turn."""


class RowReader:
    """Reads the stock documents of cells, then their levels at Shopify, in batches of 250 items."""

    def __init__(self, boms: BomStore, stock: StockStore, shopify: ShopifyReads) -> None:
        self._boms = boms
        self._stock = stock
        self._shopify = shopify
        self._bases = FirstBases(boms.transactions, stock)
        self._seen = SeenValues(boms, stock)

    async def take(
        self,
        shop: str,
        cells: Sequence[SelectedCell],
        locations: Mapping[str, Location],
        *,
        role: CallRole | None = None,
        shown: bool = False,
    ) -> list[TakenRow]:
        """One row per cell, in the order given; `role` says for whom. Raises what the Shopify adapter raises.

        `shown`: what is read is kept for lists to show it, too, with the time of the read.

        A cell without a base gets its first one. Its row shows none all the same: what was sold before the read, its
        webhook still on its way, is in neither side yet.
        """
        shopify = self._shopify if role is None else self._shopify.as_role(role)
        stock = await self._stock_of(shop, cells)
        wanted = sorted(
            {cell.bom.inventory_item_id for cell in cells if cell.bom is not None and not cell.bom.externally_managed}
        )
        reads: dict[str, ItemsRead] = {}
        for item_ids in batches(wanted, ROWS_PER_CALL):
            at = places_of(cells, item_ids)
            read = await shopify.items(shop, item_ids, locations=len(locations), at=at)
            reads |= dict.fromkeys(item_ids, read)
        levels: dict[CellKey, Value | Reason | Code] = {}
        for part in batches(cells, _AT_A_STRETCH):
            levels |= {cell.key: level for cell in part if (level := _level(cell, reads, locations)) is not None}
            await asyncio.sleep(0)
        known, told = _same_items(cells, stock), _without_codes(levels)
        await self._bases.give(shop, known, told)
        if shown:
            await self._seen.keep(shop, known, told, {item_id: read.taken_at for item_id, read in reads.items()})
        rows: list[TakenRow] = []
        for part in batches(cells, _AT_A_STRETCH):
            rows += [self._row(cell, stock.get(cell.key), levels.get(cell.key), reads) for cell in part]
            await asyncio.sleep(0)
        return rows

    async def _stock_of(self, shop: str, cells: Sequence[SelectedCell]) -> dict[CellKey, CellStock]:
        """The stock documents; those that are missing are made. Few are, and what is there is read once."""
        stock: dict[CellKey, CellStock] = {}
        for part in batches(cells, 2 * _AT_A_STRETCH):
            stock |= await self._stock.load(shop, [cell.key for cell in part])
        missing = [cell for cell in cells if cell.bom is not None and cell.key not in stock]
        if missing:
            await self._boms.ensure_stock(shop, missing)
            stock |= await self._stock.load(shop, [cell.key for cell in missing])
        return stock

    def _row(
        self,
        cell: SelectedCell,
        stock: CellStock | None,
        level: Value | Reason | Code | None,
        reads: Mapping[str, ItemsRead],
    ) -> TakenRow:
        if cell.bom is None:
            return TakenRow(cell.key, None, None, code=Code.BOM_NOT_FOUND)
        bom = cell.bom
        item_id = bom.inventory_item_id
        if level is None:
            return TakenRow(cell.key, bom.name, item_id, reason=Reason.EXTERNALLY_MANAGED)
        if isinstance(level, Reason):
            return TakenRow(cell.key, bom.name, item_id, reason=level)
        if isinstance(level, Code):
            return TakenRow(cell.key, bom.name, item_id, code=level)
        if stock is None or stock.item_id != item_id:
            # The BOM was removed or mapped to another item between two of our own reads.
            return TakenRow(cell.key, bom.name, item_id, code=Code.BOM_REMAPPED)
        row = _join(stock, level, reads[item_id])
        return TakenRow(cell.key, bom.name, item_id, row=row, counted=stock.stock.tracks)


def _level(
    cell: SelectedCell, reads: Mapping[str, ItemsRead], locations: Mapping[str, Location]
) -> Value | Reason | Code | None:
    """What was read of a cell; None: it was not read."""
    if cell.bom is None or cell.bom.externally_managed:
        return None
    item_id = cell.bom.inventory_item_id
    return level_of(reads[item_id].items[item_id], cell.key.location_id, locations.get(cell.key.location_id))


def _without_codes(levels: Mapping[CellKey, Value | Reason | Code]) -> dict[CellKey, Value | Reason]:
    return {key: level for key, level in levels.items() if not isinstance(level, Code)}


def _same_items(cells: Sequence[SelectedCell], stock: Mapping[CellKey, CellStock]) -> dict[CellKey, CellStock]:
    """The stock of the cells that count for the item that was read."""
    return {
        cell.key: stock[cell.key]
        for cell in cells
        if cell.bom is not None and cell.key in stock and stock[cell.key].item_id == cell.bom.inventory_item_id
    }


def places_of(cells: Sequence[SelectedCell], item_ids: Sequence[str]) -> set[str]:
    """The locations of the cells of these items."""
    items = set(item_ids)
    return {cell.key.location_id for cell in cells if cell.bom is not None and cell.bom.inventory_item_id in items}


def _join(stock: CellStock, level: Value, read: ItemsRead) -> Row:
    return Row.of(stock.stock, level.quantity, level.time, read.taken_at)
