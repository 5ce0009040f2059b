"""A selection of all that a filter finds but some: what is left out stays as it is, in whatever is made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from services.reconciler.schedules.role import ScheduleTimes
from shared.contract.messages import JobOptions
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.domain.run_limits import RunLimits
from shared.domain.schedule import Action, Missed, Timing
from shared.mongodb.schedules.schedule import ScheduleWanted
from shared.mongodb.schedules.schedules import ScheduleStore
from tests.integration.shop_world import SHOP, ShopWorld, new_id, previewer, reconciler, shop_world

BUT_TWO: dict[str, Any] = {"filter": {"text": "BOM", "except_bom_ids": ["B", "D"]}}
UNTOUCHED = {"B": [10, 20], "D": [10, 20]}


@pytest.fixture
async def shop(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Four BOMs that track at two locations, each count 3 above Shopify's value; nothing runs."""
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


async def _held(world: ShopWorld) -> dict[str, list[int]]:
    """What Shopify holds, BOM by BOM."""
    levels = await world.shopify()
    return {name: [levels[key] for key in sorted(levels) if key.bom_id == name] for name in "ABCD"}


async def _boms(world: ShopWorld, job_id: str) -> set[str]:
    return {key.bom_id for key in await world.cells(job_id)}


async def test_a_preview_and_its_job_leave_them_out(world: ShopWorld) -> None:
    """The preview has no row of theirs, the job no cell, and they stay as they were."""
    preview = await world.preview(BUT_TWO)
    rows = world.mongo.db["preview_rows"].find({"shop": SHOP, "preview_id": preview})
    assert {row["bom_id"] async for row in rows} == {"A", "C"}
    job = await world.run(Direction.TO_SHOPIFY, BUT_TWO, preview_id=preview)
    assert (job["totals"]["total"], job["totals"]["updated"]) == (4, 4)
    assert await _held(world) == {"A": [13, 23], "C": [13, 23], **UNTOUCHED}


async def test_a_job_without_a_preview_leaves_them_out(world: ShopWorld) -> None:
    """All without another condition but one: the planner makes no cell of it."""
    job = await world.run(Direction.TO_SHOPIFY, {"filter": {"except_bom_ids": ["A"]}})
    assert await _boms(world, job["job_id"]) == {"B", "C", "D"}
    assert (await _held(world))["A"] == [10, 20]


async def test_a_retry_and_an_undo_of_it_leave_them_out(world: ShopWorld) -> None:
    """What is made of such a job is of its cells alone."""
    first = await world.run(Direction.TO_SHOPIFY, BUT_TWO)
    undone = await world.run(Direction.TO_SHOPIFY, BUT_TWO, source=JobSource.UNDO, of_job_id=first["job_id"])
    assert undone["totals"]["updated"] == 4
    assert await _boms(world, undone["job_id"]) == {"A", "C"}
    assert await _held(world) == {"A": [10, 20], "C": [10, 20], **UNTOUCHED}
    await world.mongo.db["cells"].update_many(
        {"job_id": first["job_id"]}, {"$set": {"state": "error", "code": "READ_FAILED"}}
    )
    again = await world.run(Direction.TO_LOCAL, BUT_TWO, source=JobSource.RETRY, of_job_id=first["job_id"])
    assert await _boms(world, again["job_id"]) == {"A", "C"}


async def test_a_schedule_leaves_them_out(world: ShopWorld) -> None:
    """A stored filter keeps its exceptions; what is new by then is taken with the rest."""
    await world.add_boms({"E": [5, 5]}, tracks=True)
    await world.agree(["E"])
    await world.hand("E", world.locations[0], 1)
    keys = [key.get_secret_value() for key in world.settings.token_keys]
    wanted = ScheduleWanted(
        name="All but two",
        enabled=True,
        action=Action.RECONCILE,
        direction=Direction.TO_SHOPIFY,
        selection=SelectionBody.model_validate(BUT_TWO),
        options=JobOptions(),
        timing=Timing.hourly(0),
        time_zone="UTC",
        missed=Missed.RUN_ONCE,
        limits=RunLimits(max_share=1),
    )
    due = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    schedules = ScheduleStore(world.mongo.db, keys)
    schedule_id = new_id()
    await schedules.put(SHOP, schedule_id, wanted, next_at=due, target_url=None, secret="", by="test")
    stored = await schedules.get(SHOP, schedule_id)
    assert stored is not None
    assert stored.selection == SelectionBody.model_validate(BUT_TWO)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(reconciler(world, schedule_times=ScheduleTimes(tick=0.05)))
        run = await world.document_where("schedule_runs", {"state": "ended"})
    assert await _boms(world, run["run_id"]) == {"A", "C", "E"}


async def test_jobs_that_leave_each_other_out_run_side_by_side(shop: ShopWorld) -> None:
    """All but two, and those two: no cell is shared, and none waits for the other. All but one of them waits."""
    async with reconciler(shop, roles={"planner", "aggregator"}):
        first = await shop.request(Direction.TO_SHOPIFY, BUT_TWO)
        await shop.document("jobs", first, lambda job: job["state"] == "running")
        beside = await shop.request(Direction.TO_SHOPIFY, {"bom_ids": ["B"]})
        await shop.document("jobs", beside, lambda job: job["state"] == "running")
        rest = await shop.request(Direction.TO_SHOPIFY, {"filter": {"except_bom_ids": ["A", "B", "C"]}})
        await shop.document("jobs", rest, lambda job: job["state"] == "running")
        over = await shop.request(Direction.TO_SHOPIFY, {"filter": {"except_bom_ids": ["B", "C", "D"]}})
        waiting = await shop.document("jobs", over, lambda job: job["state"] == "waiting")
        assert waiting["waits_for"] == first


async def test_a_job_may_narrow_the_filter_of_its_preview(world: ShopWorld) -> None:
    """One more left out, at one place only: the rows are the preview's, whatever the filter would find by then."""
    wide = {"filter": {"cell_class": "local_moved", "except_bom_ids": ["B"]}}
    preview = await world.preview(wide)
    here, there = world.locations
    await world.hand("A", here, -3)
    await world.hand("A", there, -3)  # agrees again: the filter would not find it
    narrow = {"filter": {"cell_class": "local_moved", "except_bom_ids": ["B", "D"], "location_ids": [here]}}
    job = await world.run(Direction.TO_SHOPIFY, narrow, preview_id=preview)
    assert {(key.bom_id, key.location_id) for key in await world.cells(job["job_id"])} == {("A", here), ("C", here)}
