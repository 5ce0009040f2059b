"""What the simulator computes of locations, quantities and totals from what has happened."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.clock import VirtualClock
from tests.simulator.client import Client, item_gid, place_gid, set_input

_PLACE = """
query P($id: ID!) {
  location(id: $id) { deactivatable hasUnfulfilledOrders shipsInventory fulfillsOnlineOrders hasActiveInventory }
}
"""
_ITEM = """
query I($id: ID!) {
  inventoryItem(id: $id) {
    variant { product { totalInventory } }
    inventoryLevels(first: 5, includeInactive: true) {
      nodes { id location { id } quantities(names: ["available", "on_hand"]) { name quantity updatedAt } }
    }
  }
}
"""
_SET = """
mutation S($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code } }
}
"""
_DEACTIVATE = """
mutation D($id: ID!) {
  inventoryDeactivate(inventoryLevelId: $id) @idempotent(key: "d") { userErrors { message } }
}
"""


async def place(client: Client, number: str) -> dict[str, bool]:
    """A location's computed flags."""
    found: dict[str, bool] = (await client.graphql(_PLACE, {"id": place_gid(number)}))["data"]["location"]
    return found


async def item(client: Client, number: str) -> dict[str, Any]:
    """An item with its total and its levels."""
    found: dict[str, Any] = (await client.graphql(_ITEM, {"id": item_gid(number)}))["data"]["inventoryItem"]
    return found


async def test_a_locations_flags_follow_from_what_happens_there(client: Client) -> None:
    """Orders that nobody has shipped, the last place that fulfils online orders, a fulfilment service."""
    first, second, service = await client.shop(
        {"name": "First"},
        {"name": "Second", "fulfills_online_orders": False},
        {"name": "3PL", "fulfillment_service": True},
    )
    [number] = await client.items([5], [first, second])
    assert (await place(client, second))["deactivatable"]
    assert not (await place(client, first))["deactivatable"]  # nobody else fulfils online orders, but a service
    other = (await client.control("…/locations", {"name": "Third"}))["locations"][0]["id"]
    assert (await place(client, first))["deactivatable"]
    assert (await place(client, first))["shipsInventory"]
    assert [(await place(client, one))["shipsInventory"] for one in (second, service, other)] == [False, False, True]
    assert not (await place(client, service))["deactivatable"]
    await client.control("…/sell", {"lines": [{"item_id": number, "location_id": first, "quantity": 1}]})
    sold = await place(client, first)
    assert (sold["hasUnfulfilledOrders"], sold["deactivatable"]) == (True, False)
    assert not (await place(client, second))["hasUnfulfilledOrders"]


async def test_what_was_set_as_on_hand_has_its_time(client: Client, clock: VirtualClock) -> None:
    """Null after every other change (recorded); the time of the set where it names `on_hand`."""
    here = (await client.shop())[0]
    [number] = await client.items([5], [here])

    async def times() -> dict[str, str | None]:
        [level] = (await item(client, number))["inventoryLevels"]["nodes"]
        return {one["name"]: one["updatedAt"] for one in level["quantities"]}

    await client.control("…/sell", {"lines": [{"item_id": number, "location_id": here, "quantity": 1}]})
    assert (await times())["on_hand"] is None
    await clock.advance(60)
    given = set_input([(number, here, 9, None)], name="on_hand")
    reply = await client.graphql(_SET, {"input": given, "key": "k"})
    assert reply["data"]["inventorySetQuantities"]["userErrors"] == []
    now = await times()
    assert now["on_hand"] is not None
    assert now["on_hand"] == now["available"]


@pytest.mark.parametrize("lag", [0, 60])
async def test_what_a_deactivation_leaves_in_the_total(client: Client, clock: VirtualClock, lag: int) -> None:
    """The units of the level that is not stocked any more go from the product's total, after its lag."""
    await client.control("/open_points", {"totals_lag_seconds": lag})
    places = await client.shop()
    [number] = await client.items([5], places)
    await clock.advance(600)
    before = await item(client, number)
    whole = 5 * len(places)
    assert before["variant"]["product"]["totalInventory"] == whole
    level = before["inventoryLevels"]["nodes"][0]["id"]
    assert (await client.graphql(_DEACTIVATE, {"id": level}))["data"]["inventoryDeactivate"]["userErrors"] == []
    assert (await item(client, number))["variant"]["product"]["totalInventory"] == (whole if lag else whole - 5)
    await clock.advance(61)
    assert (await item(client, number))["variant"]["product"]["totalInventory"] == whole - 5
