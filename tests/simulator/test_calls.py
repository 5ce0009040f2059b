"""Access, points, faults and the call log."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from simulator.clock import VirtualClock
from tests.simulator.client import LEVELS, SET, Client, item_gid, set_input
from tests.simulator.conftest import START

QUERY = "{ shop { name } }"


async def test_who_is_let_in(client: Client) -> None:
    """A bad token is 401, an unknown shop or version 404, all with JSON; the Date is the simulator's own."""
    await client.shop()
    assert (await client.raw(QUERY, token="wrong")).status == 401
    assert (await client.raw(QUERY, shop="other.myshopify.com")).status == 404
    assert (await client.raw(QUERY, version="2025-01")).status == 404
    response = await client.raw(QUERY)
    assert response.status == 200
    assert parsedate_to_datetime(response.headers["Date"]) == START.replace(microsecond=0)


@pytest.mark.parametrize(("status", "code"), [("frozen", 402), ("locked", 423), ("forbidden", 403), ("active", 200)])
async def test_status_of_the_shop(client: Client, status: str, code: int) -> None:
    """A frozen, locked or forbidden shop answers its HTTP status."""
    await client.shop()
    await client.control("…/status", {"status": status})
    assert (await client.raw(QUERY)).status == code


async def test_the_bucket_empties_and_fills(client: Client, clock: VirtualClock) -> None:
    """Points are taken as they were used, an empty bucket answers THROTTLED with its cost, and time restores it."""
    await client.shop(plan=[20, 10])
    dear = "{ locations(first: 10) { nodes { id } } productsCount { count } }"
    first = (await client.graphql(dear))["extensions"]["cost"]
    assert (first["requestedQueryCost"], first["actualQueryCost"]) == (16, 13)
    assert first["throttleStatus"] == {"maximumAvailable": 20, "currentlyAvailable": 7, "restoreRate": 10}
    throttled = await client.graphql(dear)
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in throttled
    assert throttled["extensions"]["cost"]["actualQueryCost"] is None
    await clock.advance(0.9)
    assert "data" in await client.graphql(dear)
    assert (await client.control("…/calls", method="GET"))["operations"]["locations,productsCount"] == {
        "calls": 3,
        "points": 26,
        "throttled": 1,
        "errors": 0,
    }


async def test_a_query_may_not_cost_more_than_1000(client: Client) -> None:
    """MAX_COST_EXCEEDED names the cost and the limit, and runs nothing."""
    await client.shop(plan="enterprise")
    query = """{ inventoryItems(first: 250) { nodes { inventoryLevels(first: 250) { nodes {
      location { inventoryLevels(first: 100) { nodes { id } } } } } } } }"""
    error = (await client.graphql(query))["errors"][0]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["cost"] > error["extensions"]["maxCost"] == 1000


async def test_open_points_of_cost(client: Client) -> None:
    """nodes(ids:) may cost for each id, and quantities for each row: both switches are seen in the reply."""
    [place, _] = await client.shop()
    items = await client.items([1, 2, 3, 4], [place])
    ids = {"ids": [item_gid(item) for item in items]}
    flat = (await client.graphql(LEVELS, ids))["extensions"]["cost"]
    await client.control("/open_points", {"nodes_cost_per_id": True, "points_per_quantity": 2})
    each = (await client.graphql(LEVELS, ids))["extensions"]["cost"]
    assert each["requestedQueryCost"] == 4 * flat["requestedQueryCost"]
    # Each item holds 5 points; the list costs 2 ln 4, or 1 for each element.
    assert (flat["actualQueryCost"], each["actualQueryCost"]) == (22, 24)
    await client.set([(item, place, 9, None) for item in items], "k")
    log = (await client.control("…/calls", method="GET"))["log"]
    assert log[-1]["actual"] == 13 + 8


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncate"])
async def test_broken_connections(client: Client, kind: str) -> None:
    """The reply is lost; before the call nothing was done, after it everything was."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    await client.control("/faults", {"kind": kind, "operation": "inventorySetQuantities"})
    with pytest.raises((aiohttp.ClientError, ValueError)):
        await client.set([(item, place, 10, 7)], "k")
    assert await client.available() == {(item, place): 7 if kind == "reset_before" else 10}
    assert (await client.set([(item, place, 10, 7)], "k"))["userErrors"] == []
    assert await client.available() == {(item, place): 10}


async def test_a_status_after_the_effect(client: Client) -> None:
    """A gateway may answer 502 for a call that was executed; the same key then tells the result."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    await client.control("/faults", {"kind": "status_after", "status": 502})
    assert (await client.raw(SET, {"input": set_input([(item, place, 10, 7)]), "idempotencyKey": "k"})).status == 502
    assert await client.available() == {(item, place): 10}
    assert (await client.set([(item, place, 10, 7)], "k", version="2026-04"))["userErrors"] == []
    assert await client.available() == {(item, place): 10}


@pytest.mark.parametrize("status", [401, 402, 403, 423, 430, 500, 503])
async def test_any_status(client: Client, status: int) -> None:
    """Each status that Shopify is known to answer can be had once, with JSON, and nothing is executed."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    await client.control("/faults", {"kind": "status", "status": status})
    given = {"input": set_input([(item, place, 10, 7)]), "idempotencyKey": "k"}
    response = await client.raw(SET, given)
    assert (response.status, response.content_type) == (status, "application/json")
    assert await client.available() == {(item, place): 7}


async def test_statuses_and_strange_bodies(client: Client) -> None:
    """A fault may be a status with Retry-After, HTML with 200, or THROTTLED; it skips `after` calls, lasts `count`."""
    await client.shop()
    await client.control("/faults", {"kind": "status", "status": 429, "retry_after": 1.5, "after": 1, "count": 2})
    statuses = [(await client.raw(QUERY)).status for _ in range(4)]
    assert statuses == [200, 429, 429, 200]
    await client.control("/faults", {"kind": "status", "status": 429, "retry_after": 1.5})
    assert (await client.raw(QUERY)).headers["Retry-After"] == "1.5"
    await client.control("/faults", {"kind": "non_json"})
    assert (await client.raw(QUERY)).content_type == "text/html"
    await client.control("/faults", {"kind": "throttled", "operation": "shop"})
    assert (await client.graphql(QUERY))["errors"][0]["extensions"]["code"] == "THROTTLED"
    await client.control("/faults", {"kind": "status", "operation": "locations"})
    assert (await client.raw(QUERY)).status == 200
    assert await client.control("/faults", method="DELETE") == {"removed": 1}


async def test_replies_that_lack_something(client: Client) -> None:
    """A reply may have no extensions, no throttleStatus, or an error with a message that misleads."""
    await client.shop()
    for kind in ("no_extensions", "no_throttle_status"):
        await client.control("/faults", {"kind": kind})
    await client.control("/faults", {"kind": "error", "message": "Throttled", "code": "ACCESS_DENIED", "after": 2})
    assert "extensions" not in await client.graphql(QUERY)
    assert set((await client.graphql(QUERY))["extensions"]["cost"]) == {"requestedQueryCost", "actualQueryCost"}
    [error] = (await client.graphql(QUERY))["errors"]
    assert error == {"message": "Throttled", "extensions": {"code": "ACCESS_DENIED"}}


async def test_a_slow_call_holds_its_key(client: Client, clock: VirtualClock) -> None:
    """While the first call is under way, the same key is IDEMPOTENCY_CONCURRENT_REQUEST; then it answers the result."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    await client.control("/faults", {"kind": "latency", "seconds": 30})
    slow = asyncio.ensure_future(client.set([(item, place, 10, 7)], "k"))
    await clock.until_someone_sleeps()
    during = await client.set([(item, place, 10, 7)], "k")
    assert [error["code"] for error in during["userErrors"]] == ["IDEMPOTENCY_CONCURRENT_REQUEST"]
    assert await client.available() == {(item, place): 7}
    await clock.advance(30)
    assert await client.set([(item, place, 10, 7)], "k") == await slow
    assert await client.available() == {(item, place): 10}


async def test_bad_bodies(client: Client) -> None:
    """Text that is no JSON, no query, a syntax error: each an answer that says so."""
    await client.shop()
    url = f"{client.running.url}/demo.myshopify.com/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": "shpat_demo"}
    for raw in (b"{", b"[]", b'{"query": 5}'):
        async with client.http.post(url, data=raw, headers=headers) as response:
            assert response.status == 400
    assert "Syntax Error" in (await client.graphql("{ shop "))["errors"][0]["message"]
