"""Rule 3: verifying reads. Batched, debounced, applied only under the `rev` noted before the read began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from shared import metrics
from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Reason
from shared.domain.stock import Change, Observed, Stock, observe_not_compared, observe_read
from shared.domain.words.codes import Code
from shared.errors import ShopifyError
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.stock.reads_wanted import VERIFY_DELAY
from shared.mongodb.stock.stock import CellStock, StockStore, StockWrite
from shared.mongodb.transactions import Session, Transactions
from shared.reading.first_bases import KEPT
from shared.reading.levels import Value, level_of
from shared.shopify.reads.reads import ShopifyReads

MAX_CELLS = 5000
"""Cells of one turn: what it holds in memory stays small, and its read is done long before the turn is over."""


class Verifier:
    """Reads the cells that asked for it and moves base and count together where Shopify has moved."""

    def __init__(self, transactions: Transactions, boms: BomStore, stock: StockStore, shopify: ShopifyReads) -> None:
        self._transactions = transactions
        self._boms = boms
        self._stock = stock
        self._shopify = shopify

    async def run(self, shop: str) -> int:
        """Verify the cells that are due or soon will be, as many as one read holds; returns how many were.

        Those of a moment later come along: a read costs hardly more for them, and one of their own would. What a failed
        read was for is put off. Raises what the Shopify adapter raises.
        """
        limit = await self.cells_of_a_read(shop)
        turn = await self._stock.reads.take(shop, datetime.now(UTC) + VERIFY_DELAY, limit)
        if turn.keys:
            try:
                again = await self.verify(shop, turn.keys, cause="verify")
            except (ShopifyError, OSError):
                await self._stock.reads.put_off(turn)
                raise
            # In this order: whoever dies in between has a cell read once more.
            await self._stock.ask_verify(shop, again)
            await self._stock.reads.end(turn)
        return len(turn.keys)

    async def cells_of_a_read(self, shop: str) -> int:
        """How many cells one read holds, where those of an item are asked for together."""
        return min(MAX_CELLS, ROWS_PER_CALL * max(1, len(await self._boms.locations(shop))))

    async def verify(self, shop: str, keys: Sequence[CellKey], *, cause: str) -> list[CellKey]:
        """Read these cells and apply what was read; returns those written meanwhile."""
        noted = await self._stock.load(shop, keys)
        if not noted:
            return []
        locations = await self._boms.locations(shop)
        values: dict[CellKey, Value | Reason] = {}
        by_item: dict[str, list[CellKey]] = {}
        for key, cell in noted.items():
            by_item.setdefault(cell.item_id, []).append(key)
        for items in batches(sorted(by_item), ROWS_PER_CALL):
            at = {key.location_id for item_id in items for key in by_item[item_id]}
            read = await self._shopify.items(shop, items, locations=len(locations), at=at)
            for item_id in items:
                for key in by_item[item_id]:
                    level = level_of(read.items[item_id], key.location_id, locations.get(key.location_id))
                    if not isinstance(level, Code) and _says_something(noted[key], level):
                        values[key] = level
        again: list[CellKey] = []
        for part in batches(sorted(values), ROWS_PER_CALL):
            results = await self._transactions.in_halves(
                part,
                lambda session, half: self._apply(session, shop, half, noted=noted, values=values, cause=cause),
            )
            for _, observed in results:
                metrics.BASE_UPDATES.labels(cause, str(observed or "written_meanwhile")).inc()
            again += [key for key, observed in results if observed is None]
        return again

    async def _apply(
        self,
        session: Session,
        shop: str,
        keys: Sequence[CellKey],
        *,
        noted: Mapping[CellKey, CellStock],
        values: Mapping[CellKey, Value | Reason],
        cause: str,
    ) -> list[tuple[CellKey, Observed | None]]:
        """Write one part; returns what was observed, None where the `rev` is no longer the noted one."""
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
            change = _change(cell.stock, values[key])
            results.append((key, change.observed or Observed.NO_VALUE))
            writes.append(StockWrite(key, cell.stock, change, cause, "read"))
        await self._stock.write(session, shop, writes)
        return results


def _change(stock: Stock, level: Value | Reason) -> Change:
    if isinstance(level, Value):
        return observe_read(stock, level.quantity, level.time)
    return observe_not_compared(stock, str(level))


def _says_something(cell: CellStock, level: Value | Reason) -> bool:
    """Whether the read tells anything we do not hold already; most verifying reads tell nothing."""
    if not isinstance(level, Value):
        return level in KEPT and cell.stock.not_compared != level
    moved = cell.stock.base != level.quantity or cell.stock.base_time != level.time
    return moved or cell.stock.not_compared is not None
