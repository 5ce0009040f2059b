"""What a read shows of cells beside its purpose: the first base of those that have none, and why others have no value.

Whoever reads Shopify gives what it has read, under the `rev` noted before the read; no count moves by it. Nothing
that was read is thrown away because the reader wanted something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared import metrics
from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Reason
from shared.domain.stock import Change, Stock, observe_in_passing, observe_not_compared
from shared.mongodb.stock.stock import CellStock, StockStore, StockWrite
from shared.mongodb.transactions import Session, Transactions, WriteConflict
from shared.reading.levels import Value

CAUSE = "first_read"

KEPT = frozenset({Reason.UNTRACKED, Reason.NOT_STOCKED})
"""Reasons that only a read finds; the others are in our own documents of locations and BOMs."""

ValueOrReason = Value | Reason


class FirstBases:
    """Writes what a read has found out about cells of one shop."""

    def __init__(self, transactions: Transactions, stock: StockStore) -> None:
        self._transactions = transactions
        self._stock = stock

    async def give(
        self, shop: str, noted: Mapping[CellKey, CellStock], levels: Mapping[CellKey, ValueOrReason]
    ) -> None:
        """Write what is new in `levels`, read after the stock documents in `noted`.

        A cell that was written meanwhile is left to a verifying read: its level may be older than what has happened.
        """
        new = [key for key in sorted(levels) if key in noted and change_by(noted[key].stock, levels[key]) is not None]
        for part in batches(new, ROWS_PER_CALL):
            try:
                await self._transactions.in_halves(
                    part, lambda session, half: self._give(session, shop, half, noted, levels)
                )
            except WriteConflict:
                # Others are busy with these cells: no reason to fail what the read was for.
                await self._stock.ask_verify(shop, part)

    async def _give(
        self,
        session: Session,
        shop: str,
        keys: Sequence[CellKey],
        noted: Mapping[CellKey, CellStock],
        levels: Mapping[CellKey, ValueOrReason],
    ) -> list[None]:
        present = await self._stock.load(shop, keys, session)
        writes: list[StockWrite] = []
        later: list[CellKey] = []
        for key, cell in present.items():
            change = change_by(cell.stock, levels[key])
            if change is None:
                continue
            if cell.stock.rev != noted[key].stock.rev:
                later.append(key)
            else:
                writes.append(StockWrite(key, cell.stock, change, CAUSE, "read"))
        await self._stock.write(session, shop, writes)
        await self._stock.ask_verify(shop, later, session)
        for write in writes:
            if write.change.observed is not None:
                metrics.BASE_UPDATES.labels(CAUSE, str(write.change.observed)).inc()
        return []


def change_by(stock: Stock, level: ValueOrReason) -> Change | None:
    """What a read of this level changes beside its purpose; None: nothing."""
    if isinstance(level, Value):
        return observe_in_passing(stock, level.quantity, level.time)
    return observe_not_compared(stock, str(level)) if level in KEPT and stock.not_compared != level else None
