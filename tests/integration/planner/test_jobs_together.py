"""Several jobs at once: one that shares a cell waits whole, others run side by side, cancelled ones leave nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.metrics import REGISTRY
from tests.integration.shop_world import ShopWorld, new_id, previewer, reconciler, shop_world
from tests.waiting import time_passes


@pytest.fixture
async def shop(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Four BOMs that track at 2 locations, each count 3 above Shopify's value; nothing runs."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({name: [10, 20] for name in "ABCD"}, tracks=True)
        await made.agree()
        for name in "ABCD":
            for location in made.locations:
                await made.hand(name, location, 3)
        yield made


@pytest.fixture
async def world(shop: ShopWorld) -> AsyncIterator[ShopWorld]:
    """The shop with services running."""
    async with reconciler(shop), previewer(shop):
        yield shop


@pytest.fixture
async def planning(shop: ShopWorld) -> AsyncIterator[ShopWorld]:
    """The shop with services running but the workers: jobs start, and end when the test has begun to work on them."""
    async with reconciler(shop, roles={"planner", "aggregator"}):
        yield shop


async def test_overlapping_jobs_in_opposite_directions_run_one_after_the_other(planning: ShopWorld) -> None:
    """Requested together, the second waits, says for which job, and runs after the first has ended."""
    world = planning
    first, second = new_id(), new_id()
    await world.request(Direction.TO_SHOPIFY, {"bom_ids": ["A", "B"]}, job_id=first)
    await world.document("jobs", first, lambda job: job["state"] == "running")
    await world.request(Direction.TO_LOCAL, {"bom_ids": ["B", "C"]}, job_id=second)

    waiting = await world.document("jobs", second, lambda job: job["state"] == "waiting")
    assert waiting["waits_for"] == first
    async with reconciler(world, roles={"worker"}):
        done, after = await asyncio.gather(world.ended(first), world.ended(second))

    assert done["state"] == after["state"] == "completed"
    assert after["started_at"] >= done["finished_at"]
    shopify = await world.shopify()
    here, there = world.locations
    assert [shopify[CellKey("A", here)], shopify[CellKey("B", there)], shopify[CellKey("C", here)]] == [13, 23, 10]
    assert (await world.cell("C", here)).count == 10
    # B was pushed first; afterwards it agrees, and the second job has nothing to accept.
    assert (await world.cells(second))[CellKey("B", here)]["state"] == "skipped"


async def test_jobs_requested_in_the_same_breath_keep_their_order(world: ShopWorld) -> None:
    """Two jobs on the same cells, published together, never hold halves of each other's cells."""
    jobs = await asyncio.gather(
        *(world.request(direction, {"bom_ids": "all"}) for direction in (Direction.TO_SHOPIFY, Direction.TO_LOCAL))
    )
    ended = await asyncio.gather(*(world.ended(job) for job in jobs))
    first, second = sorted(ended, key=lambda job: job["no"])
    assert second["started_at"] >= first["finished_at"]
    assert first["totals"]["updated"] == 8
    assert second["totals"]["skipped"] == 8


async def test_jobs_that_share_no_cell_run_side_by_side(planning: ShopWorld) -> None:
    """The second starts while the first is still running."""
    world = planning
    first = await world.request(Direction.TO_SHOPIFY, {"bom_ids": ["A", "B"]})
    second = await world.request(Direction.TO_SHOPIFY, {"bom_ids": ["C", "D"]})
    for job in (first, second):
        await world.document("jobs", job, lambda job: job["state"] == "running")
    async with reconciler(world, roles={"worker"}):
        done, beside = await asyncio.gather(world.ended(first), world.ended(second))
    assert beside["started_at"] < done["finished_at"]
    assert done["started_at"] < beside["finished_at"]
    assert done["totals"]["updated"] == beside["totals"]["updated"] == 4


async def test_a_repeated_request_has_no_second_effect(world: ShopWorld) -> None:
    """The client's job id is the idempotency key: twenty copies make one job."""
    job_id = new_id()
    await asyncio.gather(*(world.request(Direction.TO_SHOPIFY, job_id=job_id) for _ in range(20)))
    job = await world.ended(job_id)
    assert job["totals"]["updated"] == 8
    assert len(await world.ledger()) == 8
    assert await world.mongo.db["jobs"].count_documents({}) == 1


async def test_a_waiting_job_is_cancelled_at_once(planning: ShopWorld) -> None:
    """A job without cells is cancelled by its state, told and counted once; the one before it is not touched."""
    world = planning
    labels = {"source": "api", "direction": "toLocal", "state": "cancelled"}
    before = REGISTRY.get_sample_value("trueup_jobs_total", labels) or 0
    first = await world.request(Direction.TO_SHOPIFY)
    await world.document("jobs", first, lambda job: job["state"] == "running")
    second = await world.request(Direction.TO_LOCAL)
    await world.document("jobs", second, lambda job: job["state"] == "waiting")
    await world.cancel(second)
    cancelled = await world.ended(second)
    assert cancelled["state"] == "cancelled"
    assert await world.cells(second) == {}
    async with reconciler(world, roles={"worker"}):
        assert (await world.ended(first))["totals"]["updated"] == 8
    await world.document("jobs", second, lambda job: job["finished_event"] == "sent")
    await time_passes(0.1, why="a second count would come with this one")
    assert REGISTRY.get_sample_value("trueup_jobs_total", labels) == before + 1


async def test_second_job_on_the_same_preview_pushes_nothing(world: ShopWorld) -> None:
    """The same approved correction is never applied twice."""
    preview_id = await world.preview()
    first = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    second = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert first["totals"]["updated"] == 8
    assert second["reasons"] == {"settled_since_preview": 8}
    assert len(await world.ledger()) == 8


async def test_undo_gives_back_what_the_push_took(world: ShopWorld) -> None:
    """After an undo Shopify holds what it held before, a sale in between kept, and the drift is there again."""
    here = world.locations[0]
    job = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["A"]})
    await world.sell("A", here, 1)
    undone = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["A"]}, source=JobSource.UNDO, of_job_id=job["job_id"])
    assert undone["totals"]["updated"] == 2, undone
    assert (await world.shopify())[CellKey("A", here)] == 9
    again = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["A"]}, source=JobSource.UNDO, of_job_id=job["job_id"])
    assert again["codes"] == {"SETTLED_SINCE_PREVIEW": 2}
    assert (await _settled(world, "A", here)) == (9, 12)


async def test_undo_of_to_local_restores_the_count(world: ShopWorld) -> None:
    """The local count takes back what it had; Shopify is not touched."""
    here = world.locations[0]
    job = await world.run(Direction.TO_LOCAL, {"bom_ids": ["A"]})
    assert (await world.cell("A", here)).count == 10
    undone = await world.run(Direction.TO_LOCAL, {"bom_ids": ["A"]}, source=JobSource.UNDO, of_job_id=job["job_id"])
    assert undone["totals"]["updated"] == 2
    stock = await world.cell("A", here)
    assert (stock.base, stock.count) == (10, 13)
    assert await world.ledger() == []


async def _settled(world: ShopWorld, bom: str, location: str) -> tuple[int | None, int | None]:
    """Base and count once no verifying read is outstanding."""
    await world.verified()
    stock: dict[str, Any] = await world.document("stock", f"{bom}|{location}", lambda _: True)
    return stock["index"], stock["count"]


async def test_a_running_job_is_cancelled_where_it_has_not_begun(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """Nobody works yet: every cell is cancelled, the job ends, and a worker that comes later pushes nothing."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as world,
        reconciler(world, roles={"planner", "aggregator"}),
    ):
        await world.add_boms({"A": [7, 7]}, tracks=True)
        await world.agree()
        await world.hand("A", world.locations[0], 3)
        job_id = await world.request(Direction.TO_SHOPIFY)
        await world.document("jobs", job_id, lambda job: job["state"] == "running")
        await world.cancel(job_id)
        job = await world.ended(job_id)
        assert (job["state"], job["totals"]["cancelled"]) == ("cancelled", 2)
        async with reconciler(world, roles={"worker"}):
            assert (await world.run(Direction.TO_SHOPIFY))["totals"]["updated"] == 1
        assert len(await world.ledger()) == 1


async def test_a_job_that_cannot_start_ends_at_once_and_lets_others_go(world: ShopWorld) -> None:
    """An empty filter fails with its code, and the job that waited for it runs."""
    job = await world.run(Direction.TO_SHOPIFY, {"filter": {"tag": "nobody has it"}})
    assert (job["state"], job["failure"]["code"]) == ("failed", "EMPTY_SELECTION")
    assert (await world.run(Direction.TO_SHOPIFY))["totals"]["updated"] == 8


async def test_long_selections_wait_for_each_other_and_are_run_whole(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that stands beside its document is previewed, run without what is left out, compared with other jobs',
    and retried like a short one."""
    monkeypatch.setattr("shared.mongodb.catalogue.selections.SHORT", 0)
    monkeypatch.setattr("shared.mongodb.catalogue.selections._PART", 2)
    here, _ = world.locations
    cells = [{"bom_id": name, "location_id": here} for name in "ABC"]
    preview_id = await world.preview({"cells": cells})
    assert await world.mongo.db["selections"].count_documents({"owner": f"preview:{preview_id}"}) == 2
    first, second, beside = new_id(), new_id(), new_id()
    await asyncio.gather(
        world.request(Direction.TO_SHOPIFY, {"cells": cells}, preview_id=preview_id, job_id=first),
        world.request(Direction.TO_LOCAL, {"bom_ids": ["C", "D"]}, job_id=second),
        world.request(Direction.TO_SHOPIFY, {"cells": [{"bom_id": "Z", "location_id": here}]}, job_id=beside),
    )
    done, after, failed = await asyncio.gather(*(world.ended(job) for job in (first, second, beside)))
    assert [job["state"] for job in (done, after, failed)] == ["completed", "completed", "completed_with_errors"]
    assert {key.bom_id for key in await world.cells(first)} == set("ABC")
    assert after["started_at"] >= done["finished_at"] or done["started_at"] >= after["finished_at"]
    for job in (done, after, failed):
        assert job["selection"].keys() == {"kept"}
    retry = await world.run(Direction.TO_SHOPIFY, {"bom_ids": "all"}, source=JobSource.RETRY, of_job_id=beside)
    assert (retry["totals"]["total"], retry["selection"]["kept"]["digest"]) == (
        1,
        failed["selection"]["kept"]["digest"],
    )
