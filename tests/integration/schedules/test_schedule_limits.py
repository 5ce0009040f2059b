"""What a schedule may do by itself: above a limit its run waits for a person, and the rest is left to one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contract.selection import CellRef, LeaveOut
from shared.domain.comparison import Direction
from shared.domain.drift import RepairPolicy
from shared.domain.run_limits import DEFAULT_LIMITS, Differences, RunLimits, WaitsFor
from shared.domain.schedule import RunState, Skipped
from shared.mongodb.drift.sweeps import Breaker, SweepStore
from shared.mongodb.schedules.run import ScheduleRun
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schema import Document
from tests.integration.schedules.schedule_setup import Scheduled
from tests.integration.shop_world import SHOP, new_id

ANY = RunLimits(max_share=1)


async def run_of(world: Scheduled, schedule_id: str) -> ScheduleRun:
    """The one run of the schedule that is not over."""
    (run,) = await ScheduleRuns(world.shop.mongo.db).unfinished(SHOP, schedule_id)
    return run


async def counts(world: Scheduled) -> set[int | None]:
    """The local values of all places."""
    shop = world.shop
    return {(await shop.cell(bom, place)).local for bom in ("B1", "B2") for place in shop.locations}


async def again(world: Scheduled, schedule_id: str) -> None:
    """The schedule's next moment comes at once."""
    (last,) = await world.runs(1, schedule_id=schedule_id)
    later = {"next_at": last["due_at"] + timedelta(seconds=1), "lease": None}
    await world.shop.mongo.db["schedules"].update_one({"schedule_id": schedule_id}, {"$set": later})


@pytest.mark.parametrize(
    ("limits", "reason"), [(RunLimits(max_move=1, max_share=1), "move"), (RunLimits(max_share=0.5), "share")]
)
async def test_a_run_above_its_limit_waits_and_an_approval_begins_exactly_that(
    world: Scheduled, limits: RunLimits, reason: str
) -> None:
    """Nothing is asked for and no count moves until a person lets it begin; then what was compared is done, once."""
    schedule_id = await world.put(limits=limits)
    await world.start(many=2)
    (waiting,) = await world.runs(1, state="waiting")
    assert waiting["plan"] == {"places": 4, "compared": 4, "largest_move": 2, "left": 0}
    assert (waiting["waits_for"], await world.jobs(), await counts(world)) == (reason, [], {5})
    runs = ScheduleRuns(world.shop.mongo.db)
    assert [run.run_id for run in await runs.waiting(SHOP)] == [waiting["run_id"]]
    run = await run_of(world, schedule_id)
    assert await runs.approve(run, "user:1")
    assert not await runs.waits(run, waiting["plan"], WaitsFor.SHARE), "a process that judged it before"
    assert not await runs.approve(run, "user:2")
    assert not await runs.stop_waiting(run, Skipped.DECLINED, "user:2")
    (ended,) = await world.runs(1, state="ended")
    assert (ended["outcome"], ended["approved_by"], ended["figures"]["updated"]) == ("completed", "user:1", 4)
    (job,) = await world.jobs()
    assert (job["job_id"], job["preview_id"], job["source"]) == (*[waiting["run_id"]] * 2, "schedule")
    assert await counts(world) == {7}


async def test_the_next_moment_compares_anew_and_takes_the_place_of_what_waits(world: Scheduled) -> None:
    """What was compared yesterday is not what is so today: the earlier one is left out, and cannot be approved."""
    schedule_id = await world.put(limits=RunLimits(max_move=1, max_share=1))
    await world.start()
    await world.runs(1, state="waiting")
    first = await run_of(world, schedule_id)
    await again(world, schedule_id)
    (replaced,) = await world.runs(1, state="skipped")
    assert (replaced["run_id"], replaced["reason"]) == (first.run_id, "replaced")
    (waiting,) = await world.runs(1, state="waiting")
    assert waiting["run_id"] != first.run_id
    assert not await ScheduleRuns(world.shop.mongo.db).approve(first, "user:1")
    assert await world.jobs() == []


async def test_by_default_only_the_safe_side_is_settled_and_the_rest_is_left_to_a_person(world: Scheduled) -> None:
    """A place that was counted here, too, stays as it is; one that allows all takes Shopify's value there as well."""
    shop = world.shop
    await shop.hand("B1", shop.locations[0], 3)
    await world.put(limits=ANY)
    await world.start()
    (ended,) = await world.runs(1, state="ended")
    assert (ended["figures"]["total"], ended["figures"]["updated"]) == (3, 3)
    assert ended["plan"] == {"places": 3, "compared": 4, "largest_move": 2, "left": 1}
    assert (await shop.cell("B1", shop.locations[0])).local == 8
    await world.put(limits=RunLimits(Differences.ALL, max_share=1))
    await world.runs(2, state="ended")
    assert (await shop.cell("B1", shop.locations[0])).local == 7


async def test_a_push_by_schedule_leaves_alone_what_shopify_has_changed(world: Scheduled) -> None:
    """Towards Shopify the safe side is what was counted here: a change there that nobody has seen stays."""
    shop = world.shop
    await shop.edit({("B2", shop.locations[0]): 5, ("B2", shop.locations[1]): 5})
    await shop.hand("B2", shop.locations[0], 4)
    await world.put(direction=Direction.TO_SHOPIFY)
    await world.start()
    (ended,) = await world.runs(1, state="ended")
    assert ended["plan"] == {"places": 1, "compared": 4, "largest_move": 4, "left": 2}
    values = {(key.bom_id, key.location_id): value for key, value in (await shop.shopify()).items()}
    first, second = shop.locations
    assert values == {("B1", first): 7, ("B1", second): 7, ("B2", first): 9, ("B2", second): 5}


async def test_a_schedule_of_an_earlier_build_is_kept_to_the_defaults(world: Scheduled) -> None:
    """A document without limits: the safe side, and the breaker as automatic repair has it."""
    schedule_id = await world.put()
    await world.shop.mongo.db["schedules"].update_one({"schedule_id": schedule_id}, {"$unset": {"limits": ""}})
    stored = await world.schedules.get(SHOP, schedule_id)
    assert stored is not None
    assert stored.limits == DEFAULT_LIMITS
    await world.start()
    (waiting,) = await world.runs(1, state="waiting")
    assert waiting["waits_for"] == "share"


async def test_no_schedule_goes_around_a_repair_that_has_stopped(world: Scheduled) -> None:
    """While the shop's breaker is open a run waits, however wide its own limits are."""
    sweeps = SweepStore(world.shop.mongo.db)
    await sweeps.set_policy(SHOP, RepairPolicy(max_move=1), by="test")
    await sweeps.open_breaker(SHOP, Breaker("too far", datetime.now(UTC), 4, 4))
    await world.put(limits=ANY)
    await world.start(roles={"sweeper"})
    (waiting,) = await world.runs(1, state="waiting")
    assert (waiting["waits_for"], await world.jobs()) == ("breaker", [])


@pytest.mark.parametrize("look_first", [False, True])
async def test_a_run_wanted_now_keeps_to_the_limits_and_a_look_waits_for_its_person(
    world: Scheduled, look_first: bool
) -> None:
    """Whoever does not look first gets it done; a look changes nothing until it is approved."""
    schedule_id = await world.put(limits=ANY, timing_off=True)
    schedule = await world.schedules.get(SHOP, schedule_id)
    assert schedule is not None
    runs = ScheduleRuns(world.shop.mongo.db)
    run_id = new_id()
    await runs.note_now(schedule, run_id, by="user:1", look_first=look_first)
    repeated = await runs.note_now(schedule, run_id, by="user:2", look_first=not look_first)
    assert (repeated.asked_by, repeated.look_first, repeated.state) == ("user:1", look_first, RunState.DUE)
    await world.start(many=2)
    if look_first:
        (waiting,) = await world.runs(1, state="waiting")
        assert (waiting["waits_for"], await world.jobs()) == ("asked", [])
        assert await runs.approve(await run_of(world, schedule_id), "user:1")
    (ended,) = await world.runs(1, state="ended")
    assert (ended["run_id"], ended["asked_by"], ended["figures"]["updated"]) == (run_id, "user:1", 4)
    assert len(await world.jobs()) == 1


async def test_what_was_decided_before_a_crash_is_begun_by_whoever_looks_next(world: Scheduled) -> None:
    """A process noted that the run begins and died before it had asked for the job: the job is asked for once."""
    schedule_id = await world.put(limits=RunLimits(max_move=1, max_share=1))
    (sweeper,) = await world.start(roles={"sweeper"})
    await world.runs(1, state="waiting")
    run = await run_of(world, schedule_id)
    await sweeper.stop()
    runs = ScheduleRuns(world.shop.mongo.db)
    assert await runs.approve(run, "user:1")
    plan: dict[str, Any] = dict(run.plan or {})
    assert await runs.begins(run, plan)
    assert not await runs.begins(run, plan)
    await world.start(previews=False)
    (ended,) = await world.runs(1, state="ended")
    assert ended["outcome"] == "completed"
    assert [job["job_id"] for job in await world.jobs()] == [run.run_id]


async def test_a_run_whose_comparison_fails_has_failed_and_is_no_decision(world: Scheduled) -> None:
    """Nothing waits for anybody where nothing could be compared."""
    await world.put()
    await world.start(previews=False)
    (comparing,) = await world.runs(1, state="comparing")
    failed: Document = {"state": "failed", "failure": {"code": "SHOPIFY_AWAY", "message": "m", "remedy": None}}
    previews = world.shop.mongo.db["previews"]
    await previews.update_one({"preview_id": comparing["run_id"]}, {"$set": failed, "$unset": {"turn": ""}})
    (ended,) = await world.runs(1, state="ended")
    assert (ended["outcome"], await world.jobs()) == ("failed", [])


async def test_an_approval_of_a_part_begins_just_that(world: Scheduled) -> None:
    """What the person has left out stays, and so does what the schedule leaves to one; a cell that is named to be kept
    is taken all the same."""
    shop = world.shop
    first, second = shop.locations
    for place in (first, second):
        await shop.hand("B1", place, 3)
    schedule_id = await world.put(limits=RunLimits(max_move=1, max_share=1))
    await world.start()
    (waiting,) = await world.runs(1, state="waiting")
    assert (waiting["plan"]["places"], waiting["plan"]["left"]) == (2, 2)
    run = await run_of(world, schedule_id)
    some = LeaveOut(cells=[CellRef(bom_id="B2", location_id=first)], keep=[CellRef(bom_id="B1", location_id=second)])
    assert await ScheduleRuns(shop.mongo.db).approve(run, "user:1", some)
    (ended,) = await world.runs(1, state="ended")
    assert (ended["outcome"], ended["figures"]["updated"]) == ("completed", 2)
    counted = [(await shop.cell(bom, place)).local for bom in ("B1", "B2") for place in (first, second)]
    assert counted == [8, 7, 5, 7]
