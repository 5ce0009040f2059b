"""A full sweep: every level of a shop's BOMs is read and compared with the bases, to find what no webhook reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from time import monotonic

import structlog
from ulid import ULID

from shared.contract.messages import JobRequest
from shared.contract.selection import CellRef, SelectionBody
from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction, Row
from shared.domain.drift import may_repair
from shared.domain.job import JobSource
from shared.domain.selection import Grid
from shared.errors import BrokerUnavailable
from shared.mongodb.catalogue.boms import BomStore, SelectedCell
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.previews.preview import TakenRow
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import JOB_REQUEST
from shared.reading.locations import refresh_locations
from shared.reading.retrying import patiently
from shared.reading.rows import RowReader
from shared.running.side_by_side import side_by_side
from shared.shopify.reads.reads import ShopifyReads

log = structlog.get_logger()

MAX_WAITING = 600.0
"""Seconds a sweep waits for the call budget at one batch before it gives up, loudly."""

READS_AT_ONCE = 2
"""Parts of a shop that are read side by side: the next one while the last one's answer is looked at."""

CELLS_AT_ONCE = 20_000
"""The most cells in memory, of parts being read or waiting to be looked at."""

CELLS_PER_JOB = 10_000
"""Cells of one repair job."""


@dataclass(frozen=True, slots=True)
class DriftedCell:
    """A cell whose base is no longer what Shopify holds."""

    key: CellKey
    item_id: str
    bom_name: str | None
    location_name: str | None
    row: Row

    @property
    def repairable(self) -> bool:
        """Whether pulling Shopify's value is safe: nothing moved on our side."""
        return may_repair(self.row.cell_class)


TakeDrifted = Callable[[Sequence[DriftedCell]], Awaitable[None]]
"""Takes the drifted cells of some that were read."""


@dataclass(slots=True)
class SweepResult:
    """The figures of a sweep, in cells."""

    shop: str
    cells: int = 0
    drifted: int = 0
    repairable: int = 0
    not_compared: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class FullRead:
    """Compares bases with Shopify. It changes nothing by itself."""

    def __init__(self, boms: BomStore, rows: RowReader, shopify: ShopifyReads, publisher: Publisher) -> None:
        self._boms = boms
        self._rows = rows
        self._shopify = shopify
        self._publisher = publisher

    async def sweep(self, shop: str, found: TakeDrifted) -> SweepResult:
        """Read every level; `found` takes drifted cells as they are read: they may be all of the shop's.

        Raises what the Shopify adapter raises: a sweep with a gap is no sweep.
        """
        started = monotonic()
        result = SweepResult(shop)
        locations = await patiently(
            lambda: refresh_locations(shop, self._boms, self._shopify),
            max_waiting=MAX_WAITING,
            clock=self._shopify.time,
        )
        size = ROWS_PER_CALL * max(1, len(locations))
        at_once = max(1, min(READS_AT_ONCE, CELLS_AT_ONCE // size))

        async def take(cells: Sequence[SelectedCell]) -> list[TakenRow]:
            read = partial(self._rows.take, shop, cells, locations)
            return await patiently(read, max_waiting=MAX_WAITING, clock=self._shopify.time)

        every = self._boms.select(shop, Grid(None, None), size=size)
        async with aclosing(side_by_side(every, take, at_once)) as parts:
            async for rows in parts:
                drifted = []
                for row in rows:
                    place = locations.get(row.key.location_id)
                    if (cell := _noted(result, row, None if place is None else place.name)) is not None:
                        drifted.append(cell)
                if drifted:
                    await found(drifted)
        result.seconds = monotonic() - started
        return result

    async def repair(self, shop: str, cells: Iterable[CellKey], jobs: JobStore, *, requested_by: str) -> list[str]:
        """Ask for jobs that pull Shopify's value where that is still safe when they run; returns their ids."""
        requested: list[str] = []
        for part in batches(cells, CELLS_PER_JOB):
            request = repair_request(shop, part, str(ULID()), requested_by=requested_by)
            await ask_for_repair(request, jobs, self._publisher)
            requested.append(request.job_id)
        return requested


def repair_request(shop: str, cells: Sequence[CellKey], job_id: str, *, requested_by: str) -> JobRequest:
    """The job that pulls Shopify's value into these cells where that is still safe when it runs."""
    chosen = [CellRef(bom_id=key.bom_id, location_id=key.location_id) for key in cells]
    return JobRequest(
        shop=shop,
        job_id=job_id,
        direction=Direction.TO_LOCAL,
        selection=SelectionBody(cells=chosen),
        source=JobSource.DRIFT,
        requested_by=requested_by,
    )


async def ask_for_repair(request: JobRequest, jobs: JobStore, publisher: Publisher) -> None:
    """Store the job, so that it stands whatever becomes of its message, and publish it."""
    await jobs.request(request)
    try:
        await publisher.command(JOB_REQUEST, request)
    except BrokerUnavailable:
        log.warning("repair_not_published", shop=request.shop, job=request.job_id)  # the watchdog finds the job


def _noted(result: SweepResult, row: TakenRow, location_name: str | None) -> DriftedCell | None:
    """Count a row; returns the cell where it has drifted."""
    result.cells += 1
    if row.reason is not None:
        result.not_compared[str(row.reason)] += 1
    elif row.code is not None:
        result.codes[str(row.code)] += 1
    elif row.row is not None and row.row.base is not None and row.row.overrides_shopify:
        # Both moved by the same amount is no drift to repair, but the base is behind all the same.
        cell = DriftedCell(row.key, row.item_id or "", row.bom_name, location_name, row.row)
        result.drifted += 1
        result.repairable += cell.repairable
        return cell
    return None
