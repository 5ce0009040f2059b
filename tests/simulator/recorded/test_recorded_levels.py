"""Levels, locations, activation and nodes answer as Shopify was recorded to answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.simulator.client import Client
from tests.simulator.recorded.recordings import recorded, stable

# Two levels' gids share a number that is the location's, so the recorded numbers are given to the locations.
SHOP_PLACE = {"id": "106318430514", "name": "Shop location"}
CUSTOM_PLACE = {"id": "106318463282", "name": "My Custom Location"}


def _give_level_numbers(client: Client, numbers: dict[str, str]) -> None:
    for place, number in numbers.items():
        client.simulator.shops["demo.myshopify.com"].locations[place].level_number = number


async def _same(client: Client, case: dict[str, Any]) -> None:
    assert stable(await client.graphql(case["query"], case["variables"])) == stable(case["response"])


async def test_windows_over_an_items_levels(client: Client) -> None:
    """Active only, inactive too, pages, filters, reverse: each reply as recorded, before and after a deactivation."""
    cases = recorded("inventory-item-levels-connection-windowing-2026-04.json")
    source, destination = "113884234034", "113884266802"
    names = {
        place: f"Inventory Item Levels {kind} 1783701856472"
        for place, kind in ((source, "Source"), (destination, "Destination"))
    }
    await client.shop(*({"id": place, "name": name} for place, name in names.items()))
    _give_level_numbers(client, {source: "152183472434", destination: "152183505202"})
    await client.control(
        "…/items",
        {"items": [{"id": "53564958638386", "levels": [{"location_id": source, "available": 0}]}]},
    )
    for step in (
        "inventorySet",
        "inventoryActivate",
        "inventoryAdjust",
        "activeRead",
        "inventoryDeactivate",
        "inactiveRead",
    ):
        case = cases[f"/operations/{step}"]
        reply = await client.graphql(case["query"], case["variables"])
        assert _without_cursors(reply) == _without_cursors(case["response"]), step
    window = cases["/operations/windowRead"]
    levels = await client.graphql(
        cases["/operations/activeRead"]["query"], cases["/operations/activeRead"]["variables"]
    )
    first, second = (edge["cursor"] for edge in levels["data"]["inventoryItem"]["allLevels"]["edges"])
    reply = await client.graphql(window["query"], {**window["variables"], "after": first, "before": second})
    assert _without_cursors(reply) == _without_cursors(window["response"])


def _without_cursors(value: Any) -> Any:
    """Cursors become their presence; the row ids in them are ours."""
    text = stable(value)

    def strip(held: Any) -> Any:
        if isinstance(held, dict):
            return {k: v is not None if k.endswith("Cursor") else strip(v) for k, v in held.items()}
        return [strip(v) for v in held] if isinstance(held, list) else held

    return strip(text)


async def test_cursors_have_shopifys_shape(client: Client) -> None:
    """A cursor decodes to last_id and last_value, and is good for the next page until every level is seen."""
    places = await client.shop(*({"name": f"P{n:02d}"} for n in range(7)))
    [item] = await client.items([1], places)
    query = """query L($id: ID!, $after: String) { inventoryItem(id: $id) { inventoryLevels(first: 3, after: $after) {
      nodes { location { id } } pageInfo { hasNextPage endCursor } } } }"""
    seen, after, pages = [], None, 0
    while True:
        reply = await client.graphql(query, {"id": f"gid://shopify/InventoryItem/{item}", "after": after})
        page = reply["data"]["inventoryItem"]["inventoryLevels"]
        seen += [node["location"]["id"].rsplit("/", 1)[1] for node in page["nodes"]]
        pages += 1
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert (seen, pages) == (places, 3)


ACTIVATE = "inventory-activate-on-hand.json"


async def test_activate_with_on_hand(client: Client) -> None:
    """A new level, both quantities at once, an active level, out of range: level and errors as recorded."""
    cases = recorded(ACTIVATE)
    await client.shop(SHOP_PLACE, CUSTOM_PLACE)
    _give_level_numbers(client, {"106318463282": "143273034034"})
    items = ("53486247084338", "53486247117106", "53486247182642")
    levels = [{"location_id": SHOP_PLACE["id"], "available": 0}]
    await client.control("…/items", {"items": [{"id": item, "levels": levels} for item in items]})
    for name in (
        "activateOnHand",
        "activateOnHandRead",
        "availableOnHandConflict",
        "alreadyActiveOnHand",
        "onHandOutOfRange",
    ):
        await _same(client, cases[f"/cases/{name}"])


DEACTIVATE = "inventory-deactivate-validation-2026-04.json"
_ACTIVATE = """mutation A($inventoryItemId: ID!, $locationId: ID!, $available: Int, $idempotencyKey: String!) {
  inventoryActivate(inventoryItemId: $inventoryItemId, locationId: $locationId, available: $available)
  @idempotent(key: $idempotencyKey) { inventoryLevel { id isActive location { id name } item { id } }
  userErrors { field message } } }"""
_DEACTIVATE = """mutation D($inventoryLevelId: ID!, $idempotencyKey: String!) {
  inventoryDeactivate(inventoryLevelId: $inventoryLevelId) @idempotent(key: $idempotencyKey) {
  userErrors { field message } } }"""


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/inventoryDeactivateCommitted", _DEACTIVATE),
        ("/inventoryDeactivateOnlyLocation", _DEACTIVATE),
        ("/inventoryDeactivateMissingLevel", _DEACTIVATE),
        ("/inventoryDeactivateDeletedLocation", _DEACTIVATE),
        ("/inventoryActivateActiveAvailable", _ACTIVATE),
        ("/inventoryDeactivateBeforeReactivate", _DEACTIVATE),
        ("/inventoryActivateInactiveAvailable", _ACTIVATE),
    ],
)
async def test_activate_and_deactivate(client: Client, path: str, query: str) -> None:
    """The only level cannot go, an active level keeps its quantity, and the texts are the recorded ones."""
    cases = recorded(DEACTIVATE)
    await client.shop(SHOP_PLACE, CUSTOM_PLACE)
    _give_level_numbers(client, {"106318430514": "143273001266", "106318463282": "143273034034"})
    both = [{"location_id": place["id"], "available": 3} for place in (SHOP_PLACE, CUSTOM_PLACE)]
    items = [{"id": item, "levels": both} for item in ("53464353407282", "53464354718002")]
    items.append({"id": "53464354685234", "levels": both[:1]})
    await client.control("…/items", {"items": items})
    if path == "/inventoryActivateInactiveAvailable":
        before = cases["/inventoryDeactivateBeforeReactivate"]
        await client.graphql(_DEACTIVATE, before["variables"])
    reply = await client.graphql(query, cases[path]["variables"])
    assert stable(reply) == stable(cases[path]["response"])


@pytest.mark.parametrize("name", ["Activate", "Deactivate"])
async def test_activation_errors_have_no_code(client: Client, name: str) -> None:
    """Selecting `code` on these errors is refused by the schema, in Shopify's words."""
    case = recorded(DEACTIVATE)[f"/inventory{name}CodeSelection"]
    await client.shop(SHOP_PLACE)
    query = (_ACTIVATE if name == "Activate" else _DEACTIVATE).replace("message }", "message code }")
    query = re.sub(r"mutation [AD]", f"mutation InventoryDeactivateValidation{name}CodeSelection", query)
    reply = await client.graphql(query, case["variables"])
    for errors in (reply["errors"], case["response"]["errors"]):
        del errors[0]["locations"]
    assert reply == case["response"]


async def test_locations_are_filtered_and_sorted(client: Client) -> None:
    """Inactive and fulfillment-service locations appear only when asked for; names sort, windows and counts hold."""
    case = recorded("location-connection-filters.json")["/workflow/connectionRead"]
    names = {"Alpha": "113786487090", "Zulu": "113786519858", "Beta": "113786552626", "Carrier": "113786585394"}
    await client.shop(
        *(
            {
                "id": number,
                "name": f"{name}-Conn1783132246256",
                "active": name != "Beta",
                "fulfillment_service": name == "Carrier",
            }
            for name, number in names.items()
        ),
        {"name": "Elsewhere"},
    )
    await _same(client, case)


async def test_nodes_of_unknown_items_are_null(client: Client) -> None:
    """`nodes` keeps the order of its ids and answers null for what does not exist or was deleted."""
    places = await client.shop()
    first, second = await client.items([1, 2], places)
    await client.control("…/delete_item", {"item_id": second})
    ids = [f"gid://shopify/InventoryItem/{n}" for n in ("1", first, second)]
    reply = await client.graphql("query N($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", {"ids": ids})
    assert reply["data"]["nodes"] == [None, {"id": ids[1], "__typename": "InventoryItem"}, None]
    await client.control("…/restore_item", {"item_id": second})
    reply = await client.graphql("query N($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})
    assert [node and node["id"] for node in reply["data"]["nodes"]] == [None, *ids[1:]]


async def test_an_item_read_cold(client: Client) -> None:
    """Item, variant, product, level and an items connection filtered by id: as recorded, cost included."""
    case = recorded("inventory-live-hybrid-cold-authoritative-reads.json")["/coldRead"]
    await client.shop(SHOP_PLACE)
    _give_level_numbers(client, {"106318430514": "143273001266"})
    level = {"location_id": SHOP_PLACE["id"], "available": 0}
    await client.control("…/items", {"items": [{"id": "53593660588338", "tracked": False, "levels": [level]}]})
    reply = await client.graphql(case["query"], case["variables"])

    def without_ids(value: Any) -> Any:
        text = _without_cursors(value)
        for holder in (text["data"]["item"], text["data"]["items"]["edges"][0]["node"]):
            holder["variant"].pop("id")
            holder["variant"].pop("product")
        return text

    assert without_ids(reply) == without_ids(case["response"])
