"""All lanes of a process: each cell goes to the lane of its shop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from services.reconciler.worker.cells.cell_worker import CellWorker
from services.reconciler.worker.lanes.lane import Lane
from shared import metrics
from shared.domain.cell import partition_of
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.rabbitmq.consuming.delivery import Delivery
from shared.rabbitmq.topology import PARTITIONS
from shared.running.clock import SYSTEM_CLOCK, Clock


class ShopLanes:
    """All lanes of a process."""

    def __init__(
        self,
        worker: CellWorker,
        cells: CellStore,
        clock: Clock = SYSTEM_CLOCK,
        *,
        prefetch: int,
        jobs: JobStore | None = None,
    ) -> None:
        """`prefetch`: how many messages of a partition the broker delivers before one is acknowledged."""
        self._clock = clock
        self._prefetch = prefetch
        self._jobs = jobs
        self._worker = worker
        self._cells = cells
        self._lanes: dict[str, Lane] = {}
        lanes = self._lanes
        metrics.LANE_CELLS.ask(self, lambda: {(): sum(lane.size for lane in lanes.values())})

    async def add(self, shop: str, cell: str, delivery: Delivery) -> None:
        """Hand a cell to its shop's lane."""
        lane = self._lanes.get(shop)
        if lane is None:
            partition = partition_of(shop, PARTITIONS)
            lane = self._lanes[shop] = Lane(
                shop,
                self._worker,
                self._cells,
                self._drop,
                self._clock,
                jobs=self._jobs,
                crowded=lambda: self._held(partition) >= self._prefetch,
            )
        await lane.add(cell, delivery)

    def at_work(self, shop: str) -> bool:
        """Whether a batch of the shop is under way in this process."""
        lane = self._lanes.get(shop)
        return lane is not None and lane.at_work

    def _held(self, partition: int) -> int:
        return sum(lane.held for shop, lane in self._lanes.items() if partition_of(shop, PARTITIONS) == partition)

    def _drop(self, shop: str) -> None:
        lane = self._lanes.get(shop)
        if lane is not None and lane.size == 0:
            del self._lanes[shop]

    async def stop(self, shops: Callable[[str], bool] = lambda _: True) -> None:
        """Stop the lanes of some shops (all by default)."""
        chosen = [shop for shop in self._lanes if shops(shop)]
        stopping: list[Awaitable[None]] = [self._lanes.pop(shop).stop() for shop in chosen]
        await asyncio.gather(*stopping)
