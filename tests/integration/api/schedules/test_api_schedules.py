"""/api/schedules: kept whole, wrong ones named, secrets never shown, each shop its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.preview.api.schedules.models import MAX_SELECTED
from shared.domain.schedule import Skipped
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedules import ScheduleStore
from tests.integration.api.api_setup import ApiShop
from tests.integration.shop_world import new_id

SECRET = "a secret of fair length"
NIGHTLY: dict[str, Any] = {
    "name": "Every night",
    "action": "reconcile",
    "direction": "toLocal",
    "selection": {"bom_ids": "all"},
    "timing": {"kind": "daily", "at": "02:30"},
    "time_zone": "Europe/Berlin",
    "target": {"url": "https://example.com/hook", "secret": SECRET},
}


def store_of(shop: ApiShop) -> ScheduleStore:
    """The store behind the API."""
    return ScheduleStore(shop.world.mongo.db, [key.get_secret_value() for key in shop.world.settings.token_keys])


async def test_a_schedule_is_made_changed_and_removed(shop: ApiShop, world: Any) -> None:
    """What was put is what is shown, without the secret, which stays until another is given; another shop sees none."""
    await shop.bom("b")
    schedule_id = new_id()
    made = await shop.call("PUT", f"/schedules/{schedule_id}", NIGHTLY)
    assert made.status == 201, made.text
    shown = made.json
    assert shown["target"] == {"url": "https://example.com/hook"}
    assert SECRET not in made.text
    assert {name: shown[name] for name in ("name", "action", "direction", "timing", "time_zone", "missed")} == {
        **{name: NIGHTLY[name] for name in ("name", "action", "direction", "timing", "time_zone")},
        "missed": "run_once",
    }
    next_at = datetime.fromisoformat(shown["next_at"])
    assert timedelta(0) < next_at - datetime.now(UTC) <= timedelta(days=1, hours=1)

    changed = {**NIGHTLY, "name": "Hourly", "timing": {"kind": "hourly", "minute": 7}, "missed": "skip"}
    again = await shop.call("PUT", f"/schedules/{schedule_id}", {**changed, "target": {"url": "https://example.org/"}})
    assert (again.status, again.json["name"], again.json["target"]) == (200, "Hourly", {"url": "https://example.org/"})
    target = await store_of(shop).target(shop.domain, schedule_id)
    assert target is not None
    assert (target.url, target.secrets) == ("https://example.org/", (SECRET.encode(),))
    raw = await shop.world.mongo.db["schedules"].find_one({"shop": shop.domain})
    assert raw is not None
    assert SECRET.encode() not in raw["target"]["secret"]

    other = await world.shop()
    assert (await other.call("GET", "/schedules")).json == {"items": [], "waiting": [], "shop_time_zone": None}
    assert (await other.call("DELETE", f"/schedules/{schedule_id}")).status == 404
    assert (await shop.call("GET", f"/schedules/{schedule_id}")).json == again.json
    assert (await shop.call("GET", "/schedules")).json["items"] == [again.json]

    off = await shop.call("PUT", f"/schedules/{schedule_id}", {**changed, "enabled": False, "target": None})
    assert (off.json["next_at"], off.json["target"], off.json["enabled"]) == (None, None, False)
    assert (await shop.call("DELETE", f"/schedules/{schedule_id}")).status == 204
    assert (await shop.call("DELETE", f"/schedules/{schedule_id}")).status == 404


async def test_everything_that_is_wrong_is_named(shop: ApiShop) -> None:
    """Timing, zone, selection, target and direction are checked before anything is stored."""
    await shop.bom("b")
    path = f"/schedules/{new_id()}"
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({"timing": {"kind": "daily", "at": "24:00"}}, ["body.timing.at"]),
        ({"timing": {"kind": "cron", "expression": "* * * * *"}}, ["body.timing.expression"]),
        ({"timing": {"kind": "cron", "expression": "0 0 31 2 *"}}, ["body.timing.expression"]),
        ({"timing": {"kind": "never"}}, ["body.timing"]),
        ({"time_zone": "Mars/Base"}, ["body.time_zone"]),
        ({"selection": {"bom_ids": ["none"]}}, ["body.selection.bom_ids"]),
        ({"target": {"url": "http://example.com/", "secret": SECRET}}, ["body.target.url"]),
        ({"target": {"url": "https://10.0.0.7/hook", "secret": SECRET}}, ["body.target.url"]),
        ({"target": {"url": "https://example.com/"}}, ["body.target.secret"]),
        ({"direction": None}, ["body"]),
        ({"action": "preview"}, ["body"]),
        ({"time_zone": "Mars/Base", "selection": {"bom_ids": ["none"]}}, ["body.time_zone", "body.selection.bom_ids"]),
    ]
    for change, fields in wrong:
        refused = await shop.call("PUT", path, {**NIGHTLY, **change})
        assert (refused.status, refused.fields) == (422, fields), refused.text
        assert SECRET not in refused.text
    # The shop's own zone cannot be read here: nothing is guessed.
    unknown = await shop.call("PUT", path, {**NIGHTLY, "time_zone": None})
    assert (unknown.status, unknown.fields) == (409, ["body.time_zone"])
    await shop.world.mongo.db["shops"].update_one(
        {"_id": shop.domain}, {"$set": {"time_zone": "Asia/Kolkata", "time_zone_at": datetime.now(UTC)}}
    )
    taken = await shop.call("PUT", path, {**NIGHTLY, "time_zone": None})
    assert (taken.status, taken.json["next_at"][11:16]) == (201, "21:00")
    assert (await shop.call("GET", "/schedules")).json["shop_time_zone"] == "Asia/Kolkata"


async def test_a_zone_that_is_not_known_any_more_is_shown_and_replaced(shop: ApiShop) -> None:
    """The shop's as last read, and 409 with what to do for a schedule in it; a schedule's own as it is stored."""
    await shop.bom("b")
    schedule_id = new_id()
    path = f"/schedules/{schedule_id}"
    assert (await shop.call("PUT", path, NIGHTLY)).status == 201
    await shop.world.mongo.db["schedules"].update_one(
        {"schedule_id": schedule_id}, {"$set": {"time_zone": "Mars/Base"}}
    )
    kept = {"time_zone": "Mars/Olympus", "time_zone_at": datetime.now(UTC)}
    await shop.world.mongo.db["shops"].update_one({"_id": shop.domain}, {"$set": kept})
    listed = await shop.call("GET", "/schedules")
    assert (listed.status, listed.json["shop_time_zone"]) == (200, "Mars/Olympus")
    assert [one["time_zone"] for one in listed.json["items"]] == ["Mars/Base"]
    refused = await shop.call("PUT", path, {**NIGHTLY, "time_zone": None})
    assert (refused.status, refused.fields) == (409, ["body.time_zone"])
    assert "time zone" in refused.json["errors"][0]["remedy"]
    assert (await shop.call("PUT", path, NIGHTLY)).status == 200


async def test_runs_are_listed_page_by_page(shop: ApiShop) -> None:
    """The newest first, with why one was left out; those of an unknown schedule are a 404."""
    await shop.bom("b")
    schedule_id = new_id()
    assert (await shop.call("PUT", f"/schedules/{schedule_id}", NIGHTLY)).status == 201
    schedule = await store_of(shop).get(shop.domain, schedule_id)
    assert schedule is not None
    runs = ScheduleRuns(shop.world.mongo.db)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for n in range(3):
        await runs.note(schedule, new_id(), start + timedelta(days=n), Skipped.OVERLAP if n else None)
    page = (await shop.call("GET", f"/schedules/{schedule_id}/runs?limit=2")).json
    rest = (await shop.call("GET", f"/schedules/{schedule_id}/runs?limit=2&cursor={page['next_cursor']}")).json
    states = [(run["due_at"][:10], run["state"], run["reason"]) for run in page["items"] + rest["items"]]
    assert states == [
        ("2026-03-03", "skipped", "overlap"),
        ("2026-03-02", "skipped", "overlap"),
        ("2026-03-01", "due", None),
    ]
    assert (page["items"][0]["told"], rest["next_cursor"]) == ({"state": "due", "tries": 0, "detail": None}, None)
    assert (await shop.call("GET", f"/schedules/{new_id()}/runs")).status == 404
    assert (await shop.call("GET", f"/schedules/{schedule_id}/runs?cursor=zz")).fields == ["query.cursor"]


async def test_a_schedule_names_so_many_and_no_more(shop: ApiShop) -> None:
    """What a schedule holds for good, and every list of schedules shows, has a bound; the refusal says what to do."""
    path = f"/schedules/{new_id()}"
    for field, entries in (
        ("bom_ids", [f"b{number}" for number in range(MAX_SELECTED + 1)]),
        ("cells", [{"bom_id": f"b{number}", "location_id": "1"} for number in range(MAX_SELECTED + 1)]),
    ):
        refused = await shop.call("PUT", path, {**NIGHTLY, "selection": {field: entries}})
        assert (refused.status, refused.fields) == (422, [f"body.selection.{field}"])
        assert "filter" in refused.json["errors"][0]["remedy"]
