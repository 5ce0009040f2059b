"""Consuming the cell queues of the partitions this process holds, its fair share by lease."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import timedelta

from services.reconciler.worker.lanes.shop_lanes import ShopLanes
from shared import metrics
from shared.contract.messages import CellWork
from shared.domain.cell import CellKey, partition_of
from shared.mongodb.jobs.cells.cell import cell_id
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.leases import PartitionLeases
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.consuming.delivery import Delivery
from shared.rabbitmq.consuming.subscription import Subscription
from shared.rabbitmq.topology import CELLS, PARTITIONS

PREFETCH = 6000
"""Messages of a partition, which several shops share, not answered yet; one shop holds a part (`HELD_BOUND`)."""


class Partitions:
    """Holds partitions, and feeds the lanes from their queues."""

    def __init__(
        self, leases: PartitionLeases, consumer: Consumer, lanes: ShopLanes, jobs: JobStore, cells: CellStore
    ) -> None:
        self._jobs = jobs
        self._cells = cells
        self._leases = leases
        self._consumer = consumer
        self._lanes = lanes
        self._subscriptions: dict[int, Subscription] = {}
        held = self._subscriptions
        metrics.PARTITIONS_HELD.ask(self, lambda: {(): len(held)})

    @property
    def held(self) -> frozenset[int]:
        """The partitions held now."""
        return frozenset(self._subscriptions)

    async def balance(self) -> None:
        """Renew the leases; take up what is new and lay down what is lost.

        A store that is away for a moment costs nothing: the queues go on, the documents guard the cells.
        """
        wanted = await self._leases.balance()
        for partition in [p for p in self._subscriptions if p not in wanted]:
            await self._lay_down(partition)
        taken = sorted(wanted - self._subscriptions.keys())
        for partition in taken:
            self._subscriptions[partition] = await self._consumer.deliver(
                CELLS[partition], self._on_cell, prefetch=PREFETCH
            )
        await self._free_what_was_remembered(taken)

    async def _free_what_was_remembered(self, taken: Collection[int]) -> None:
        """Free the places of the cells of these partitions, which are published again then.

        Who held them may have died with cells whose messages it had acknowledged. A cell whose message is in the queue
        comes twice, and the second one is answered at once.
        """
        for shop, job_id in await self._jobs.running() if taken else ():
            if partition_of(shop, PARTITIONS) in taken:
                await self._cells.unclaim_silent(shop, job_id, timedelta())

    async def stop(self) -> None:
        """Lay everything down and leave."""
        await asyncio.gather(*(subscription.stop() for subscription in self._subscriptions.values()))
        await self._lanes.stop()
        await self._leases.leave()
        metrics.PARTITIONS_HELD.forget(self)

    async def _lay_down(self, partition: int) -> None:
        subscription = self._subscriptions.pop(partition)
        await subscription.stop()
        await self._lanes.stop(lambda shop: partition_of(shop, PARTITIONS) == partition)
        await subscription.close()
        self._consumer.forget(subscription)

    async def _on_cell(self, delivery: Delivery) -> None:
        work = delivery.read(CellWork)
        key = CellKey(work.bom_id, work.location_id)
        await self._lanes.add(work.shop, cell_id(work.shop, work.job_id, key), delivery)
