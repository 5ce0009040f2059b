"""Gathering a batch: until it is full, or nothing more of what has been published for the shop is on its way.

Half-empty calls waste the shop's budget, so how full one is follows from the documents, not from how fast messages come
on a busy machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from time import monotonic

import structlog

from shared.mongodb.jobs.cells.cells import CellStore

log = structlog.get_logger()

LINGER = 0.01
"""Seconds until a batch that is not full asks the documents whether more is on its way; longer at each look."""

_LONGEST_LINGER = 0.2

NOTHING_COMES = 5.0
"""Seconds without any arrival after which a batch begins although the documents speak of more: a message was lost, or
another worker has it. What did not come then is not waited for again."""


class Gathering:
    """Waits for the cells of one shop that are on their way."""

    def __init__(self, shop: str, cells: CellStore, here: Collection[str]) -> None:
        """`here`: the cells that have come and not gone, as they are at each look."""
        self._shop = shop
        self._cells = cells
        self._here = here
        self._arrivals = 0
        self._not_coming: set[str] = set()

    def note_arrival(self, cell: str) -> None:
        """A cell has come."""
        self._arrivals += 1
        self._not_coming.discard(cell)

    async def run(self, enough: Callable[[], bool]) -> None:
        """Return when there is enough, or nothing more to wait for."""
        still_since, linger = monotonic(), LINGER
        while not enough():
            before = self._arrivals
            await asyncio.sleep(linger)
            if self._arrivals != before:
                still_since, linger = monotonic(), LINGER
                continue
            missing = await self._on_the_way()
            if not missing:
                return
            if monotonic() - still_since > NOTHING_COMES:
                log.info("lane_begins_without", cells=len(missing))
                self._not_coming |= missing
                return
            linger = min(linger * 2, _LONGEST_LINGER)

    async def _on_the_way(self) -> set[str]:
        """Cells that were published and have neither come nor been begun by anybody."""
        try:
            published = await self._cells.published_and_pending(self._shop)
        except Exception:  # a store that is away: the batch itself will meet it, and wait
            log.exception("lane_could_not_look")
            return set()
        self._not_coming &= published
        return published.difference(self._here, self._not_coming)
