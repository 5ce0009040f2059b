"""/api/notices and /api/notifications: the shop's own, live, and no secret shown twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shared.domain.notices import Happening, Matter
from shared.mongodb.notices.notices import NoticeStore
from tests.integration.api.api_setup import ApiShop
from tests.integration.shop_world import new_id


async def happens(shop: ApiShop, matter: Matter = Matter.PREVIEW_WAITS) -> str:
    """Something that needs somebody; returns what it is about."""
    subject, now = new_id(), datetime.now(UTC)
    facts: dict[str, str | int | None] = {"with_discrepancies": 2}
    await NoticeStore(shop.world.mongo.db).note(
        Happening(shop=shop.domain, matter=matter, subject=subject, occurrence=subject, at=now, facts=facts, open=True)
    )
    return subject


async def test_a_decision_made_by_one_is_told_to_the_others_at_once(shop: ApiShop, world: Any) -> None:
    """The stream of another page has the notice, and then has it closed; another shop neither sees nor closes it."""
    subject = await happens(shop)
    other = await world.shop()
    assert (await other.call("GET", "/notices")).json["items"] == []
    stream = shop.events("/events/notices")
    first = await anext(stream)
    (notice,) = first["items"]
    assert (first["open"], first["unseen"], notice["subject"], notice["urgency"]) == (1, 1, subject, "decision")
    assert (await other.call("POST", f"/notices/{notice['notice_id']}/dismiss")).status == 404
    dismissed = await shop.call("POST", f"/notices/{notice['notice_id']}/dismiss")
    assert (dismissed.status, dismissed.json["open"], dismissed.json["dismissed_by"]) == (200, False, "user:42")
    second = await anext(stream)
    assert (second["open"], second["items"][0]["open"]) == (0, False)
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
    again = await shop.call("POST", f"/notices/{notice['notice_id']}/dismiss")
    assert again.json == dismissed.json


async def test_what_was_seen_is_seen_by_the_shop_and_stays_open(shop: ApiShop) -> None:
    """Seen until a moment: later ones are new; the list has pages, and shows what is open alone."""
    await happens(shop)
    listed = (await shop.call("GET", "/notices")).json
    await happens(shop, Matter.SCHEDULE_FAILED)
    seen = await shop.call("POST", "/seen-notices", {"until": listed["items"][0]["at"]})
    assert seen.json == {"open": 2, "unseen": 1}
    page = (await shop.call("GET", "/notices?limit=1&open=true")).json
    rest = (await shop.call("GET", f"/notices?limit=1&open=true&cursor={page['next_cursor']}")).json
    assert [one["matter"] for one in page["items"] + rest["items"]] == ["schedule_failed", "preview_waits"]
    assert rest["next_cursor"] is None


async def test_an_address_of_webhooks_shows_its_secret_once(shop: ApiShop, world: Any) -> None:
    """Made, changed, given a new secret, tested, removed; a private address is refused, another shop finds none."""
    target_id = new_id()
    path = f"/notifications/targets/{target_id}"
    assert (await shop.call("PUT", path, {"url": "https://10.0.0.1/hook"})).fields == ["body.url"]
    made = await shop.call("PUT", path, {"url": "https://example.com/hook", "matters": ["run_ended"]})
    assert made.status == 201
    secret = made.json["secret"]
    assert secret.startswith("whsec_")
    changed = await shop.call("PUT", path, {"url": "https://example.com/other"})
    assert (changed.status, "secret" in changed.json, changed.json["matters"]) == (200, False, None)
    assert secret not in (await shop.call("GET", "/notifications")).text
    raw = await shop.world.mongo.db["webhook_targets"].find_one({"shop": shop.domain})
    assert raw is not None
    assert secret.encode() not in raw["secret"]
    rotated = await shop.call("POST", f"{path}/secret")
    assert rotated.json["secret"] != secret
    assert rotated.json["two_secrets_until"] is not None
    sent = await shop.call("POST", f"{path}/test")
    assert (sent.status, sent.json["state"], sent.json["event"]) == (202, "due", "test")
    other = await world.shop()
    replay = f"/notifications/deliveries/{sent.json['delivery_id']}/replay"
    for method, where in (("POST", f"{path}/test"), ("POST", f"{path}/secret"), ("DELETE", path), ("POST", replay)):
        assert (await other.call(method, where)).status == 404
    assert (await other.call("GET", f"{path}/deliveries")).status == 404
    assert (await shop.call("DELETE", path)).status == 204


async def test_without_a_mail_server_the_page_is_told_so(shop: ApiShop) -> None:
    """No address is taken then; a wrong one never."""
    assert (await shop.call("GET", "/notifications")).json["mail"]["set_up"] is False
    where = "/notifications/mail/addresses"
    assert (await shop.call("POST", where, {"address": "ann@example.com"})).status == 409
    for wrong in ("ann", "Ann <ann@example.com>", "ann@example.com\nBcc: x@example.com", "a@b", "@example.com"):
        assert (await shop.call("POST", where, {"address": wrong})).fields == ["body.address"], wrong
