"""What a job reads in the store grows with its cells, never with their square."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.reconciler.jobs import window
from services.reconciler.jobs.window import WINDOW
from services.reconciler.worker.lanes.lane import BATCHES_AT_ONCE
from shared.domain.batches import ROWS_PER_CALL
from shared.domain.comparison import Direction
from shared.mongodb.schema import Document
from tests.integration.shop_world import ShopWorld, previewer, reconciler, shop_world

LOCATIONS = 4
SPARE = 60
"""Documents that a query may examine beyond those it answers, changes or counts up to its limit."""

UNDER_WAY = BATCHES_AT_ONCE * ROWS_PER_CALL
"""Cells at work, whatever the size of the job: who asks for published ones that nobody has begun passes over them."""


@pytest.fixture(
    params=[pytest.param((90, 250), id="360"), pytest.param((450, WINDOW), id="1800", marks=pytest.mark.full)]
)
def boms(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many BOMs: with more cells than a window holds, which is a small one in the short form."""
    number: int
    number, size = request.param
    monkeypatch.setattr(window, "WINDOW", size)
    return number


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str, boms: int) -> AsyncIterator[ShopWorld]:
    """More cells than a window of published ones, each counted 2 above Shopify's value; services running."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name) as made,
        reconciler(made),
        previewer(made),
    ):
        await made.add_boms({f"B{n:03}": [n, n + 1, n + 2, n + 3] for n in range(boms)}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        yield made


def _needed(entry: Document) -> int:
    command = entry["command"]
    limit: int = command.get("limit", 0)
    for stage in command.get("pipeline", ()):
        limit = stage.get("$limit", limit)
    done: int = max(entry.get(count, 0) for count in ("nreturned", "nMatched", "ndeleted"))
    return max(done, limit)


def _counts_at_work(entry: Document) -> bool:
    """Of the cells of a window, and of no more: how many are at work."""
    stages: list[Document] = list(entry["command"].get("pipeline", ()))
    return any(stage.get("$match", {}).get("state") == "applying" and "no" in stage["$match"] for stage in stages)


async def test_no_query_reads_cells_it_does_not_need(world: ShopWorld, boms: int) -> None:
    """Every read and write of cells examines about as many as it answers or changes, however many the job has."""
    # The profile's own size is 1 MB: too little for a whole job.
    await world.mongo.db.create_collection("system.profile", capped=True, size=2**24)
    await world.mongo.db.command({"profile": 2})
    preview_id = await world.preview()
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert job["totals"]["updated"] == boms * LOCATIONS
    await world.mongo.db.command({"profile": 0})
    seen, greedy = 0, []
    by_id = "IXSCAN { _id: 1 }"  # what is asked for by name is needed, though the first answer holds 101 of them
    cells = {"ns": world.mongo.db["cells"].full_name, "docsExamined": {"$exists": True}, "planSummary": {"$ne": by_id}}
    async for entry in world.mongo.db["system.profile"].find(cells):
        seen += 1
        excess = entry["docsExamined"] - _needed(entry)
        asks_for_pending = entry["command"].get("filter", {}).get("state") == "pending"
        if excess > SPARE + (UNDER_WAY if asks_for_pending else window.WINDOW if _counts_at_work(entry) else 0):
            greedy.append(f"{entry['ns']} {excess} {entry.get('planSummary')} {str(entry['command'])[-900:]}")
    assert seen > 0
    assert not greedy, "\n".join(greedy)
