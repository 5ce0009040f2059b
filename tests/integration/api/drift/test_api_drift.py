"""The API's part in drift: the policy, the list with its evidence, a sweep asked for, an approval."""

from datetime import UTC, datetime, timedelta

from shared.domain.cell import CellKey
from shared.domain.comparison import Row
from shared.domain.stock import Stock
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.missed import MissedState, Sighting
from shared.mongodb.drift.sweeps import Breaker, SweepStore
from tests.integration.api.api_setup import PLACES, ApiShop

DEFAULT = {"mode": "repair", "max_share": 0.2, "max_move": 1000, "jobs_per_hour": 12, "quiet_hours": None}


async def missed(shop: ApiShop, *bom_ids: str) -> None:
    """Recorded missed webhooks, as the sweeper leaves them."""
    store = DriftStore(shop.world.mongo.db)
    now = datetime.now(UTC)
    stock = Stock(base=7, base_time=now - timedelta(hours=1), count=7, events_no=2)
    row = Row.of(stock, 5, now - timedelta(minutes=9), now)
    seen = [Sighting(CellKey(bom_id, PLACES[0]), "1", bom_id.upper(), "Here", row) for bom_id in bom_ids]
    assert await store.watch(shop.domain, seen, now=now, due_at=now) == len(bom_ids)
    assert await store.watch(shop.domain, seen, now=now, due_at=now) == 0
    for document in await store.due(shop.domain, MissedState.WATCHED, datetime.now(UTC), 10):
        assert await store.record(document, row, base_time=stock.base_time, now=now)


async def test_the_drift_policy_is_kept(shop: ApiShop) -> None:
    """The policy starts at repair with its limits and is what was chosen last; wrong values are named."""
    assert (await shop.call("GET", "/drift/policy")).json == DEFAULT
    quiet = {"start": "22:00", "end": "06:30", "time_zone": "Europe/Berlin"}
    chosen = {"mode": "notify", "max_share": 0.5, "max_move": 20, "jobs_per_hour": 2, "quiet_hours": quiet}
    assert (await shop.call("PUT", "/drift/policy", chosen)).status == 200
    assert (await shop.call("GET", "/drift/policy")).json == chosen
    for field, value in (("mode", "guess"), ("max_share", 1.5), ("max_move", 0), ("jobs_per_hour", 0)):
        refused = await shop.call("PUT", "/drift/policy", {field: value})
        assert (refused.status, refused.fields) == (422, [f"body.{field}"])
    wrong = {"quiet_hours": {"start": "25:00", "end": "06:00", "time_zone": "Mars/Base"}}
    refused = await shop.call("PUT", "/drift/policy", wrong)
    assert refused.fields == ["body.quiet_hours.start", "body.quiet_hours.time_zone"]
    assert (await shop.call("GET", "/drift/policy")).json == chosen


async def test_quiet_hours_in_a_zone_that_is_not_known_any_more_are_shown(shop: ApiShop) -> None:
    """And replaced; as they are they are not taken again."""
    quiet = {"start": 60, "end": 120, "time_zone": "Mars/Base"}
    stored = {"mode": "repair", "max_share": 0.2, "max_move": 1000, "jobs_per_hour": 12, "quiet": quiet}
    await shop.world.mongo.db["shops"].update_one({"_id": shop.domain}, {"$set": {"drift_policy": stored}})
    shown = await shop.call("GET", "/drift/policy")
    assert (shown.status, shown.json["quiet_hours"]["time_zone"]) == (200, "Mars/Base")
    assert (await shop.call("PUT", "/drift/policy", shown.json)).fields == ["body.quiet_hours.time_zone"]
    known = shown.json | {"quiet_hours": shown.json["quiet_hours"] | {"time_zone": "Europe/Berlin"}}
    assert (await shop.call("PUT", "/drift/policy", known)).status == 200


async def test_a_shop_from_before_the_limits_keeps_its_mode(shop: ApiShop) -> None:
    """A policy stored as the mode's name alone is read with the default limits."""
    await shop.world.mongo.db["shops"].update_one({"_id": shop.domain}, {"$set": {"drift_policy": "off"}})
    assert (await shop.call("GET", "/drift/policy")).json == DEFAULT | {"mode": "off"}


async def test_missed_webhooks_are_listed_with_their_evidence(shop: ApiShop) -> None:
    """Each is listed once, the newest first, page by page, with base, Shopify's value and since when."""
    assert (await shop.call("GET", "/drift")).json["items"] == []
    await missed(shop, "a", "b", "c")
    page = (await shop.call("GET", "/drift?limit=2")).json
    rest = (await shop.call("GET", f"/drift?limit=2&cursor={page['next_cursor']}")).json
    assert sorted(item["bom_id"] for item in page["items"] + rest["items"]) == ["a", "b", "c"]
    assert rest["next_cursor"] is None
    assert (page["unrepaired_cells"], page["breaker"], page["webhook_loss_ratio"]) == (3, None, None)
    item = page["items"][0]
    assert (item["base"], item["shopify_value"], item["local_value"], item["cell_class"]) == (7, 5, 7, "shopify_moved")
    assert item["state"] == "missed"
    assert item["since"] == item["confirmed_at"]
    assert (await shop.call("GET", "/drift?state=watched")).json["items"] == []
    assert len((await shop.call("GET", "/drift?late=false")).json["items"]) == 3
    assert (await shop.call("GET", "/drift?cursor=zz")).fields == ["query.cursor"]


async def test_a_sweep_is_asked_for_unless_the_policy_is_off(shop: ApiShop) -> None:
    """A request is kept for the sweeper; where the shop is not to be looked at, the caller is told."""
    answer = await shop.call("POST", "/drift/sweeps", {"full": True})
    assert answer.status == 202
    state = await SweepStore(shop.world.mongo.db).state(shop.domain)
    assert state is not None
    assert state.asked_full
    assert datetime.fromisoformat(answer.json["asked_at"]) == state.asked_at
    assert (await shop.call("PUT", "/drift/policy", {"mode": "off"})).status == 200
    assert (await shop.call("POST", "/drift/sweeps")).status == 409


async def test_a_sweep_asked_for_during_another_is_not_lost(shop: ApiShop) -> None:
    """The end of a sweep answers what was asked for before it; what was asked for since makes it the shop's turn."""
    sweeps = SweepStore(shop.world.mongo.db)
    now = datetime.now(UTC)
    hour = now + timedelta(hours=1)
    first, second = now.replace(microsecond=1000), now.replace(microsecond=2000)
    await sweeps.ask(shop.domain, full=True, at=first)
    await sweeps.ask(shop.domain, full=False, at=second)
    await sweeps.swept(shop.domain, next_at=hour, asked_at=first)
    assert shop.domain in {state.shop for state in await sweeps.due(datetime.now(UTC))}
    await sweeps.swept(shop.domain, next_at=hour, asked_at=second)
    state = await sweeps.state(shop.domain)
    assert state is not None
    assert (state.asked_at, state.asked_full) == (None, False)
    assert shop.domain not in {state.shop for state in await sweeps.due(datetime.now(UTC))}


async def test_an_approval_releases_what_the_breaker_holds(shop: ApiShop) -> None:
    """Without an open breaker there is nothing to approve; with one, its cells are released and it closes."""
    await missed(shop, "a", "b")
    assert (await shop.call("POST", "/drift/approve")).status == 409
    sweeps = SweepStore(shop.world.mongo.db)
    breaker = Breaker("Much moved.", datetime.now(UTC), missed=2, cells=4)
    assert await sweeps.open_breaker(shop.domain, breaker)
    assert not await sweeps.open_breaker(shop.domain, breaker)
    assert (await shop.call("GET", "/drift")).json["breaker"]["reason"] == "Much moved."
    assert (await shop.call("POST", "/drift/approve")).json == {"released": 2, "left": 0}
    page = (await shop.call("GET", "/drift")).json
    assert page["breaker"] is None
    assert {item["approved_by"] for item in page["items"]} == {"user:42"}


async def test_some_are_approved_and_the_breaker_waits_with_the_rest(shop: ApiShop) -> None:
    """What a repair would do is told by location and class; one row is released, and the rest still asked about."""
    await missed(shop, "a", "b")
    sweeps = SweepStore(shop.world.mongo.db)
    assert await sweeps.open_breaker(shop.domain, Breaker("Much moved.", datetime.now(UTC), missed=2, cells=4))
    plan = (await shop.call("GET", "/drift/repair")).json
    assert (plan["cells"], plan["waiting"], sum(item["cells"] for item in plan["items"])) == (2, 2, 2)
    first = (await shop.call("GET", "/drift")).json["items"][0]
    assert first["becomes"] == first["shopify_value"]
    nothing = await shop.call("POST", "/drift/approve", {"location_ids": ["999"]})
    assert nothing.json == {"released": 0, "left": 2}
    some = await shop.call("POST", "/drift/approve", {"drift_ids": [first["drift_id"]]})
    assert some.json == {"released": 1, "left": 1}
    page = (await shop.call("GET", "/drift")).json
    assert page["breaker"] is not None
    assert [item["drift_id"] for item in page["items"] if item["approved_by"]] == [first["drift_id"]]
    assert (await shop.call("POST", "/drift/approve", {})).json == {"released": 1, "left": 0}
    assert (await shop.call("GET", "/drift")).json["breaker"] is None
    assert (await shop.call("POST", "/drift/approve", {"drift_ids": []})).status == 422
