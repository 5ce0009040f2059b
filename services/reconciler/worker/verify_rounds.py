"""Verifying reads for the shops whose partitions this process holds, so that one worker paces a shop's calls."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from services.reconciler.worker.lanes.partitions import Partitions
from services.reconciler.worker.lanes.shop_lanes import ShopLanes
from shared.domain.cell import partition_of
from shared.errors import ShopifyThrottled, ShopPaused
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.stock.stock import StockStore
from shared.rabbitmq.topology import PARTITIONS
from shared.reading.verify import Verifier
from shared.running.backoff import backoff
from shared.running.clock import SYSTEM_CLOCK, Clock

log = structlog.get_logger()

EVERY = 0.5
"""Seconds between looks for cells that are due."""

LONGEST_GATHERING = timedelta(seconds=30)
"""A read that has been due for so long is made whatever else the shop is at."""

SHOPS_AT_ONCE = 8
"""Shops verified side by side."""

_AFTER_A_FAILURE = 5.0


class VerifyRounds:
    """Runs the verifier for this process's shops.

    A read costs hardly more for many cells than for one, so while a shop's cells are being settled their reads are
    gathered: until a read is full, or nothing more is to come. What is to come is told by the documents, and by the
    lane that has a batch under way: the cells that one batch settles are verified by one read.
    """

    def __init__(
        self,
        *,
        partitions: Partitions,
        lanes: ShopLanes,
        stock: StockStore,
        cells: CellStore,
        verifier: Verifier,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._partitions = partitions
        self._lanes = lanes
        self._stock = stock
        self._cells = cells
        self._verifier = verifier
        self._clock = clock
        self._resting: dict[str, asyncio.Task[None]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}

    async def finish(self) -> None:
        """Cancel the reads under way: their requests stay in the documents."""
        for task in (*self._running.values(), *self._resting.values()):
            task.cancel()

    async def round(self) -> None:
        """Begin to read for the shops with due cells. A store that is away costs nothing: requests are documents."""
        for shop in await self._stock.reads.shops(datetime.now(UTC)):
            free = shop not in self._running and shop not in self._resting and len(self._running) < SHOPS_AT_ONCE
            if free and partition_of(shop, PARTITIONS) in self._partitions.held:
                self._start(shop)

    def _start(self, shop: str) -> None:
        """Verify a shop beside the others: one that hangs must not hold them up."""
        task = asyncio.create_task(self._verify(shop), name=f"verify {shop}")
        self._running[shop] = task
        task.add_done_callback(lambda _: self._running.pop(shop, None))

    async def _verify(self, shop: str) -> None:
        """One batch of a shop; a shop that cannot be read now gives way to the others."""
        try:
            if await self._more_to_come(shop):
                return
            await self._verifier.run(shop)
            self._failures.pop(shop, None)
        except ShopifyThrottled as throttled:
            self._rest(shop, throttled.retry_after)
        except ShopPaused:
            self._rest(shop, _AFTER_A_FAILURE)
        except Exception as error:  # noqa: BLE001  # a store that is away, or a failed read: the requests stay in the documents
            log.warning("verify_read_failed", shop=shop, reason=repr(error))
            failures = self._failures[shop] = self._failures.get(shop, 0) + 1
            self._rest(shop, backoff(failures, _AFTER_A_FAILURE))

    def _rest(self, shop: str, seconds: float) -> None:
        """Leave a shop alone for a while; its place is for the others meanwhile."""
        task = asyncio.create_task(self._clock.sleep(seconds), name=f"rest of {shop}")
        self._resting[shop] = task
        task.add_done_callback(lambda _: self._resting.pop(shop, None))

    async def _more_to_come(self, shop: str) -> bool:
        """Whether cells of the shop are still being settled, so that a read now would soon be followed by another."""
        # In this order: what is pending may be begun while that is looked up, and is at work then.
        if not await self._cells.any_pending(shop) and not self._lanes.at_work(shop):
            return False
        full = await self._verifier.cells_of_a_read(shop)
        now = datetime.now(UTC)
        since = await self._stock.reads.due_since(shop)
        in_time = since is None or now - since < LONGEST_GATHERING
        return in_time and await self._stock.reads.soon(shop, now, full) < full
