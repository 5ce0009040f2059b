"""Bulk queries: refusals as recorded, results as JSON lines."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from simulator.clock import VirtualClock
from tests.simulator.client import Client, item_gid
from tests.simulator.receiver import Receiver
from tests.simulator.recorded.recordings import recorded, stable


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("user-error-codes", "noConnectionWithCode"),
        ("user-error-codes", "emptyQuery"),
        ("validators", "nodesInsteadOfEdges"),
        ("validators", "ordersNodesInsteadOfEdges"),
        ("validators", "topLevelNode"),
        ("validators", "depthThreeNesting"),
        ("validators", "sixConnections"),
        ("validators", "nestedWithoutParentId"),
        ("validators", "invalidOperationType"),
    ],
)
async def test_refused_bulk_queries(client: Client, name: str, path: str) -> None:
    """What is no bulk query is refused in the recorded words."""
    case = recorded(f"bulk-operation-run-query-{name}.json")[f"/validations/{path}"]
    await client.shop()
    assert stable(await client.graphql(case["query"], case["variables"])) == stable(case["response"])


_RUN = """mutation R($query: String!) { bulkOperationRunQuery(query: $query) {
  bulkOperation { id status objectCount url } userErrors { field message code } } }"""
_READ = "query B($id: ID!) { bulkOperation(id: $id) { status objectCount rootObjectCount fileSize url completedAt } }"
_LEVELS = """{ inventoryItems { edges { node { id sku inventoryLevels(includeInactive: true) { edges { node {
  id location { id } quantities(names: ["available"]) { quantity } } } } } } } }"""


async def _run(client: Client) -> Any:
    return (await client.graphql(_RUN, {"query": _LEVELS}))["data"]["bulkOperationRunQuery"]


async def test_all_levels_of_a_shop(client: Client, clock: VirtualClock) -> None:
    """Every item and level is one line, beyond any page size, and each level names its parent."""
    places = await client.shop(*({"name": f"P{n}"} for n in range(3)))
    items = await client.items(range(300), places)
    operation = (await _run(client))["bulkOperation"]
    assert (operation["status"], operation["url"]) == ("CREATED", None)
    await clock.advance(2)
    read = (await client.graphql(_READ, {"id": operation["id"]}))["data"]["bulkOperation"]
    assert (read["status"], read["objectCount"], read["rootObjectCount"]) == ("COMPLETED", "1200", "300")
    async with client.http.get(read["url"]) as response:
        raw = await response.read()
    assert len(raw) == int(read["fileSize"])
    lines = [json.loads(line) for line in raw.decode().splitlines()]
    levels = [line for line in lines if "__parentId" in line]
    assert {line["id"] for line in lines if "__parentId" not in line} == {item_gid(item) for item in items}
    assert {(line["__parentId"], line["quantities"][0]["quantity"]) for line in levels} == {
        (item_gid(item), quantity) for quantity, item in enumerate(items)
    }


async def test_five_at_once(client: Client, clock: VirtualClock) -> None:
    """The sixth is OPERATION_IN_PROGRESS, of no field, until one has finished, or has ended after it was cancelled."""
    places = await client.shop()
    await client.items([1], places)
    started = [(await _run(client))["bulkOperation"]["id"] for _ in range(5)]
    busy = [(error["code"], error["field"]) for error in (await _run(client))["userErrors"]]
    assert busy == [("OPERATION_IN_PROGRESS", None)]
    await client.graphql(_CANCEL, {"id": started[0]})
    assert [error["code"] for error in (await _run(client))["userErrors"]] == ["OPERATION_IN_PROGRESS"]
    await clock.advance(0.5)
    assert (await _run(client))["userErrors"] == []
    await clock.advance(2)
    assert (await _run(client))["userErrors"] == []


_CANCEL = """
mutation C($id: ID!) {
  bulkOperationCancel(id: $id) { bulkOperation { status objectCount completedAt } userErrors { field message } }
}
"""


async def test_a_cancelled_query_ends_later_with_what_it_had(client: Client, clock: VirtualClock) -> None:
    """Cancelling answers CANCELING with the count so far; the query ends later, with that count; cancelling it again
    changes nothing, and one that has ended cannot be cancelled."""
    places = await client.shop()
    await client.items(range(100), places)
    number = (await _run(client))["bulkOperation"]["id"]
    await clock.advance(0.6)
    whole = 100 * (1 + len(places))
    so_far = {"status": "CANCELING", "objectCount": str(int(whole * 0.6)), "completedAt": None}
    for _ in range(2):
        answer = (await client.graphql(_CANCEL, {"id": number}))["data"]["bulkOperationCancel"]
        assert answer == {"bulkOperation": so_far, "userErrors": []}
        await clock.advance(0.2)
    await clock.advance(5)
    ended = so_far | {"status": "CANCELED"}
    answer = (await client.graphql(_CANCEL, {"id": number}))["data"]["bulkOperationCancel"]
    assert answer["bulkOperation"] == ended
    assert [error["message"] for error in answer["userErrors"]] == [
        "A bulk operation cannot be canceled when it is canceled"
    ]


async def test_the_end_is_told(client: Client, clock: VirtualClock, receiver: Receiver) -> None:
    """`bulk_operations/finish` comes once for each: completed, failed with its code, or cancelled."""
    places = await client.shop(webhook_url=receiver.url)
    await client.items([1], places)
    await client.control("/faults", {"kind": "bulk_failed", "code": "TIMEOUT", "after": 1})
    completed, failed, cancelled = [(await _run(client))["bulkOperation"]["id"] for _ in range(3)]
    await client.graphql(
        "mutation C($id: ID!) { bulkOperationCancel(id: $id) { userErrors { message } } }", {"id": cancelled}
    )
    await clock.advance(1)
    await client.control("…/webhooks/drain")
    told = {body["admin_graphql_api_id"]: (body["status"], body["error_code"]) for body in receiver.bodies()}
    assert len(receiver.got) == 3
    assert told == {completed: ("completed", None), failed: ("failed", "timeout"), cancelled: ("canceled", None)}
    query = "query B($id: ID!) { bulkOperation(id: $id) { status errorCode url } }"
    read = (await client.graphql(query, {"id": failed}))["data"]["bulkOperation"]
    assert read == {"status": "FAILED", "errorCode": "TIMEOUT", "url": None}


async def test_a_result_that_breaks_off(client: Client, clock: VirtualClock) -> None:
    """The file may be refused or end half-way; asked for again it is whole."""
    places = await client.shop()
    await client.items(range(20), places)
    number = (await _run(client))["bulkOperation"]["id"]
    await clock.advance(2)
    url = (await client.graphql(_READ, {"id": number}))["data"]["bulkOperation"]["url"]
    await client.control("/faults", {"kind": "status", "status": 403, "operation": "bulk_file"})
    await client.control("/faults", {"kind": "truncate", "operation": "bulk_file", "after": 1})
    async with client.http.get(url) as response:
        assert response.status == 403
    with pytest.raises(aiohttp.ClientPayloadError):
        async with client.http.get(url) as response:
            await response.read()
    async with client.http.get(url) as response:
        assert len((await response.text()).splitlines()) == 20 * 3
