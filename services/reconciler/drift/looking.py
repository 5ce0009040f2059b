"""A look: what has changed at Shopify since the last one, compared with the bases. What differs is watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.reconciler.sweeper import DriftedCell, Sweeper
from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Row
from shared.mongodb.boms import Bom, BomStore, Location
from shared.mongodb.drift import DriftStore, Sighting
from shared.mongodb.stock import StockStore
from shared.reading.levels import Value, level_of
from shared.shopify.changes import ChangedPage, ShopifyChanges
from shared.shopify.reads import ShopLocation

OVERLAP = timedelta(minutes=10)
"""How far behind its watermark a look begins: Shopify's search lags, and has a resolution of a second."""

_NEVER = timedelta(days=1)
_PER_WRITE = 500


@dataclass(slots=True)
class Looked:
    """What a look found. `watermark`: Shopify's time of its first reply, where the next one begins.

    `due_at`: when the second look at all it watches is due, so that the breaker sees them together.
    """

    due_at: datetime
    watermark: datetime | None = None
    changed: int = 0
    cells: int = 0
    differing: int = 0
    watched: int = 0


class Looking:
    """Looks at one shop."""

    def __init__(
        self,
        *,
        sweeper: Sweeper,
        changes: ShopifyChanges,
        boms: BomStore,
        stock: StockStore,
        drift: DriftStore,
        grace: timedelta,
    ) -> None:
        self._sweeper = sweeper
        self._changes = changes
        self._boms = boms
        self._stock = stock
        self._drift = drift
        self._grace = grace

    async def look(self, shop: str, watermark: datetime | None, *, full: bool) -> Looked:
        """Look at what has changed since the watermark; `full`: at every cell, for what no search shows.

        Raises what the Shopify adapter raises: a look with a gap is no look, and the watermark stays.
        """
        found = Looked(due_at=datetime.now(UTC) + self._grace)
        locations: list[ShopLocation] = []
        # A full sweep needs the search only for its time and the locations: nothing has changed tomorrow.
        since = datetime.now(UTC) + _NEVER if watermark is None or full else watermark - OVERLAP
        async for page in self._changes.since(shop, since):
            found.watermark = found.watermark or page.taken_at
            if not locations or locations[-1].location_id != page.location.location_id:
                locations.append(page.location)
            if page.items:
                found.changed += len(page.items)
                await self._compare(shop, page, found)
        await self._boms.keep_locations(shop, [_location(place) for place in locations])
        if watermark is None or full:
            result = await self._sweeper.sweep(shop)
            found.cells += result.cells
            for part in batches(result.drifted, _PER_WRITE):
                await self._watch(shop, [_sighting(cell) for cell in part], found)
        return found

    async def _compare(self, shop: str, page: ChangedPage, found: Looked) -> None:
        place = _location(page.location)
        boms = await self._boms.of_items(shop, [item.item_id for item in page.items])
        keys = [CellKey(bom.bom_id, place.location_id) for bom in boms.values() if not bom.externally_managed]
        # Read after Shopify, which is harmless here: what looks wrong is only watched, and judged by a second read.
        stock = await self._stock.load(shop, keys)
        seen: list[Sighting] = []
        for item in page.items:
            bom = _watchable(boms, item.item_id)
            level = level_of(item, place.location_id, place)
            cell = None if bom is None else stock.get(CellKey(bom.bom_id, place.location_id))
            if bom is None or cell is None or cell.item_id != item.item_id or not isinstance(level, Value):
                continue
            found.cells += 1
            row = Row.of(cell.stock, level.quantity, level.time, page.taken_at)
            if row.base is not None and row.overrides_shopify:
                seen.append(Sighting(cell.key, item.item_id, bom.name, place.name, row))
        await self._watch(shop, seen, found)

    async def _watch(self, shop: str, seen: Sequence[Sighting], found: Looked) -> None:
        found.differing += len(seen)
        found.watched += await self._drift.watch(shop, seen, now=datetime.now(UTC), due_at=found.due_at)


def _watchable(boms: Mapping[str, Bom], item_id: str) -> Bom | None:
    bom = boms.get(item_id)
    return None if bom is None or bom.externally_managed else bom


def _location(place: ShopLocation) -> Location:
    return Location(place.location_id, place.name, place.active, place.managed_elsewhere)


def _sighting(cell: DriftedCell) -> Sighting:
    return Sighting(cell.key, cell.item_id, cell.bom_name, cell.location_name, cell.row)
