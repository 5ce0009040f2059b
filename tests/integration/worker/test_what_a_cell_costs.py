"""What a thousand cells cost, counted: statements, documents and index entries of MongoDB, messages, points.

No clock is asked: the counts are the same on every machine, but for what is said at each bound. Who makes a cell
dearer finds it out here; who makes it cheaper takes the bound down. What it costs in time: `make bench`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aio_pika
import pytest

from benchmarks.points import verified
from services.reconciler.bootstrap import ALL_ROLES
from shared.domain.comparison import Direction
from shared.rabbitmq.topology import COMMANDS, EVENTS
from tests.integration.shop_world import ShopWorld, previewer, reconciler, shop_world

BOMS, LOCATIONS = 250, 4
CELLS = BOMS * LOCATIONS

WRITTEN = ("ninserted", "nUpserted", "nModified", "ndeleted")

BY_TIME = ("partitions", "replicas")
"""Leases: renewed by the clock, and looked through as a whole, sixteen partitions and one replica for each process."""

ROOM = 2**26
"""Bytes of the server's record of statements: all of them."""


OF_CELLS = ("cells", "stock", "ledger", "preview_rows")
"""Collections with a document for each cell. The others are counted together, as `rest`: it grows with batches and
jobs, and a little with time (rounds), so that its bounds are wide."""

Counts = Counter[str]


@dataclass
class Cost:
    """What was used between two moments, by what it is called in `BOUNDS`; and statements that scan a collection."""

    counts: Counts = field(default_factory=Counter)
    scans: list[str] = field(default_factory=list)


BOUNDS: dict[str, dict[str, int]] = {
    "preview": {
        "preview_rows: statements": 1_050,
        "preview_rows: written": 1_000,
        "preview_rows: read": 4_700,
        "preview_rows: index entries": 8_000,
        "stock: statements": 10,
        "stock: read": 1_000,
        "rest: statements": 150,
        "rest: written": 30,
        "rest: read": 600,
        "rest: index entries": 30,
        "transactions": 5,
        "messages": 10,
        "points": 13,
    },
    "toShopify": {
        "cells: statements": 1_150,
        "cells: written": 5_000,
        "cells: read": 11_000,
        "cells: index entries": 17_000,
        "stock: statements": 60,
        "stock: written": 1_000,
        "stock: read": 4_500,
        "stock: index entries": 0,
        "ledger: statements": 10,
        "ledger: written": 1_000,
        "ledger: index entries": 1_000,
        "preview_rows: statements": 10,
        "preview_rows: read": 1_050,
        "rest: statements": 350,
        "rest: written": 100,
        "rest: read": 1_000,
        "rest: index entries": 60,
        "transactions": 25,
        "messages": 1_030,
        "points": 60,
    },
    "toLocal": {
        "cells: statements": 1_150,
        "cells: written": 4_000,
        "cells: read": 11_000,
        "cells: index entries": 15_000,
        "stock: statements": 60,
        "stock: written": 1_000,
        "stock: read": 4_500,
        "stock: index entries": 0,
        "ledger: statements": 10,
        "ledger: written": 2_000,
        "ledger: index entries": 2_000,
        "preview_rows: statements": 10,
        "preview_rows: read": 1_050,
        "rest: statements": 350,
        "rest: written": 100,
        "rest: read": 1_000,
        "rest: index entries": 60,
        "transactions": 25,
        "messages": 1_030,
        "points": 50,
    },
}
"""What a preview, and a job of as many cells each way, may use: a little above what they do."""


@asynccontextmanager
async def counted(world: ShopWorld) -> AsyncIterator[Cost]:
    """Count what is used inside the block."""
    db, cost = world.mongo.db, Cost()
    await db.drop_collection("system.profile")
    await db.create_collection("system.profile", capped=True, size=ROOM)
    await world.control("calls/reset")
    async with await aio_pika.connect(world.settings.amqp_url.get_secret_value()) as connection:
        channel = await connection.channel()
        # Gets every message that is published: the broker's own counters are seconds old.
        heard = await channel.declare_queue(exclusive=True)
        for exchange in (COMMANDS, EVENTS):
            await heard.bind(exchange, "#")
        await db.command({"profile": 2})
        try:
            yield cost
        finally:
            await db.command({"profile": 0})
        again = await channel.declare_queue(heard.name, passive=True)
        cost.counts["messages"] = again.declaration_result.message_count or 0
    cost.counts["points"] = sum(one["points"] for one in (await world.calls()).values())
    await _read_profile(world, cost)


async def _read_profile(world: ShopWorld, cost: Cost) -> None:
    counts, transactions = cost.counts, set()
    async for entry in world.mongo.db["system.profile"].find({"ns": {"$not": {"$regex": "system"}}}):
        command = entry["command"]
        if "$changeStream" in str(command.get("pipeline", entry.get("originatingCommand"))):
            continue  # a wait of this test: the services follow no stream of the store
        name = entry["ns"].partition(".")[2]
        if name in BY_TIME:
            continue
        of = name if name in OF_CELLS else "rest"
        counts[f"{of}: statements"] += 1
        counts[f"{of}: written"] += sum(entry.get(count, 0) for count in WRITTEN)
        counts[f"{of}: read"] += entry.get("docsExamined", 0)
        counts[f"{of}: index entries"] += entry.get("keysInserted", 0) + entry.get("keysDeleted", 0)
        if "COLLSCAN" in entry.get("planSummary", ""):
            cost.scans.append(f"{name}: {str(command)[:300]}")
        if "txnNumber" in command and "autocommit" in command:
            transactions.add((str(command["lsid"]), command["txnNumber"]))
    counts["transactions"] = len(transactions)


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A thousand cells in drift, each count two above Shopify's value; services running, but for the sweeper."""
    async with shop_world(vhost_url, mongodb_uri, database_name, plan="plus") as made:
        await made.add_boms({f"B{n:03}": [n + place for place in range(LOCATIONS)] for n in range(BOMS)}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        async with reconciler(made, roles=ALL_ROLES - {"sweeper"}), previewer(made):
            yield made


async def test_what_a_thousand_cells_cost(world: ShopWorld) -> None:
    """A preview and a job each way stay within what they cost now, and nothing scans a collection."""
    costs: dict[str, Cost] = {}
    async with counted(world) as costs["preview"]:
        preview_id = await world.preview()
    async with counted(world) as costs["toShopify"]:
        job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
        await verified(world)
    assert job["totals"]["updated"] == CELLS, (job["totals"], job["codes"])
    await world.edit(dict.fromkeys([(bom, place) for bom in world.items for place in world.locations], 5000))
    preview_id = await world.preview()
    async with counted(world) as costs["toLocal"]:
        job = await world.run(Direction.TO_LOCAL, preview_id=preview_id)
        await verified(world)
    assert job["totals"]["updated"] == CELLS, (job["totals"], job["codes"])

    sys.stdout.write(json.dumps({step: cost.counts for step, cost in costs.items()}, indent=2) + "\n")
    dearer = [
        f"{step}, {name}: {number}, at most {BOUNDS[step].get(name, 0)}"
        for step, cost in costs.items()
        for name, number in cost.counts.items()
        if number > BOUNDS[step].get(name, 0)
    ]
    assert not dearer, "\n".join(dearer)
    assert not [scan for cost in costs.values() for scan in cost.scans]
