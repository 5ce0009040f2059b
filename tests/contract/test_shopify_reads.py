"""Reading levels: every way tells the same, and costs stay within what Shopify allows, also where it tells nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from shared.errors import ShopifyRefused, ShopifyThrottled
from shared.shopify.calls.budget import CallRole
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.requests import request_body
from shared.shopify.queries import BULK_RUN, bulk_levels
from shared.shopify.reads import reads as reads_module
from shared.shopify.reads.levels import Item, ItemsRead
from shared.shopify.reads.read_costs import Way
from shared.shopify.reads.reads import ShopifyReads
from shared.shopify.writes.writes import SetRow, ShopifyWrites, set_body
from simulator.http.server import Running, Simulator, start
from tests.contract.test_shopify_port import FixedAccess
from tests.unit.hand_clock import HandClock

SHOP = "port.myshopify.com"


class Shop:
    """A shop of one plan, and a client that has learned nothing yet."""

    def __init__(self, running: Running, http: aiohttp.ClientSession, client: ShopifyClient) -> None:
        self.running, self.http, self.client = running, http, client
        self.locations: list[str] = []
        self.items: list[str] = []

    async def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        """A call of the simulator's control API; `path` is below the shop unless it starts with a slash."""
        where = path if path.startswith("/") else f"/control/shops/{SHOP}/{path}"
        async with self.http.request(method, f"{self.running.url}{where}", json=body) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def open(self, plan: Any = "standard", *, items: int = 3, locations: int = 3) -> None:
        """Make the shop; every item is at every location, the n-th with n units."""
        places = [{"name": f"L{n}"} for n in range(locations)]
        body = {"domain": SHOP, "access_token": "shpat_port", "plan": plan, "locations": places}
        self.locations = sorted(place["id"] for place in (await self.control("/control/shops", body))["locations"])
        listed = [
            {"levels": [{"location_id": place, "available": n, "age_seconds": 600} for place in self.locations]}
            for n in range(items)
        ]
        self.items = [made["id"] for made in (await self.control("items", {"items": listed}))["items"]]

    async def calls(self) -> dict[str, Any]:
        """The simulator's record of calls."""
        answer: dict[str, Any] = await self.control("calls", method="GET")
        return answer

    def reads(self, role: CallRole = "job") -> ShopifyReads:
        """Reads for a role."""
        return ShopifyReads(self.client.as_role(role))

    async def read(self, role: CallRole = "job", *, at: list[str] | None = None) -> ItemsRead:
        """Read all items."""
        return await self.reads(role).items(SHOP, self.items, locations=len(self.locations), at=at)

    def expect(self, read: ItemsRead) -> None:
        """Every level of every item, as it was made."""
        for number, item_id in enumerate(self.items):
            item = read.items[item_id]
            assert item is not None
            assert {place: level.available for place, level in item.levels.items()} == dict.fromkeys(
                self.locations, number
            )


@pytest.fixture(params=["2026-04", "2026-07", "2026-10"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    """Through one API version; the test opens it with the plan it needs."""
    async with AsyncExitStack() as stack:
        running = await start(Simulator(client_id="port", client_secret="port"))  # the simulator's own
        stack.push_async_callback(running.close)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Shop(running, http, ShopifyClient(http, FixedAccess(), running.url + "/{shop}", request.param))


def take(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on reads go this way, whatever it costs."""
    monkeypatch.setattr(reads_module, "cheapest", lambda *_: way)


@pytest.mark.parametrize("way", [Way.NODES_AT, Way.SEARCH, Way.SEARCH_AT, Way.BULK])
async def test_every_way_tells_the_same(shop: Shop, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """Untracked items, inactive levels and locations, levels that are not there, deleted and unknown items."""
    await shop.open(items=6, locations=4)
    here, closed = shop.locations[0], shop.locations[1]
    await shop.control("set_item", {"item_id": shop.items[0], "tracked": False})
    await shop.control("set_level", {"item_id": shop.items[1], "location_id": here, "active": False})
    await shop.control("deactivate_location", {"location_id": closed})
    await shop.control("delete_item", {"item_id": shop.items[2]})
    made = await shop.control("items", {"items": [{"levels": [{"location_id": here, "available": -4}]}, {}]})
    shop.items += [*(item["id"] for item in made["items"]), "999"]

    take(Way.NODES, monkeypatch)
    whole = await shop.read()
    take(way, monkeypatch)
    shop.client = shop.client.timed_by(Waiting(shop))  # a bulk query takes its second
    at = [here, closed] if way in (Way.NODES_AT, Way.SEARCH_AT) else None
    read = await shop.read("verify", at=at)
    assert read.items["999"] is None
    assert read.items[shop.items[2]] is None
    assert read.items == {item_id: _only(item, at) for item_id, item in whole.items.items()}


def _only(item: Item | None, at: list[str] | None) -> Item | None:
    if item is None or at is None:
        return item
    return Item(item.item_id, item.tracked, {place: item.levels[place] for place in at if place in item.levels})


async def test_a_search_that_finds_others_is_not_trusted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that Shopify ignores finds the wrong items: those asked for are read by id, now and from then on."""
    await shop.open(items=5)
    wanted = shop.items = shop.items[3:]
    monkeypatch.setattr(reads_module, "_any_of", lambda _: "")
    with monkeypatch.context() as patched:
        take(Way.SEARCH, patched)
        read = await shop.read()
    assert read.items.keys() == set(wanted)
    assert [level.available for item in read.items.values() if item for level in item.levels.values()] == [3] * 3 + [
        4
    ] * 3
    assert not shop.client.read_facts(SHOP).search_serves


async def test_without_a_slot_for_a_bulk_query_items_are_read_another_way(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five run already, by whomever: the sixth is refused, and the read goes on by itself."""
    await shop.open()
    for _ in range(5):
        await shop.client.call(SHOP, "bulk", request_body(BULK_RUN, {"query": bulk_levels("id:1")}))
    with monkeypatch.context() as patched:
        take(Way.BULK, patched)
        shop.expect(await shop.read("verify"))
    assert shop.client.read_facts(SHOP).bulk_not_before > shop.client.time.monotonic()


@pytest.mark.parametrize("per_id", [False, True])
@pytest.mark.parametrize("fault", [None, "no_extensions", "no_throttle_status"])
async def test_no_read_is_above_a_limit(shop: Shop, per_id: bool, fault: str | None) -> None:
    """120 items at 20 locations, `nodes` priced either way, costs told or not: no refusal, nothing throttled."""
    await shop.open(items=120, locations=20)
    await shop.control("/control/open_points", {"nodes_cost_per_id": per_id})
    if fault is not None:
        await shop.control("/control/faults", {"kind": fault, "count": 1000})
    shop.client = shop.client.timed_by(Waiting(shop))
    shop.expect(await shop.read("sweep"))
    calls = await shop.calls()
    assert all(call["outcome"] == "ok" and call["requested"] <= 1000 for call in calls["log"]), calls["log"]
    if fault is None:
        assert sum(call["actual"] for call in calls["log"]) <= 20, calls["log"]


class Waiting(HandClock):
    """Time that passes where the client waits, for it and for the simulator's bucket and bulk queries alike."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self._simulator = shop.running.simulator
        begin = self._simulator.clock.now()
        self._begin = begin
        self._simulator.clock = self

    def now(self) -> datetime:
        """The simulator's beginning and what was waited since."""
        return self._begin + timedelta(seconds=self.seconds)


async def test_a_price_that_changes_is_learned_anew(shop: Shop) -> None:
    """`nodes` was learned to cost once and now costs for each id: one call too dear, and the read is still answered."""
    await shop.open(items=250, locations=4)
    shop.client = shop.client.timed_by(Waiting(shop))
    shop.expect(await shop.read())
    await shop.control("/control/open_points", {"nodes_cost_per_id": True})
    await shop.control("calls/reset")
    for _ in range(3):
        shop.expect(await shop.read())
    assert [call["outcome"] for call in (await shop.calls())["log"]].count("MAX_COST_EXCEEDED") == 1


async def test_what_is_asked_side_by_side_is_asked_once(shop: Shop) -> None:
    """Batches of a shop that all want Shopify's time, before any reply has told it, make one call for it."""
    await shop.open(items=10)
    await asyncio.gather(*(shop.reads().now(SHOP, shop.items) for _ in range(4)))
    assert len((await shop.calls())["log"]) == 1


async def test_a_cost_above_the_bucket_ends_with_a_clear_error(shop: Shop) -> None:
    """A bucket of five points can never pay the read: told once by Shopify, then not even sent."""
    await shop.open([5, 5], items=1)
    for _ in range(2):
        with pytest.raises(ShopifyRefused, match=r"nodes costs 9 points, and a call may cost 5 at most") as refused:
            await shop.reads().items(SHOP, shop.items, locations=4)
        assert refused.value.code == "MAX_COST_EXCEEDED"
    assert len((await shop.calls())["log"]) == 1


async def test_where_nothing_is_restored_the_client_waits_and_asks_ever_more_rarely(shop: Shop) -> None:
    """restoreRate 0 and the bucket empty: each try is told to wait, and calls that find out come ever more rarely."""
    await shop.open([1000, 0], items=1)
    clock = HandClock()
    shop.client = shop.client.timed_by(clock)
    await shop.read()
    await shop.control("empty_bucket")
    waits = []
    for _ in range(240):
        with pytest.raises(ShopifyThrottled) as throttled:
            await shop.read()
        waits.append(throttled.value.retry_after)
        clock.seconds += 0.25
    assert min(waits) > 0
    assert max(waits) <= 60
    # A call for the first reply, one that met the empty bucket, and few in a minute to find out.
    assert len((await shop.calls())["log"]) <= 2 + 10


async def test_rows_that_cost_points_make_smaller_pushes(shop: Shop) -> None:
    """Ten points a row: the first push of 250 is refused, the next are as large as the limit lets them be."""
    await shop.open(items=250, locations=1)
    await shop.control("/control/open_points", {"points_per_quantity": 10})
    shop.client = shop.client.timed_by(Waiting(shop))
    writes = ShopifyWrites(shop.client)
    rows = [SetRow(item, shop.locations[0], n + 1, n) for n, item in enumerate(shop.items)]
    sizes = []
    for number in range(4):
        size = writes.rows_per_call(SHOP)
        sizes.append(size)
        body = set_body(rows[:size], key=f"01M889S0CXGVA32WMFP0TFZD{number:02}", reference="gid://t/J/1")
        try:
            answer = await writes.send(SHOP, body, rows[:size])
        except ShopifyThrottled as throttled:
            await shop.client.time.sleep(throttled.retry_after)
            answer = await writes.send(SHOP, body, rows[:size])
        assert (answer.whole is None) == (number > 0)
        rows = rows[size:] if answer.whole is None else rows
    assert sizes[0] == 250
    # Before the bucket is known a little less than the limit, and then all of it.
    assert sizes[1] <= sizes[2] == 98
    calls = (await shop.calls())["log"]
    assert [call["outcome"] for call in calls].count("throttled") == 0
