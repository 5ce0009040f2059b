"""What a thousand cells cost, counted: statements, documents and index entries of MongoDB, messages, points.

No clock is asked: the counts are the same on every machine, but for what is said at each bound. Who makes a cell
dearer finds it out here; who makes it cheaper takes the bound down. What it costs in time: `make bench`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from benchmarks.points import verified
from services.reconciler.bootstrap import ALL_ROLES
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.mongodb.previews.previews import PreviewStore
from tests.integration.counted_cost import Cost, counted, undisturbed
from tests.integration.shop_world import SHOP, ShopWorld, previewer, reconciler, shop_world

BOMS, LOCATIONS = 250, 4
CELLS = BOMS * LOCATIONS

OF_CELLS = ("cells", "stock", "ledger", "preview_rows")
"""Collections with a document for each cell. The others are counted together, as `rest`: it grows with batches and
jobs, and a little with time (rounds), so that its bounds are wide."""

BOUNDS: dict[str, dict[str, int]] = {
    "preview": {
        "preview_rows: statements": 10,
        "preview_rows: written": 1_000,
        "preview_rows: read": 0,
        "preview_rows: index entries": 5_000,
        "stock: statements": 10,
        "stock: read": 1_000,
        "rest: statements": 80,
        # Each BOM: when its places were read, for the list.
        "rest: written": 280,
        "rest: read": 650,
        "rest: index entries": 30,
        "transactions": 2,
        "messages": 10,
        "points": 13,
    },
    "toShopify": {
        "cells: statements": 100,
        "cells: written": 4_000,
        "cells: read": 9_500,
        "cells: index entries": 7_000,
        "stock: statements": 40,
        "stock: written": 1_000,
        "stock: read": 4_100,
        "stock: index entries": 0,
        "ledger: statements": 10,
        "ledger: written": 1_000,
        "ledger: index entries": 1_000,
        "preview_rows: statements": 10,
        "preview_rows: read": 1_050,
        "rest: statements": 250,
        "rest: written": 100,
        "rest: read": 1_000,
        "rest: index entries": 60,
        "transactions": 25,
        "messages": 1_030,
        "points": 60,
    },
    "verifying read": {
        "stock: statements": 10,
        "stock: read": 1_100,
        "rest: statements": 40,
        "rest: written": 12,
        "rest: read": 60,
        "rest: index entries": 30,
        # The job before it may still be summed up once.
        "transactions": 2,
        "points": 13,
    },
    "toLocal": {
        "cells: statements": 100,
        "cells: written": 3_000,
        "cells: read": 9_500,
        "cells: index entries": 7_000,
        "stock: statements": 40,
        "stock: written": 1_000,
        "stock: read": 4_100,
        # The preview has shown each as differing in the list: here it goes from there.
        "stock: index entries": 1_000,
        "ledger: statements": 10,
        "ledger: written": 2_000,
        "ledger: index entries": 2_000,
        "preview_rows: statements": 10,
        "preview_rows: read": 1_050,
        "rest: statements": 250,
        "rest: written": 100,
        "rest: read": 1_000,
        "rest: index entries": 60,
        "transactions": 25,
        "messages": 1_030,
        "points": 50,
    },
}
"""What a preview, a job of as many cells each way, and a read that finds nothing may use: a little more than now."""


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A thousand cells in agreement; services running, but for the sweeper."""
    async with shop_world(vhost_url, mongodb_uri, database_name, plan="plus") as made:
        await made.add_boms({f"B{n:03}": [n + place for place in range(LOCATIONS)] for n in range(BOMS)}, tracks=True)
        await made.agree()
        async with reconciler(made, roles=ALL_ROLES - {"sweeper"}), previewer(made):
            yield made


async def test_what_a_thousand_cells_cost(world: ShopWorld) -> None:
    """A preview, a job each way and a verifying read stay within what they cost now; every query has its index."""

    async def measure(attempt: int) -> dict[str, Cost]:
        costs: dict[str, Cost] = {}
        await world.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        async with counted(world, OF_CELLS) as costs["preview"]:
            # Asked by the clock, for a metric: here for certain.
            await PreviewStore(world.mongo.db, world.mongo.transactions).open_in_all()
            preview_id = await world.preview()
        async with counted(world, OF_CELLS) as costs["toShopify"]:
            job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
            await verified(world)
        assert job["totals"]["updated"] == CELLS, (job["totals"], job["codes"])
        cells = [(bom, place) for bom in world.items for place in world.locations]
        await world.edit(dict.fromkeys(cells, 5000 + attempt))
        preview_id = await world.preview()
        async with counted(world, OF_CELLS) as costs["toLocal"]:
            job = await world.run(Direction.TO_LOCAL, preview_id=preview_id)
            await verified(world)
        assert job["totals"]["updated"] == CELLS, (job["totals"], job["codes"])
        async with counted(world, OF_CELLS) as costs["verifying read"]:
            await world.stock.ask_verify(SHOP, [CellKey(*cell) for cell in cells], at=datetime.now(UTC))
            await verified(world)
        return costs

    await undisturbed(measure, BOUNDS)
