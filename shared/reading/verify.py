"""Rule 3: verifying reads. Batched, debounced, applied only under the `rev` noted before the read began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from shared import metrics
from shared.domain.batches import ROWS_PER_CALL
from shared.domain.cell import CellKey
from shared.domain.stock import Observed, observe_read
from shared.errors import ShopifyError
from shared.mongodb.boms import BomStore
from shared.mongodb.stock import CellStock, StockStore, StockWrite
from shared.mongodb.transactions import Session, Transactions
from shared.reading.levels import Value, level_of
from shared.shopify.reads import ShopifyReads


class Verifier:
    """Reads the cells that asked for it and moves index and count together where Shopify has moved."""

    def __init__(self, transactions: Transactions, boms: BomStore, stock: StockStore, shopify: ShopifyReads) -> None:
        self._transactions = transactions
        self._boms = boms
        self._stock = stock
        self._shopify = shopify

    async def run(self, shop: str) -> int:
        """Verify up to 250 cells that are due; answers how many were. A failed read asks again.

        Raises what the Shopify adapter raises.
        """
        turn = await self._stock.take_verify(shop, datetime.now(UTC), ROWS_PER_CALL)
        if turn.keys:
            try:
                again = await self.verify(shop, turn.keys, cause="verify")
            except (ShopifyError, OSError):
                await self._stock.ask_verify(shop, turn.keys)
                raise
            await self._stock.end_verify(turn)
            await self._stock.ask_verify(shop, again)
        return len(turn.keys)

    async def verify(self, shop: str, keys: Sequence[CellKey], *, cause: str) -> list[CellKey]:
        """Read these cells (at most 250) and apply what was read; answers those written meanwhile."""
        noted = await self._stock.load(shop, keys)
        if not noted:
            return []
        locations = await self._boms.locations(shop)
        items = sorted({cell.item_id for cell in noted.values()})
        read = await self._shopify.items(shop, items, locations=len(locations))
        values: dict[CellKey, Value] = {}
        for key, cell in noted.items():
            level = level_of(read.items[cell.item_id], key.location_id, locations.get(key.location_id))
            if isinstance(level, Value) and _says_something(cell, level):
                values[key] = level
        results = await self._transactions.in_halves(
            sorted(values),
            lambda session, part: self._apply(session, shop, part, noted=noted, values=values, cause=cause),
        )
        for _, observed in results:
            metrics.INDEX_UPDATES.labels(cause, str(observed or "written_meanwhile")).inc()
        return [key for key, observed in results if observed is None]

    async def _apply(
        self,
        session: Session,
        shop: str,
        keys: Sequence[CellKey],
        *,
        noted: Mapping[CellKey, CellStock],
        values: Mapping[CellKey, Value],
        cause: str,
    ) -> list[tuple[CellKey, Observed | None]]:
        """Write one part; answers what was observed, None where the `rev` is no longer the noted one."""
        present = await self._stock.load(shop, keys, session)
        writes: list[StockWrite] = []
        results: list[tuple[CellKey, Observed | None]] = []
        for key in keys:
            cell = present.get(key)
            if cell is None:
                continue  # the BOM was removed
            if cell.stock.rev != noted[key].stock.rev:
                results.append((key, None))
                continue
            change = observe_read(cell.stock, values[key].quantity, values[key].time)
            results.append((key, change.observed))
            writes.append(StockWrite(key, cell.stock, change, cause, "read"))
        await self._stock.write(session, shop, writes)
        return results


def _says_something(cell: CellStock, level: Value) -> bool:
    """Whether the read tells anything we do not hold already; most verifying reads tell nothing."""
    return cell.stock.index != level.quantity or cell.stock.index_time != level.time
