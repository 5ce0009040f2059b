"""Schedules run by themselves: once per moment, told of when they end, and left out for a reason that is kept."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks import Webhook

from services.reconciler.schedules.role import ScheduleTimes
from shared.domain.schedule import Action, Missed, Skipped, Timing
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schema import Document
from shared.schedules.moments import last_moment, run_id
from tests.integration.hook_receiver import receiver
from tests.integration.schedules.schedule_setup import SECRET, Scheduled
from tests.integration.shop_world import SHOP, new_id
from tests.waiting import changed


async def test_a_moment_runs_once_in_two_processes_and_its_outcome_is_told_signed(world: Scheduled) -> None:
    """Two reconcilers begin one job of source schedule; the receiver refuses twice, then takes the signed outcome."""
    hook = await world.stack.enter_async_context(receiver())
    hook.statuses = [500, 302, 204]
    schedule_id = await world.put(url=hook.url)
    await world.start(many=2)
    (run,) = await world.runs(1, told="sent")
    (job,) = await world.jobs()
    assert (job["job_id"], job["source"], job["requested_by"]) == (run["run_id"], "schedule", f"schedule:{schedule_id}")
    assert (run["state"], run["outcome"], run["telling"]["tries"]) == ("ended", "completed", 3)
    assert len(hook.taken) == 3
    assert len({body for _, body in hook.taken}) == 1
    headers, body = hook.taken[-1]
    assert [headers["webhook-id"] for headers, _ in hook.taken] == [run["run_id"]] * 3
    told = Webhook(SECRET.encode()).verify(body, dict(headers))
    assert (told["shop"], told["schedule_id"], told["outcome"], told["figures"]["total"]) == (
        *(SHOP, schedule_id, "completed"),
        4,
    )
    schedule = await world.schedules.get(SHOP, schedule_id)
    assert schedule is not None
    assert schedule.next_at is not None
    assert schedule.next_at > datetime.now(UTC)


async def test_missed_moments_are_made_up_for_once_or_not_at_all(world: Scheduled) -> None:
    """After six hours without anybody one run begins for the last moment, or, where it says so, none.

    Half past: a moment that lies long enough ago to be missed, whatever the time is.
    """
    now = datetime.now(UTC)
    half = (now - timedelta(minutes=30)).minute
    timing = Timing.hourly(half)
    late = timedelta(hours=6)
    once = await world.put(late=late, timing=timing)
    never = await world.put(late=late, timing=timing, missed=Missed.SKIP)
    await world.start()
    (made_up,) = await world.runs(1, state="ended")
    (left_out,) = await world.runs(1, state="skipped")
    assert (made_up["schedule_id"], left_out["schedule_id"]) == (once, never)
    assert (made_up["outcome"], left_out["reason"]) == ("completed", "missed")
    assert timedelta(minutes=29) <= now - made_up["due_at"] <= timedelta(minutes=32)
    assert len(await world.jobs()) == 1


async def test_a_run_that_meets_the_one_before_it_is_left_out(world: Scheduled) -> None:
    """Nobody compares here, so that the first run stays open: the second moment is recorded as an overlap, and told."""
    hook = await world.stack.enter_async_context(receiver())
    schedule_id = await world.put(url=hook.url)
    await world.start(roles={"sweeper"}, previews=False)
    (running,) = await world.runs(1, state="comparing")
    # The next moment comes at once.
    later = running["due_at"] + timedelta(seconds=1)
    await world.shop.mongo.db["schedules"].update_one(
        {"schedule_id": schedule_id}, {"$set": {"next_at": later, "lease": None}}
    )
    (left_out,) = await world.runs(1, state="skipped")
    assert (left_out["reason"], left_out["due_at"]) == ("overlap", later)
    await hook.until(1)
    told = json.loads(hook.taken[0][1])
    assert (told["outcome"], told["reason"], told["figures"]) == ("skipped", "overlap", None)
    assert await world.jobs() == []


async def test_what_was_noted_before_a_crash_is_asked_for_under_the_same_id(world: Scheduled) -> None:
    """A process died between noting the run and asking for its job: the job is asked for once, by the next process."""
    schedule_id = await world.put()
    schedule = await world.schedules.take_due(datetime.now(UTC))
    assert schedule is not None
    assert schedule.next_at is not None
    moment = max(schedule.next_at, last_moment(schedule.timing, ZoneInfo("UTC"), datetime.now(UTC)))
    wanted = run_id(SHOP, schedule_id, moment)
    await ScheduleRuns(world.shop.mongo.db).note(schedule, wanted, moment, None)
    await world.shop.mongo.db["schedules"].update_one({}, {"$set": {"lease.until": datetime.now(UTC)}})
    await world.start()
    (run,) = await world.runs(1, state="ended")
    assert run["run_id"] == wanted
    assert [job["job_id"] for job in await world.jobs()] == [wanted]


async def test_a_preview_is_scheduled_like_a_job_and_a_silent_receiver_holds_nobody_up(world: Scheduled) -> None:
    """The preview ends as ready while a receiver that never answers is still waited for."""
    hook = await world.stack.enter_async_context(receiver())
    hook.statuses = [0]
    await world.put(url=hook.url)
    await world.start()
    await hook.until(1)
    await world.put(action=Action.PREVIEW, direction=None)
    (run,) = await world.runs(1, state="ended", action="preview")
    assert run["outcome"] == "ready"
    assert sum(run["figures"].values()) == 2
    (waiting,) = await world.runs(1, action="reconcile")
    assert waiting["telling"]["state"] == "due"


async def test_tries_are_bounded_and_a_shop_that_takes_no_calls_is_left_out(world: Scheduled) -> None:
    """A receiver that always refuses is given up after the last try; a paused shop's run is left out."""
    hook = await world.stack.enter_async_context(receiver())
    hook.statuses = [410]
    await world.shop.shops.pause(SHOP, "payment required")
    await world.put(url=hook.url)
    await world.start(roles={"sweeper"})
    (run,) = await world.runs(1, told="failed")
    assert (run["state"], run["reason"]) == ("skipped", "shop_not_active")
    assert (run["telling"]["tries"], len(hook.taken)) == (3, 3)
    assert run["telling"]["detail"] == "answered with status 410"


async def test_the_shops_own_clock_is_read_from_shopify(world: Scheduled) -> None:
    """A schedule without a zone follows the shop's, which is kept."""
    await world.put(time_zone=None)
    await world.start(roles={"sweeper"})
    await world.runs(1, state="running")
    kept = await world.shop.shops.time_zone(SHOP)
    assert kept is not None
    assert kept[0] == "UTC"


GONE = ["Mars/Base", "../../etc/passwd", "America", "Europe/Berlin\x00", "", 7]
"""What a document may hold as a time zone, and this machine knows none of that name."""


ONE_TRY = ScheduleTimes(tick=0.05, max_tries=1)


async def over(world: Scheduled, schedule_ids: Collection[str]) -> list[Document]:
    """Wait until none of these is due any more; returns what is noted of their runs."""
    schedules, mine = world.shop.mongo.db["schedules"], {"schedule_id": {"$in": list(schedule_ids)}}
    later = {"$or": [{"next_at": {"$gt": datetime.now(UTC)}}, {"next_at": None, "enabled": False}]}

    async def so() -> bool:
        return await schedules.count_documents(mine | later) == len(schedule_ids)

    await changed(schedules, so, what="nothing is due any more")
    return [run async for run in world.shop.mongo.db["schedule_runs"].find(mine)]


async def test_a_zone_that_is_not_known_leaves_the_run_out_and_holds_up_no_other(world: Scheduled) -> None:
    """Of each schedule one run is noted with its reason, and the next moment awaited; another's run ends."""
    lost = [await world.put(time_zone=zone, late=timedelta(hours=1)) for zone in GONE]
    good = await world.put()
    await world.start(schedule_times=ONE_TRY)
    runs = await over(world, lost)
    assert {run["schedule_id"] for run in runs} == set(lost)
    assert [(run["state"], run["reason"]) for run in runs] == [("skipped", "time_zone_unknown")] * len(GONE)
    (run,) = await world.runs(1, schedule_id=good, state="ended")
    assert run["outcome"] == "completed"


@pytest.mark.parametrize("told", [None, "Mars/Base", "Europe/Berlin"])
async def test_a_shops_zone_that_is_not_known_any_more_is_read_anew(world: Scheduled, told: str | None) -> None:
    """Where Shopify then tells none, or one that is not known either, the run is left out; else it begins."""
    kept = {"time_zone": "Mars/Olympus", "time_zone_at": datetime.now(UTC)}
    await world.shop.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": kept})
    if told is None:
        fault = {"operation": "shop", "kind": "error", "code": "BAD_REQUEST", "message": "not so", "count": 1000}
        await world.shop.control("/control/faults", fault)
    else:
        world.shop.running.simulator.tenants[SHOP].shop.timezone = told
    schedule_id = await world.put(time_zone=None)
    await world.start(schedule_times=ONE_TRY)
    if told == "Europe/Berlin":
        await world.runs(1, state="ended")
    else:
        (run,) = await over(world, [schedule_id])
        assert run["reason"] == ("not_begun" if told is None else "time_zone_unknown")


BROKEN: dict[str, Document] = {
    "selection": {"selection": {"filter": {"text": "a\x00b"}}},
    "options": {"options": {"unheard_of": 1}},
    "timing": {"timing": {"kind": "cron", "expression": "61 * * * *"}},
    "never": {"timing": {"kind": "cron", "expression": "0 0 31 2 *"}},
    "kind": {"timing": {"kind": "yearly", "expression": "0 0 1 1 *"}},
    "action": {"action": "dance"},
    "direction": {"direction": "sideways"},
}


async def test_schedules_that_cannot_be_run_are_tried_so_often_and_hold_up_no_other(world: Scheduled) -> None:
    """Documents of an older build: the run is left out, or the schedule is switched off; another's run ends."""
    lost = {await world.put(broken=broken, late=timedelta(hours=1)): name for name, broken in BROKEN.items()}
    good = await world.put()
    await world.start(schedule_times=ONE_TRY)
    runs = await over(world, lost)
    assert sorted((lost[run["schedule_id"]], run["state"], run["reason"]) for run in runs) == [
        (name, "skipped", "not_begun") for name in ("never", "options", "selection", "timing")
    ]
    (run,) = await world.runs(1, schedule_id=good, state="ended")
    assert run["outcome"] == "completed"
    assert len(await world.jobs()) == 1


async def test_a_run_that_cannot_be_read_is_given_up_and_holds_up_no_other(world: Scheduled) -> None:
    """A word that this build does not know: its outcome has failed, and the next one is taken all the same."""
    runs = ScheduleRuns(world.shop.mongo.db)
    schedule = await world.schedules.get(SHOP, await world.put(url="https://hook.example/"))
    assert schedule is not None
    unread, other, now = new_id(), new_id(), datetime.now(UTC)
    for number, run in enumerate((unread, other)):
        await runs.note(schedule, run, now + timedelta(hours=number), Skipped.OVERLAP)
    strange = {"$set": {"reason": "of_a_newer_build", "telling.at": now - timedelta(hours=1)}}
    await world.shop.mongo.db["schedule_runs"].update_one({"run_id": unread}, strange)
    assert await runs.take_undelivered(now + timedelta(minutes=1)) is None
    taken = await runs.take_undelivered(now + timedelta(minutes=1))
    assert taken is not None
    assert (taken.run_id, taken.tries) == (other, 1)
    assert await runs.take_undelivered(now + timedelta(minutes=1)) is None
    (given_up,) = await world.runs(1, told="failed")
    assert (given_up["run_id"], given_up["telling"]["detail"]) == (unread, "its record cannot be read")
