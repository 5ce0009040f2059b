"""Outgoing webhooks of a shop: signed as Standard Webhooks say, sent until taken, listed, sent again by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from shared.domain.notices import Matter
from shared.mongodb.notices.recipients import Delivery, SendState
from shared.mongodb.notices.targets import DISABLED_AFTER
from shared.schedules.outgoing_webhooks import new_secret
from tests.integration.hook_receiver import receiver
from tests.integration.notices.told_shop import ToldShop
from tests.integration.shop_world import SHOP, new_id
from tests.waiting import changed


async def sent(told: ToldShop, target_id: str, state: SendState, number: int = 1) -> list[Delivery]:
    """Wait until so many deliveries to a target are in a state; returns them, the latest first."""

    async def so_many() -> list[Delivery]:
        page = await told.deliveries.page(SHOP, target_id, None, 50)
        found = [one for one in page.items if one.state is state]
        return found if len(found) == number else []

    return await changed(told.shop.mongo.db["deliveries"], so_many, what=f"{number} deliveries {state}")


async def test_what_happens_is_sent_signed_until_it_is_taken(told: ToldShop) -> None:
    """A target that is told of runs gets each once, by the same id in each try, also where two watch."""
    hook = await told.stack.enter_async_context(receiver())
    hook.statuses = [500, 302, 204]
    target_id, secret = await told.target(hook.url, [Matter.RUN_ENDED, Matter.REPAIR_ENDED])
    await told.start()
    await told.start()
    job_id = await told.job()
    await told.preview()
    (delivery,) = await sent(told, target_id, SendState.SENT)
    assert (delivery.event, delivery.tries, delivery.detail) == ("job.ended", 3, "answered with status 204")
    assert [headers["webhook-id"] for headers, _ in hook.taken] == [delivery.delivery_id] * 3
    headers, body = hook.taken[-1]
    said = Webhook(secret).verify(body, dict(headers))
    assert (said["type"], said["data"]["subject"], said["data"]["facts"]["updated"]) == ("job.ended", job_id, 3)
    assert said["data"]["title"] == "A reconcile has ended: 3 places changed"
    assert len((await told.deliveries.page(SHOP, target_id, None, 50)).items) == 1


async def test_a_new_secret_signs_beside_the_one_before_for_a_day(told: ToldShop) -> None:
    """A receiver with the old secret and one with the new both take it; after a day the old one does not."""
    hook = await told.stack.enter_async_context(receiver())
    target_id, old = await told.target(hook.url)
    new = new_secret()
    await told.targets.set_secret(SHOP, target_id, new.encode(), made_by=new_id())
    await told.start()
    await told.job()
    await hook.until(1)
    headers, body = hook.taken[0]
    for secret in (old, new):
        assert Webhook(secret).verify(body, dict(headers))
    await told.shop.mongo.db["webhook_targets"].update_one({}, {"$set": {"previous_until": datetime.now(UTC)}})
    await told.job()
    await hook.until(2)
    headers, body = hook.taken[1]
    assert Webhook(new).verify(body, dict(headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, dict(headers))


async def test_one_that_was_given_up_is_sent_again_by_hand_under_its_id(told: ToldShop) -> None:
    """After its last try it stands as failed; by hand it goes out again, and is the same to its receiver."""
    hook = await told.stack.enter_async_context(receiver())
    hook.statuses = [500]
    target_id, _ = await told.target(hook.url)
    await told.start()
    await told.job()
    (failed,) = await sent(told, target_id, SendState.FAILED)
    assert (failed.tries, failed.detail) == (3, "answered with status 500")
    hook.statuses = [200]
    assert not await told.deliveries.replay("other.myshopify.com", failed.delivery_id)
    assert await told.deliveries.replay(SHOP, failed.delivery_id)
    (taken,) = await sent(told, target_id, SendState.SENT)
    assert taken.delivery_id == failed.delivery_id
    assert len({body for _, body in hook.taken}) == 1


async def test_a_target_that_takes_nothing_for_days_is_switched_off_and_the_shop_is_told(told: ToldShop) -> None:
    """After five days without an answer nothing is sent there; the notice goes to the other targets, too."""
    bad, good = [await told.stack.enter_async_context(receiver()) for _ in range(2)]
    bad.statuses = [503]
    target_id, _ = await told.target(bad.url, [Matter.RUN_ENDED])
    await told.target(good.url, [Matter.TARGET_DISABLED])
    long_ago = datetime.now(UTC) - DISABLED_AFTER - timedelta(hours=1)
    await told.shop.mongo.db["webhook_targets"].update_one(
        {"target_id": target_id}, {"$set": {"failing_since": long_ago}}
    )
    await told.start()
    await told.job()
    notice = await told.of(Matter.TARGET_DISABLED, is_open=True)
    assert bad.url in notice.told.meaning
    await good.until(1)
    assert json.loads(good.taken[0][1])["type"] == "target.disabled"
    target = await told.targets.get(SHOP, target_id)
    assert target is not None
    assert (target.enabled, target.disabled_at is None) == (False, False)
    await sent(told, target_id, SendState.DROPPED)
