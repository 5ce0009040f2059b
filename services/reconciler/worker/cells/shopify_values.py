"""What Shopify holds now for the cells at hand."""

from __future__ import annotations

from collections.abc import Sequence

from services.reconciler.worker.cells.outcomes import CellOutcome
from services.reconciler.worker.cells.task import Task
from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Reason
from shared.domain.plan import error, skipped
from shared.domain.words.codes import Code
from shared.mongodb.catalogue.boms import BomStore
from shared.reading.levels import Value, level_of
from shared.reading.locations import known_locations
from shared.shopify.reads.reads import Item, ShopifyReads


class ShopifyValues:
    """Reads levels in batches of 250 items."""

    def __init__(self, boms: BomStore, shopify: ShopifyReads) -> None:
        self._boms = boms
        self._shopify = shopify

    async def read(
        self, shop: str, tasks: Sequence[Task]
    ) -> tuple[dict[CellKey, Value], list[tuple[Task, CellOutcome]]]:
        """The value of each cell that has one; for the others how they end. Raises what the adapter raises."""
        if not tasks:
            return {}, []
        locations = await known_locations(shop, self._boms, self._shopify)
        values: dict[CellKey, Value] = {}
        ended: list[tuple[Task, CellOutcome]] = []
        items: dict[str, Item | None] = {}
        for item_ids in batches(sorted({task.item_id for task in tasks}), ROWS_PER_CALL):
            wanted = set(item_ids)
            at = {task.key.location_id for task in tasks if task.item_id in wanted}
            read = await self._shopify.items(shop, item_ids, locations=len(locations), at=at)
            items |= read.items
        for task in tasks:
            level = level_of(items[task.item_id], task.key.location_id, locations.get(task.key.location_id))
            if isinstance(level, Value):
                values[task.key] = level
            elif isinstance(level, Reason):
                ended.append((task, CellOutcome(skipped(level))))
            elif isinstance(level, Code):
                ended.append((task, CellOutcome(error(level))))
        return values, ended
