"""Limits, weekdays and runs wanted now over HTTP: what is taken, what is shown, and who decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain.run_limits import RunPlan, WaitsFor
from shared.mongodb.schedules.runs import ScheduleRuns
from tests.integration.api.api_setup import ApiShop
from tests.integration.api.schedules.test_api_schedules import NIGHTLY, store_of
from tests.integration.shop_world import new_id

WEEKDAYS: dict[str, Any] = {
    **{name: value for name, value in NIGHTLY.items() if name != "target"},
    "timing": {"kind": "weekly", "days": ["fri", "mon"], "at": "02:00"},
}


async def waiting_run(shop: ApiShop, schedule_id: str, *, ago: timedelta = timedelta()) -> str:
    """A run of the schedule that was compared and waits; its preview was taken so long ago."""
    schedule = await store_of(shop).get(shop.domain, schedule_id)
    assert schedule is not None
    runs, run_id = ScheduleRuns(shop.world.mongo.db), new_id()
    run = await runs.note(schedule, run_id, datetime.now(UTC).replace(microsecond=0), None)
    await runs.asked(run, schedule)
    await runs.waits(run, RunPlan(places=9, compared=10, largest_move=4000, left=1).figures, WaitsFor.MOVE)
    preview = {"shop": shop.domain, "preview_id": run_id, "state": "ready", "selection": {"bom_ids": "all"}}
    at = datetime.now(UTC) - ago
    more = {"requested_by": "s", "requested_at": at, "taken_from": at, "finished_at": at, "total": 10, "done": 10}
    none: dict[str, Any] = {"badges": None, "classes": {}, "left_out": {}, "codes": {}, "failure": None}
    document = {"_id": f"{shop.domain}|{run_id}", **preview, **more, **none}
    await shop.world.mongo.db["previews"].insert_one(document)
    return run_id


async def test_limits_and_weekdays_are_kept_and_the_next_runs_shown(shop: ApiShop) -> None:
    """A new schedule has the stated limits; days come in the order of the week, and three runs lie ahead."""
    await shop.bom("b")
    path = f"/schedules/{new_id()}"
    made = await shop.call("PUT", path, WEEKDAYS)
    assert made.status == 201, made.text
    assert made.json["limits"] == {"differences": "safe", "max_move": 1000, "max_share": 0.2}
    assert made.json["timing"] == {"kind": "weekly", "days": ["mon", "fri"], "at": "02:00"}
    coming = [datetime.fromisoformat(text) for text in made.json["coming"]]
    assert made.json["coming"][0] == made.json["next_at"]
    assert [moment.astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M") for moment in coming] == ["02:00"] * 3
    limits = {"differences": "all", "max_move": 5, "max_share": 1.0}
    assert (await shop.call("PUT", path, {**WEEKDAYS, "limits": limits})).json["limits"] == limits
    asked = {"timing": WEEKDAYS["timing"], "time_zone": "Europe/Berlin"}
    moments = await shop.call("POST", "/schedule-moments", asked)
    assert moments.json == {"time_zone": "Europe/Berlin", "moments": made.json["coming"]}
    for wrong, field in (
        ({"limits": {"max_move": 0}}, "body.limits.max_move"),
        ({"limits": {"max_share": 2}}, "body.limits.max_share"),
        ({"timing": {"kind": "weekly", "days": [], "at": "02:00"}}, "body.timing.days"),
    ):
        refused = await shop.call("PUT", path, {**WEEKDAYS, **wrong})
        assert (refused.status, [error["field"] for error in refused.json["errors"]]) == (422, [field])


async def test_a_run_that_waits_is_shown_and_one_person_decides(shop: ApiShop, world: Any) -> None:
    """It stands in the list with what it would do; a second decision is told that it comes too late."""
    await shop.bom("b")
    schedule_id = new_id()
    await shop.call("PUT", f"/schedules/{schedule_id}", WEEKDAYS)
    run_id = await waiting_run(shop, schedule_id)
    path = f"/schedules/{schedule_id}/runs/{run_id}"
    (waiting,) = (await shop.call("GET", "/schedules")).json["waiting"]
    assert (waiting["run_id"], waiting["waits_for"], waiting["schedule_name"]) == (run_id, "move", "Every night")
    assert waiting["plan"] == {"places": 9, "compared": 10, "largest_move": 4000, "left": 1}
    other = await world.shop()
    assert (await other.call("POST", f"{path}/approve")).status == 404
    approved = await shop.call("POST", f"{path}/approve")
    assert (approved.status, approved.json["state"]) == (200, "comparing")
    assert approved.json["approved_by"] is not None
    for late in ("approve", "decline"):
        refused = await shop.call("POST", f"{path}/{late}")
        assert (refused.status, refused.json["type"].rpartition(":")[2]) == (409, "not-waiting")
    declined = await waiting_run(shop, schedule_id)
    left_out = await shop.call("POST", f"/schedules/{schedule_id}/runs/{declined}/decline")
    assert (left_out.json["state"], left_out.json["reason"]) == ("skipped", "declined")


async def test_what_was_compared_a_day_ago_is_compared_anew(shop: ApiShop) -> None:
    """Such a run cannot be approved; run now, it gives way to one that compares anew."""
    await shop.bom("b")
    schedule_id = new_id()
    await shop.call("PUT", f"/schedules/{schedule_id}", WEEKDAYS)
    old = await waiting_run(shop, schedule_id, ago=timedelta(hours=25))
    runs = f"/schedules/{schedule_id}/runs"
    refused = await shop.call("POST", f"{runs}/{old}/approve")
    assert (refused.status, refused.json["type"].rpartition(":")[2]) == (409, "PREVIEW_EXPIRED")
    run_id = new_id()
    for look_first in (True, False):
        asked = await shop.call("POST", runs, {"run_id": run_id, "look_first": look_first})
        assert (asked.status, asked.json["run_id"], asked.json["state"]) == (202, run_id, "due")
    assert (await shop.call("GET", f"{runs}/{old}")).json["reason"] == "replaced"
    refused = await shop.call("POST", runs, {"run_id": new_id()})
    assert (refused.status, refused.json["type"].rpartition(":")[2]) == (409, "run-open")


async def test_a_removed_schedule_asks_nobody_any_more(shop: ApiShop) -> None:
    """What waited for a decision is left out with it."""
    await shop.bom("b")
    schedule_id = new_id()
    await shop.call("PUT", f"/schedules/{schedule_id}", WEEKDAYS)
    run_id = await waiting_run(shop, schedule_id)
    await shop.call("DELETE", f"/schedules/{schedule_id}")
    assert (await shop.call("GET", "/schedules")).json["waiting"] == []
    run = await ScheduleRuns(shop.world.mongo.db).get(shop.domain, run_id)
    assert run is not None
    assert run.reason == "changed"


async def test_a_run_is_approved_in_part(shop: ApiShop) -> None:
    """Rows of its preview are left out, as of a job; so many one by one that nobody has picked them are refused."""
    await shop.bom("b")
    schedule_id = new_id()
    await shop.call("PUT", f"/schedules/{schedule_id}", WEEKDAYS)
    run_id = await waiting_run(shop, schedule_id)
    path = f"/schedules/{schedule_id}/runs/{run_id}/approve"
    many = [{"bom_id": f"b{number}", "location_id": "1"} for number in range(1001)]
    refused = await shop.call("POST", path, {"leave_out": {"cells": many}})
    assert (refused.status, [error["field"] for error in refused.json["errors"]]) == (422, ["body.leave_out"])
    out = {"bom_ids": ["b"], "cells": many[:2]}
    approved = await shop.call("POST", path, {"leave_out": out})
    assert (approved.status, approved.json["state"]) == (200, "comparing")
    assert set(approved.json["leave_out_classes"]) == {"local_moved", "both_moved", "no_base"}
    stored = await ScheduleRuns(shop.world.mongo.db).get(shop.domain, run_id)
    assert stored is not None
    assert stored.leave_out is not None
    assert stored.leave_out.model_dump(exclude_none=True) == out
