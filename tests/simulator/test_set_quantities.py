"""inventorySetQuantities beyond the recordings: compare-and-set, keys, versions, batches, and the open points."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.clock import VirtualClock
from tests.simulator.client import SET, Client, set_input


def _codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


async def test_compare_and_set(client: Client) -> None:
    """A set goes through while changeFromQuantity is the quantity, is refused after, and null opts out."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    assert (await client.set([(item, place, 10, 7)], "a"))["userErrors"] == []
    stale = await client.set([(item, place, 12, 7)], "b")
    assert stale["inventoryAdjustmentGroup"] is None
    assert stale["userErrors"][0]["field"] == ["input", "quantities", "0", "changeFromQuantity"]
    assert _codes(stale) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert (await client.set([(item, place, -3, None)], "c"))["userErrors"] == []
    assert await client.available() == {(item, place): -3}


async def test_one_bad_entry_refuses_all(client: Client) -> None:
    """A bundle among good entries is named by its path, and nothing is written."""
    [place, _] = await client.shop()
    items = await client.items([1, 2, 3], [place])
    await client.control("…/set_item", {"item_id": items[1], "bundle": True})
    payload = await client.set([(item, place, 50, None) for item in items], "k")
    assert payload["userErrors"][0]["field"] == ["input", "quantities", "1", "inventoryItemId"]
    assert _codes(payload) == ["NON_MUTABLE_INVENTORY_ITEM"]
    assert list((await client.available()).values()) == [1, 2, 3]


async def test_duplicates_are_both_flagged(client: Client) -> None:
    """Two entries for one item and location are both refused."""
    [place, _] = await client.shop()
    [item, other] = await client.items([1, 2], [place])
    payload = await client.set([(item, place, 5, 1), (other, place, 5, 2), (item, place, 6, 1)], "k")
    assert [error["field"][2] for error in payload["userErrors"]] == ["0", "2"]
    assert set(_codes(payload)) == {"NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"}


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ({"name": "committed"}, "INVALID_NAME"),
        ({"reason": "because"}, "INVALID_REASON"),
        ({"referenceDocumentUri": "no uri"}, "INVALID_REFERENCE_DOCUMENT"),
    ],
)
async def test_heads_that_are_refused(client: Client, head: dict[str, Any], code: str) -> None:
    """Name, reason and reference document are checked before any entry."""
    [place, _] = await client.shop()
    [item] = await client.items([1], [place])
    assert _codes(await client.set([(item, place, 5, 1)], "k", **head)) == [code]


async def test_an_inactive_location_cannot_be_written(client: Client) -> None:
    """A deactivated location refuses the set, and its levels are no longer active."""
    [place, other] = await client.shop()
    [item] = await client.items([1], [place, other])
    await client.control("…/deactivate_location", {"location_id": place})
    assert _codes(await client.set([(item, place, 5, 1)], "k")) == ["INVALID_LOCATION"]
    levels = (await client.control("…/levels", method="GET"))["levels"]
    assert [level["active"] for level in levels] == [False, True]


@pytest.mark.parametrize("version", ["2026-04", "2026-07"])
async def test_not_stocked_is_an_error_up_to_2026_07(client: Client, version: str) -> None:
    """A set where the item is not stocked answers ITEM_NOT_STOCKED_AT_LOCATION."""
    [place, other] = await client.shop()
    [item] = await client.items([1], [place])
    payload = await client.set([(item, other, 5, None)], "k", version=version)
    assert _codes(payload) == ["ITEM_NOT_STOCKED_AT_LOCATION"]


@pytest.mark.parametrize(("adds", "after"), [(False, 5), (True, 10)])
async def test_not_stocked_succeeds_from_2026_10(client: Client, adds: bool, after: int) -> None:
    """From 2026-10 it succeeds, the level stays inactive, and repeating it replaces or adds: an open point."""
    await client.control("/open_points", {"unstocked_set_adds": adds})
    [place, other] = await client.shop()
    [item] = await client.items([1], [place])
    for key in ("a", "b"):
        assert (await client.set([(item, other, 5, None)], key))["userErrors"] == []
    levels = (await client.control("…/levels", method="GET"))["levels"]
    assert [(level["available"], level["active"]) for level in levels if level["location_id"] == other] == [
        (after, False)
    ]


async def test_a_repeated_key_has_one_effect(client: Client) -> None:
    """The same key and variables answer the first result again, while the quantity has moved on."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    first = await client.set([(item, place, 10, 7)], "k")
    await client.control("…/sell", {"lines": [{"item_id": item, "location_id": place, "quantity": 1}]})
    assert await client.set([(item, place, 10, 7)], "k") == first
    assert await client.available() == {(item, place): 9}


async def test_a_stale_refusal_is_kept(client: Client) -> None:
    """The same key answers stale again even when the quantity has become the expected one."""
    [place, _] = await client.shop()
    [item] = await client.items([8], [place])
    assert _codes(await client.set([(item, place, 10, 7)], "k")) == ["CHANGE_FROM_QUANTITY_STALE"]
    await client.control("…/edit", {"levels": [{"item_id": item, "location_id": place, "available": 7}]})
    assert _codes(await client.set([(item, place, 10, 7)], "k")) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert await client.available() == {(item, place): 7}


async def test_a_key_with_other_variables(client: Client) -> None:
    """Another quantity under the same key is a mismatch and changes nothing; after 24 hours the key is free."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    await client.set([(item, place, 10, 7)], "k")
    assert _codes(await client.set([(item, place, 11, 10)], "k")) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    clock = client.simulator.clock
    assert isinstance(clock, VirtualClock)
    await clock.advance(24 * 3600)
    assert _codes(await client.set([(item, place, 11, 10)], "k")) == []
    assert await client.available() == {(item, place): 11}


async def test_a_key_whose_attempt_broke(client: Client) -> None:
    """After an internal error nothing is applied and the key needs to be replaced."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    await client.control("/faults", {"kind": "internal", "operation": "inventorySetQuantities"})
    assert (await client.set([(item, place, 10, 7)], "k"))[0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert _codes(await client.set([(item, place, 10, 7)], "k")) == ["IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"]
    assert _codes(await client.set([(item, place, 10, 7)], "l")) == []


async def test_the_repeated_key_that_executes(client: Client) -> None:
    """With the open point set, the same key runs again: only compare-and-set protects."""
    await client.control("/open_points", {"repeated_key_executes": True})
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    await client.set([(item, place, 10, 7)], "k")
    assert _codes(await client.set([(item, place, 10, 7)], "k")) == ["CHANGE_FROM_QUANTITY_STALE"]


@pytest.mark.parametrize("lists_all", [True, False])
@pytest.mark.parametrize("paths", [True, False])
async def test_how_stale_entries_are_told(client: Client, lists_all: bool, paths: bool) -> None:
    """All stale entries or the first, with paths or without: open points."""
    await client.control("/open_points", {"stale_lists_all": lists_all, "stale_paths": paths})
    [place, _] = await client.shop()
    items = await client.items([1, 2, 3], [place])
    payload = await client.set([(items[0], place, 9, 0), (items[1], place, 9, 2), (items[2], place, 9, 0)], "k")
    told = [error["field"] and error["field"][2] for error in payload["userErrors"]]
    assert told == (["0", "2"] if lists_all else ["0"]) if paths else told == [None] * (2 if lists_all else 1)
    assert list((await client.available()).values()) == [1, 2, 3]


async def test_a_mixed_batch_in_part(client: Client) -> None:
    """With the open point set, the good entries are applied beside the errors of the bad ones."""
    await client.control("/open_points", {"mixed_batch_partial": True})
    [place, _] = await client.shop()
    items = await client.items([1, 2, 3], [place])
    await client.control("…/set_item", {"item_id": items[0], "bundle": True})
    payload = await client.set([(items[0], place, 9, 1), (items[1], place, 9, 0), (items[2], place, 9, 3)], "k")
    assert _codes(payload) == ["NON_MUTABLE_INVENTORY_ITEM", "CHANGE_FROM_QUANTITY_STALE"]
    assert [change["delta"] for change in payload["inventoryAdjustmentGroup"]["changes"]] == [6, 6]
    assert list((await client.available()).values()) == [1, 2, 9]


async def test_on_hand_moves_available(client: Client) -> None:
    """on_hand is available and committed together: setting it moves available by the difference."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    await client.control("…/sell", {"lines": [{"item_id": item, "location_id": place, "quantity": 2}]})
    payload = await client.set([(item, place, 10, 7)], "k", name="on_hand")
    assert [(c["name"], c["delta"]) for c in payload["inventoryAdjustmentGroup"]["changes"]] == [
        ("available", 3),
        ("on_hand", 3),
    ]
    assert await client.available() == {(item, place): 8}


async def test_literals_in_the_query_are_checked_like_variables(client: Client) -> None:
    """An inline entry without changeFromQuantity is refused; with it, the set is applied."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    template = """mutation { inventorySetQuantities(input: {name: "available", reason: "correction", quantities: [
      {inventoryItemId: "gid://shopify/InventoryItem/%s", locationId: "gid://shopify/Location/%s", quantity: 9%s}]})
      @idempotent(key: "k") { inventoryAdjustmentGroup { id } userErrors { code } } }"""
    reply = await client.graphql(template % (item, place, ""))
    assert reply["errors"][0]["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"
    reply = await client.graphql(template % (item, place, ", changeFromQuantity: 7"))
    assert reply["data"]["inventorySetQuantities"]["userErrors"] == []
    assert await client.available() == {(item, place): 9}


async def test_variables_of_the_wrong_kind(client: Client) -> None:
    """A fraction as quantity is INVALID_VARIABLE and names its path."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    given = set_input([(item, place, 1, 7)])
    given["quantities"][0]["quantity"] = 1.5
    reply = await client.graphql(SET, {"input": given, "idempotencyKey": "k"})
    assert reply["errors"][0]["extensions"]["problems"] == [
        {"path": ["quantities", 0, "quantity"], "explanation": "Could not coerce value 1.5 to Int"}
    ]
