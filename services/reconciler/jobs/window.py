"""The window of a job: at most so many of its cells are published and open at once."""

from __future__ import annotations

import asyncio

import structlog

from shared.contract.messages import CellWork
from shared.domain.cell import partition_of
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.cells.places import CLAIM, Claim
from shared.mongodb.jobs.jobs import JobStore
from shared.observing import tracing
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import PARTITIONS, cell_key

log = structlog.get_logger()

WINDOW = 1500
"""Cells of one job that are published and open: what a worker has under way, and the batches that follow at once."""

OF_A_SHOP = 2000
"""About as many of one shop: its jobs share them, so that in the queue a hundred jobs are not a hundred windows ahead
of another shop's cell."""

LEAST = 20


class Window:
    """Publishes the cells of jobs, one message per cell."""

    def __init__(self, jobs: JobStore, cells: CellStore, publisher: Publisher) -> None:
        self._jobs = jobs
        self._cells = cells
        self._publisher = publisher

    async def refill(self, shop: str, job_id: str) -> int:
        """Publish the next cells of a running job; returns how many. Raises BrokerUnavailable."""
        beside = await self._jobs.how_many_run(shop)
        window = max(LEAST, min(WINDOW, OF_A_SHOP // max(1, beside)))
        claim = await self._cells.claim_window(shop, job_id, window)
        if not claim:
            return 0
        messages = [
            CellWork(shop=shop, job_id=job_id, bom_id=key.bom_id, location_id=key.location_id) for key in claim.cells
        ]
        requested_in = await self._jobs.trace(shop, job_id) if tracing.on() else None
        held = asyncio.create_task(self._hold(claim), name=f"claim of {shop}")
        try:
            with tracing.span("fill window", parent=requested_in, shop=shop, job=job_id, cells=len(messages)):
                await self._publisher.commands(cell_key(partition_of(shop, PARTITIONS)), messages)
        except BaseException:
            # Also where the process stops: nobody has to wait until the claim has ended by itself.
            await asyncio.shield(self._cells.return_claim(claim))
            raise
        finally:
            held.cancel()
        await self._cells.confirm_claim(claim)
        return len(messages)

    async def _hold(self, claim: Claim) -> None:
        """Renew a claim for as long as a slow broker takes: whoever took it over would publish all of it twice."""
        while True:
            await asyncio.sleep(CLAIM.total_seconds() / 3)
            try:
                await self._cells.renew_claim(claim)
            except STORE_AWAY:
                log.info("claim_not_renewed", shop=claim.shop, job=claim.job_id)
