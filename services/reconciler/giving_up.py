"""A shop that is gone: uninstalled, or paused for seven days. Its jobs end, and nothing sent is guessed about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from shared.domain.cell import CellState
from shared.domain.codes import Code
from shared.domain.push import PushState
from shared.domain.stock import mark_unknown
from shared.mongodb.cells import CellEnd, CellStore, key_in
from shared.mongodb.collections import Document
from shared.mongodb.jobs import JobStore
from shared.mongodb.pushes import PushStore
from shared.mongodb.shops import ShopStore
from shared.mongodb.stock import StockStore, StockWrite
from shared.mongodb.transactions import Session, Transactions

log = structlog.get_logger()

PAUSED_TOO_LONG = timedelta(days=7)

_BATCH = 250


class GivingUp:
    """Ends the open cells of shops that are gone."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        shops: ShopStore,
        jobs: JobStore,
        cells: CellStore,
        pushes: PushStore,
        stock: StockStore,
    ) -> None:
        self._transactions = transactions
        self._shops = shops
        self._jobs = jobs
        self._cells = cells
        self._pushes = pushes
        self._stock = stock

    async def run(self) -> None:
        """End what is open in every shop that is gone; the watchdog then ends the jobs."""
        for shop in await self._shops.given_up(datetime.now(UTC) - PAUSED_TOO_LONG):
            for job in await self._jobs.unfinished(shop):
                await self._jobs.request_cancel(shop, job["job_id"])
            while cells := await self._cells.open_of_shop(shop, _BATCH):
                log.warning("cells_given_up", shop=shop, cells=len(cells))
                for cell in cells:
                    await self._end(shop, cell)

    async def _end(self, shop: str, cell: Document) -> None:
        """Unsent work is cancelled; what was sent ends with its outcome unknown, and a person looks."""
        sent = cell["push_id"] is not None and not await self._withdrawn(shop, cell["push_id"])
        key = key_in(cell)

        async def body(session: Session) -> None:
            if not sent:
                values = {"code": str(Code.SHOP_PAUSED_TOO_LONG)}
                end = CellEnd(cell["job_id"], key, CellState.CANCELLED, cell["push_id"], values)
                await self._cells.end(session, shop, [end])
                return
            present = (await self._stock.load(shop, [key], session)).get(key)
            if present is not None:
                change = mark_unknown(present.stock)
                write = StockWrite(key, present.stock, change, "reconcile", f"job:{cell['job_id']}")
                await self._stock.write(session, shop, [write])
            values = {"code": str(Code.OUTCOME_UNKNOWN)}
            await self._cells.end(
                session, shop, [CellEnd(cell["job_id"], key, CellState.ERROR, cell["push_id"], values)]
            )

        await self._transactions.run(body)

    async def _withdrawn(self, shop: str, push_id: str) -> bool:
        """Whether the push was never sent, and now never will be."""
        push = await self._pushes.get(shop, push_id)
        if push.state is PushState.WITHDRAWN:
            return True
        return await self._pushes.close(shop, push_id, PushState.WITHDRAWN, never_sent=True)
