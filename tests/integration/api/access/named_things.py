"""Things of a shop that operations of the API name in their paths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.domain.notices import Happening, Matter
from shared.domain.run_limits import RunPlan, WaitsFor
from shared.mongodb.notices.mail import MailStore
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.schedules.runs import ScheduleRuns
from tests.integration.api.api_setup import ApiShop
from tests.integration.api.schedules.test_api_schedules import store_of
from tests.integration.shop_world import new_id

TARGET = {"url": "https://example.com/hook"}


async def waiting_run(shop: ApiShop, schedule_id: str) -> str:
    """A run of the schedule that waits for a person; returns its id."""
    schedule = await store_of(shop).get(shop.domain, schedule_id)
    assert schedule is not None
    runs, run_id = ScheduleRuns(shop.world.mongo.db), new_id()
    run = await runs.note(schedule, run_id, datetime.now(UTC).replace(microsecond=0), None)
    await runs.asked(run, schedule)
    await runs.waits(run, RunPlan(places=9, compared=10, largest_move=4000, left=1).figures, WaitsFor.MOVE)
    return run_id


async def told_things(shop: ApiShop, many: int = 1) -> dict[str, str]:
    """So many notices, an address of webhooks with as many deliveries, and two people, of whom one has confirmed."""
    db, now = shop.world.mongo.db, datetime.now(UTC)
    for number in range(many):
        happening = Happening(
            shop=shop.domain,
            matter=Matter.SHOP_PAUSED,
            subject=str(number),
            occurrence="1",
            at=now + timedelta(seconds=number),
            facts={},
            open=True,
        )
        await NoticeStore(db).note(happening)
    (notice,) = (await NoticeStore(db).page(shop.domain, None, 1)).items
    target_id, mail = new_id(), MailStore(db)
    await shop.call("PUT", f"/notifications/targets/{target_id}", TARGET)
    test = f"/notifications/targets/{target_id}/test"
    sent = [await shop.call("POST", test) for _ in range(many)]
    await mail.say_set_up("trueup@example.com")
    for address in ("ann@example.com", "bob@example.com"):
        await mail.add(shop.domain, address, "42")
        await mail.set_code(shop.domain, address, "12345678")
    await mail.confirm(shop.domain, "ann@example.com", "12345678")
    return {"notice_id": notice.notice_id, "target_id": target_id, "delivery_id": sent[0].json["delivery_id"]}
