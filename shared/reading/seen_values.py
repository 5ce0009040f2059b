"""What a preview has read, kept for lists: values that are not the base, and when each place of a BOM was read.

It is shown, and no more: no rule builds on it, and it goes with the next that is heard of Shopify.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shared.domain.cell import CellKey
from shared.domain.comparison import Reason
from shared.domain.stock import Stock, see
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.stock.stock import CellStock, StockStore
from shared.reading.levels import Value


class SeenValues:
    """Keeps what was read of cells of one shop."""

    def __init__(self, boms: BomStore, stock: StockStore) -> None:
        self._boms = boms
        self._stock = stock

    async def keep(
        self,
        shop: str,
        noted: Mapping[CellKey, CellStock],
        levels: Mapping[CellKey, Value | Reason],
        taken_at: Mapping[str, datetime],
    ) -> None:
        """Keep what is new in `levels`, read after the stock documents in `noted`; `taken_at` by item.

        Of a cell that was written meanwhile nothing is kept: its value may be older than what has happened.
        """
        noted = {**noted, **await self._compared_again(shop, noted, levels)}
        seen: dict[CellKey, Stock] = {}
        places: dict[datetime, dict[str, list[str]]] = {}
        for key, level in levels.items():
            cell = noted.get(key)
            if cell is None:
                continue
            at = taken_at[cell.item_id]
            places.setdefault(at, {}).setdefault(key.bom_id, []).append(key.location_id)
            if isinstance(level, Value) and (stock := see(cell.stock, level.quantity, at)) is not None:
                seen[key] = stock
        await self._stock.keep_seen(shop, {key: noted[key].stock for key in seen}, seen)
        for at, by_bom in places.items():
            await self._boms.note_read(shop, by_bom, at)

    async def _compared_again(
        self, shop: str, noted: Mapping[CellKey, CellStock], levels: Mapping[CellKey, Value | Reason]
    ) -> dict[CellKey, CellStock]:
        """Cells that this very read has brought back among those that can be compared, as they are since; only where
        nothing else has happened to them."""
        back = [key for key, cell in noted.items() if cell.stock.not_compared and isinstance(levels.get(key), Value)]
        present = await self._stock.load(shop, back)
        return {key: cell for key, cell in present.items() if _as_noted(cell.stock, noted[key].stock)}


def _as_noted(now: Stock, before: Stock) -> bool:
    return replace(now, not_compared=before.not_compared, rev=before.rev) == before
