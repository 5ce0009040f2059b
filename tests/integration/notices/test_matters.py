"""Each matter is one notice: told once, counted when it happens again, closed by itself when it is settled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.domain.notices import Matter
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.notices.watermark import Watermark
from shared.mongodb.schema import Document
from tests.integration.notices.told_shop import ToldShop
from tests.integration.shop_world import SHOP, new_id


async def test_what_ends_is_told_once_each(told: ToldShop) -> None:
    """A run, a run that failed in part, an undo, a repair, two previews and an import: seven notices, by two watchers;
    a look at a single place is nobody's decision."""
    await told.start()
    await told.start()
    ended = await told.job()
    await told.job(source="undo", state="cancelled")
    await told.job(source="drift")
    totals = {"total": 3, "updated": 1, "skipped": 0, "errors": 2, "cancelled": 0}
    troubled = await told.job(state="completed_with_errors", totals=totals)
    waiting = await told.preview()
    failure = {"code": "read_failed", "message": "Shopify did not answer.", "remedy": None}
    await told.preview(state="failed", badges=None, failure=failure)
    await told.preview(selection={"cells": [{"bom_id": "B1", "location_id": "1"}]})
    now, import_id = datetime.now(UTC), new_id()
    done = {"_id": f"{SHOP}|{import_id}", "shop": SHOP, "import_id": import_id, "finished_at": now, "state": "done"}
    await told.shop.mongo.db["imports"].insert_one(done)
    found = {one.matter: one for one in await told.told(lambda _: True, 7)}
    assert set(found) == {
        Matter.RUN_ENDED,
        Matter.RUN_TROUBLED,
        Matter.REPAIR_ENDED,
        Matter.PREVIEW_WAITS,
        Matter.PREVIEW_FAILED,
        Matter.IMPORT_ENDED,
    }
    assert {one.matter for one in found.values() if one.open} == {
        Matter.RUN_TROUBLED,
        Matter.PREVIEW_WAITS,
        Matter.PREVIEW_FAILED,
    }
    assert found[Matter.RUN_TROUBLED].told.title == "A reconcile has ended: 1 place changed, 2 failed"
    assert found[Matter.RUN_TROUBLED].told.link == f"/history/{troubled}"
    assert "decision" not in found[Matter.PREVIEW_FAILED].told.title
    assert found[Matter.PREVIEW_WAITS].told.link.endswith(waiting)
    # Decided: a run from the preview, a second try of what failed.
    await told.job(preview_id=waiting)
    await told.job(source="retry", of_job_id=troubled)
    await told.of(Matter.PREVIEW_WAITS, is_open=False)
    await told.of(Matter.RUN_TROUBLED, is_open=False)
    titles = [one.told.title for one in await told.told(lambda one: one.subject == ended)]
    assert titles == ["A reconcile has ended: 3 places changed"]


async def test_a_shop_s_states_open_and_close_by_themselves(told: ToldShop) -> None:
    """Paused, stopped and silent are one notice each, however often one looks; back and gone again: counted."""
    await told.start()
    shops, now = told.shop.mongo.db["shops"], datetime.now(UTC)
    breaker = {"reason": "too many", "opened_at": now, "missed": 40, "cells": 100}
    silent = {"sweep.silent_since": now, "sweep.expected": 12}
    await shops.update_one({"_id": SHOP}, {"$set": {"drift_breaker": breaker, **silent}})
    assert "40 of 100 places" in (await told.of(Matter.REPAIR_STOPPED, is_open=True)).told.meaning
    assert "12" in (await told.of(Matter.WEBHOOKS_SILENT, is_open=True)).told.meaning
    await shops.update_one({"_id": SHOP}, {"$set": {"drift_breaker": None, "sweep.silent_since": None}})
    await told.of(Matter.REPAIR_STOPPED, is_open=False)
    await told.of(Matter.REPAIR_RESUMED, is_open=False, count=1)
    await told.of(Matter.WEBHOOKS_SILENT, is_open=False)
    later = {**breaker, "opened_at": datetime.now(UTC)}
    await shops.update_one({"_id": SHOP}, {"$set": {"drift_breaker": later}})
    again = await told.of(Matter.REPAIR_STOPPED, is_open=True, count=2)
    assert "2 times by now" in again.told.title
    paused = {"status": "paused", "pause_reason": "frozen", "pause_detail": None, "paused_at": datetime.now(UTC)}
    await shops.update_one({"_id": SHOP}, {"$set": {**paused, "probed_at": datetime.now(UTC)}})
    notice = await told.of(Matter.SHOP_PAUSED, is_open=True)
    assert "frozen" in notice.told.meaning
    assert "bill" in notice.told.remedy
    await shops.update_one({"_id": SHOP}, {"$set": {"status": "active"}})
    await told.of(Matter.SHOP_PAUSED, is_open=False)
    await told.of(Matter.SHOP_RESUMED, is_open=False)
    found = {"shop": SHOP, "detected_at": datetime.now(UTC), "bom_id": "b"}
    for place in ("1", "2"):
        drift_id = new_id()
        ids = {"_id": f"{SHOP}|{drift_id}", "drift_id": drift_id, "location_id": place}
        await told.shop.mongo.db["drift"].insert_one({**found, **ids})
    assert "missed webhooks" in (await told.of(Matter.DRIFT_FOUND, is_open=False)).told.remedy


async def test_a_schedule_s_failures_are_one_matter_until_it_runs_well(told: ToldShop) -> None:
    """Two runs that failed are one notice counted twice; one that ends well closes it."""
    await told.start()
    schedule_id = new_id()
    await told.run_of_schedule(schedule_id, outcome="failed")
    await told.of(Matter.SCHEDULE_FAILED, is_open=True)
    await told.run_of_schedule(schedule_id, outcome="lost")
    notice = await told.of(Matter.SCHEDULE_FAILED, is_open=True, count=2)
    assert "Every night" in notice.told.title
    await told.run_of_schedule(schedule_id, state="skipped", outcome=None, reason="overlap")
    await told.of(Matter.SCHEDULE_SKIPPED, is_open=True)
    await told.run_of_schedule(schedule_id)
    await told.of(Matter.SCHEDULE_FAILED, is_open=False, count=2)
    await told.of(Matter.SCHEDULE_SKIPPED, is_open=False)


async def test_a_schedule_above_its_limit_is_told_until_somebody_decides(told: ToldShop) -> None:
    """One notice of the schedule, none of the preview that its run begins with; a look that a person takes is none."""
    await told.start()
    schedule_id, looked_at = new_id(), new_id()
    plan = {"places": 9, "compared": 10, "largest_move": 4000, "left": 1}
    waits: Document = {"state": "waiting", "outcome": None, "ended_at": None, "plan": plan}
    await told.run_of_schedule(looked_at, **waits, waits_for="asked")
    run_id = await told.run_of_schedule(schedule_id, **waits, waits_for="move")
    by = f"schedule:{schedule_id}"
    await told.preview(preview_id=run_id, _id=f"{SHOP}|{run_id}", requested_by=by)
    notice = await told.of(Matter.SCHEDULE_WAITS, is_open=True)
    assert "4,000 units" in notice.told.meaning
    await told.preview(requested_by=by)
    await told.of(Matter.PREVIEW_WAITS, is_open=True)
    runs = told.shop.mongo.db["schedule_runs"]
    over: Document = {"state": "skipped", "reason": "declined", "ended_at": datetime.now(UTC)}
    await runs.update_one({"run_id": run_id}, {"$set": over})
    await told.of(Matter.SCHEDULE_WAITS, is_open=False)
    everything = await told.told(lambda _: True, 2)
    assert {one.matter for one in everything} == {Matter.SCHEDULE_WAITS, Matter.PREVIEW_WAITS}


async def test_a_run_that_waits_is_told_until_it_goes_on(told: ToldShop) -> None:
    """A run that is held is a notice with what it waits for; once it goes on, the notice is closed."""
    await told.start()
    now = datetime.now(UTC)
    held = {"reason": "no_answer", "since": now, "until": now + timedelta(hours=1)}
    totals = dict.fromkeys(("updated", "skipped", "errors", "cancelled"), 0) | {"total": 5, "pending": 4, "applying": 1}
    job_id = await told.job(state="running", finished_at=None, held=held, totals=totals)
    notice = await told.of(Matter.RUN_WAITS, is_open=True)
    assert notice.told.title == "A reconcile is waiting: 5 places to go"
    await told.shop.mongo.db["jobs"].update_one({"job_id": job_id}, {"$set": {"held": None}})
    await told.of(Matter.RUN_WAITS, is_open=False)


async def test_an_occurrence_read_again_is_not_counted_again(told: ToldShop) -> None:
    """Whatever is read twice, in whatever order, and by however many, each occurrence counts once."""
    first = await told.happens(Matter.SHOP_PAUSED, number=1)
    second = await told.happens(Matter.SHOP_PAUSED, number=2)
    assert [await told.notices.note(one) for one in (first, second, first, second)] == [False] * 4
    (notice,) = (await told.notices.page(SHOP, None, 10)).items
    assert (notice.count, notice.at) == (2, second.at.replace(microsecond=second.at.microsecond // 1000 * 1000))


async def test_what_ended_while_nobody_watched_is_told_by_the_next(told: ToldShop) -> None:
    """The last look is kept: whatever has ended since is told, however long ago; what ended before the first is not."""
    start = datetime.now(UTC) - timedelta(hours=3)
    await Watermark(told.shop.mongo.db).put(start)
    before = await told.job(finished_at=start - timedelta(hours=1))
    since = await told.job(finished_at=start + timedelta(minutes=1))
    await told.start()
    (notice,) = await told.told(lambda _: True)
    assert notice.subject == since != before


async def test_notices_stay_the_shops_own_and_within_their_bound(told: ToldShop) -> None:
    """Another shop sees, dismisses and counts none of them; the list has pages."""
    for number in range(5):
        await told.happens(Matter.SCHEDULE_FAILED, new_id(), number)
    other = "other.myshopify.com"
    store = NoticeStore(told.shop.mongo.db)
    page = await store.page(SHOP, None, 3)
    rest = await store.page(SHOP, page.after, 3)
    assert [len(page.items), len(rest.items), rest.after] == [3, 2, None]
    assert len({one.notice_id for one in page.items + rest.items}) == 5
    assert not (await store.page(other, None, 3)).items
    assert await store.numbers(other) == (0, 0)
    assert not await store.dismiss(other, page.items[0].notice_id, "x")
    assert await store.dismiss(SHOP, page.items[0].notice_id, "42")
    assert await store.numbers(SHOP) == (4, 4)
    assert await store.see_all(SHOP, page.items[0].at) == 4
    assert await store.numbers(SHOP) == (4, 0)


async def test_an_import_that_waits_or_could_not_use_rows_is_told_until_that_is_settled(told: ToldShop) -> None:
    """Waiting: until somebody has decided. Ended with rows refused: until a later import has ended."""
    await told.start()
    imports, now, import_id = told.shop.mongo.db["imports"], datetime.now(UTC), new_id()
    page = {"next_at": now, "foreseen": {"new": 4, "changed": 1, "refused": 2}, "result": None}
    one = {
        "shop": SHOP,
        "import_id": import_id,
        "started_at": now,
        "finished_at": None,
        "state": "checked",
        "page": page,
    }
    await imports.insert_one({"_id": f"{SHOP}|{import_id}", **one})
    waits = await told.of(Matter.IMPORT_WAITS, is_open=True)
    assert waits.told.meaning == "It would make or change 5 BOMs. 2 rows cannot be imported. Nothing has been made yet."
    done = {"state": "done", "finished_at": datetime.now(UTC), "page.result": {"new": 4, "refused": 2}}
    await imports.update_one({"import_id": import_id}, {"$set": done})
    await told.of(Matter.IMPORT_WAITS, is_open=False)
    troubled = await told.of(Matter.IMPORT_TROUBLED, is_open=True)
    assert troubled.told.title == "An import has ended: 2 rows could not be imported"
    assert troubled.told.link == "/import"
    later, later_id = datetime.now(UTC), new_id()
    page = {"next_at": later, "foreseen": None, "result": {"new": 2, "refused": 0}}
    again = {
        "shop": SHOP,
        "import_id": later_id,
        "started_at": later,
        "finished_at": later,
        "state": "done",
        "page": page,
    }
    await imports.insert_one({"_id": f"{SHOP}|{later_id}", **again})
    await told.of(Matter.IMPORT_TROUBLED, is_open=False)
    await told.of(Matter.IMPORT_ENDED, is_open=False)
