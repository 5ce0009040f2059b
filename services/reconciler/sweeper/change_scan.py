"""A look: what has changed at Shopify since the last one, compared with the bases. What differs is watched."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): search.updated-at.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from services.reconciler.sweeper.full_read import DriftedCell, FullRead
from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Row
from shared.domain.selection import Grid
from shared.mongodb.catalogue.boms import Bom, BomStore, Location, SelectedCell
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.missed import Sighting
from shared.mongodb.stock.stock import StockStore
from shared.reading.levels import Value, level_of
from shared.reading.locations import location_of
from shared.shopify.bulk.bulk import NoBulkQuery
from shared.shopify.bulk.every_level import EveryLevel
from shared.shopify.reads.changes import ShopifyChanges
from shared.shopify.reads.levels import Item
from shared.shopify.reads.reads import ShopLocation

log = structlog.get_logger()

OVERLAP = timedelta(minutes=10)
"""How far behind its watermark a look begins: Shopify's search lags, and has a resolution of a second."""

BULK_ABOVE = 2 * ROWS_PER_CALL
"""Above so many BOMs a full sweep is one bulk query; below, reading the items takes no more calls and no waiting."""

_NEVER = timedelta(days=1)
_PER_WRITE = 500


@dataclass(slots=True)
class ScanResult:
    """What a look found. `watermark`: Shopify's time of its first reply, where the next one begins.

    `due_at`: when the second look at all it watches is due, so that the breaker sees them together.
    """

    due_at: datetime
    watermark: datetime | None = None
    changed: int = 0
    cells: int = 0
    differing: int = 0
    watched: int = 0


class ChangeScan:
    """Looks at one shop."""

    def __init__(
        self,
        *,
        full_read: FullRead,
        changes: ShopifyChanges,
        every_level: EveryLevel,
        boms: BomStore,
        stock: StockStore,
        drift: DriftStore,
        grace: timedelta,
        bulk_above: int = BULK_ABOVE,
    ) -> None:
        self._full_read = full_read
        self._changes = changes
        self._every_level = every_level
        self._bulk_above = bulk_above
        self._boms = boms
        self._stock = stock
        self._drift = drift
        self._grace = grace

    async def look(self, shop: str, watermark: datetime | None, *, full: bool) -> ScanResult:
        """Look at what has changed since the watermark; `full`: at every cell, for what no search shows.

        Raises what the Shopify adapter raises: a look with a gap is no look, and the watermark stays.
        """
        found = ScanResult(due_at=datetime.now(UTC) + self._grace)
        locations: list[ShopLocation] = []
        # A full sweep needs the search only for its time and the locations: nothing has changed tomorrow.
        since = datetime.now(UTC) + _NEVER if watermark is None or full else watermark - OVERLAP
        async for page in self._changes.since(shop, since):
            found.watermark = found.watermark or page.taken_at
            if not locations or locations[-1].location_id != page.location.location_id:
                locations.append(page.location)
            if page.items:
                found.changed += len(page.items)
                place = location_of(page.location)
                await self._compare(shop, [(item, place) for item in page.items], page.taken_at, found)
        await self._boms.keep_locations(shop, [location_of(place) for place in locations])
        if watermark is None or full:
            await self._look_at_all(shop, found)
        return found

    async def _look_at_all(self, shop: str, found: ScanResult) -> None:
        locations = await self._boms.locations(shop)
        cells = await self._boms.size(shop, Grid(None, None))
        if cells > self._bulk_above * len(locations):
            try:
                async for taken_at, items in self._every_level.read(shop):
                    # One at a location that was not there a moment ago is seen the next time.
                    levels = [(item, locations[place]) for item in items for place in item.levels if place in locations]
                    await self._compare(shop, levels, taken_at, found)
            except NoBulkQuery as reason:
                log.info("full_sweep_reads_items", shop=shop, reason=str(reason))
            else:
                await self._ask_for_bases(shop)
                return

        async def drifted(cells: Sequence[DriftedCell]) -> None:
            for part in batches(cells, _PER_WRITE):
                await self._watch(shop, [_sighting(cell) for cell in part], found)

        found.cells += (await self._full_read.sweep(shop, drifted)).cells

    async def _ask_for_bases(self, shop: str) -> None:
        """Cells that no level was listed for, and of which nothing is known: a read says why, or gives a base."""
        closed = [place for place, known in (await self._boms.locations(shop)).items() if not known.comparable]
        await self._stock.ask_for_bases(shop, closed)

    async def _compare(
        self, shop: str, levels: Sequence[tuple[Item, Location]], taken_at: datetime, found: ScanResult
    ) -> None:
        """Compare items, each with one level at the location beside it, with the bases."""
        boms = await self._boms.of_items(shop, {item.item_id for item, _ in levels})
        pairs = [(item, place, bom) for item, place in levels if (bom := _watchable(boms, item.item_id)) is not None]
        # Read after Shopify, which is harmless here: what looks wrong is only watched, and judged by a second read.
        stock = await self._stock.load(shop, [CellKey(bom.bom_id, place.location_id) for _, place, bom in pairs])
        seen: list[Sighting] = []
        new: list[SelectedCell] = []
        without: list[CellKey] = []
        for item, place, bom in pairs:
            level = level_of(item, place.location_id, place)
            key = CellKey(bom.bom_id, place.location_id)
            cell = stock.get(key)
            if not isinstance(level, Value):
                continue
            if cell is None:
                new.append(SelectedCell(key, bom))
                continue
            if cell.item_id != item.item_id:
                continue
            found.cells += 1
            if cell.stock.base is None or cell.stock.not_compared is not None:
                without.append(key)
                continue
            row = Row.of(cell.stock, level.quantity, level.time, taken_at)
            if row.overrides_shopify:
                seen.append(Sighting(cell.key, item.item_id, bom.name, place.name, row))
        await self._watch(shop, seen, found)
        await self._boms.ensure_stock(shop, new)
        # No base is set by this very read, since the stock was read after it: a verifying read does it.
        await self._stock.ask_verify(shop, [*without, *(cell.key for cell in new)])

    async def _watch(self, shop: str, seen: Sequence[Sighting], found: ScanResult) -> None:
        found.differing += len(seen)
        found.watched += await self._drift.watch(shop, seen, now=datetime.now(UTC), due_at=found.due_at)


def _watchable(boms: Mapping[str, Bom], item_id: str) -> Bom | None:
    bom = boms.get(item_id)
    return None if bom is None or bom.externally_managed else bom


def _sighting(cell: DriftedCell) -> Sighting:
    return Sighting(cell.key, cell.item_id, cell.bom_name, cell.location_name, cell.row)
