"""Set and adjust answer as Shopify was recorded to answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.client import SET, SET_WITHOUT_KEY, Client
from tests.simulator.recorded.recordings import recorded, stable

CONTRACTS = "inventory-quantity-contracts-2026-04.json"
ITEM = "53469430055218"
PLACE = "106318430514"
ADJUST = (
    SET.replace("ContractSet", "ContractAdjustQuantity12345")
    .replace("SetQuantitiesInput", "AdjustQuantitiesInput")
    .replace("inventorySetQuantities", "inventoryAdjustQuantities")
)
ADJUST_WITHOUT_KEY = ADJUST.replace(", $idempotencyKey: String!", "").replace(" @idempotent(key: $idempotencyKey)", "")


async def _stocked(
    client: Client, quantity: int, item: str = ITEM, place: str = PLACE, name: str = "Shop location"
) -> None:
    await client.shop({"id": place, "name": name})
    level = {"location_id": place, "available": quantity}
    await client.control("…/items", {"items": [{"id": item, "levels": [level]}]})


@pytest.mark.parametrize(
    ("path", "query", "before"),
    [
        ("/inventorySetQuantities", SET, 0),
        ("/legacySetShape", SET, 0),
        ("/inventoryAdjustQuantities", ADJUST, 5),
        ("/unknownIdValidation/setUnknownInventoryItem", SET, 9),
        ("/unknownIdValidation/setUnknownLocation", SET, 9),
        ("/unknownIdValidation/adjustUnknownInventoryItem", ADJUST, 9),
        ("/unknownIdValidation/adjustUnknownLocation", ADJUST, 9),
    ],
)
async def test_quantity_contracts(client: Client, path: str, query: str, before: int) -> None:
    """The whole reply equals the recorded one, points included where the recorded query is ours."""
    case = recorded(CONTRACTS)[path]
    await _stocked(client, before)
    reply = await client.graphql(query, case["variables"])
    reply.get("extensions", {}).get("cost", {}).pop("requestedQueryCost", None)
    case["response"].get("extensions", {}).get("cost", {}).pop("requestedQueryCost", None)
    assert stable(reply) == stable(case["response"])


@pytest.mark.parametrize(
    ("path", "query"),
    [("/missingSetIdempotency", SET_WITHOUT_KEY), ("/missingAdjustIdempotency", ADJUST_WITHOUT_KEY)],
)
async def test_the_directive_is_required(client: Client, path: str, query: str) -> None:
    """Without @idempotent the field is null and the top-level error is BAD_REQUEST, word for word."""
    case = recorded(CONTRACTS)[path]
    await _stocked(client, 5)
    reply = await client.graphql(query, {"input": case["variables"]["input"]})
    del reply["extensions"]
    assert reply == {name: case["response"][name] for name in ("errors", "data")}
    assert await client.available() == {(ITEM, PLACE): 5}


@pytest.mark.parametrize(
    ("path", "query"),
    [("/missingSetChangeFromQuantity", SET), ("/missingAdjustChangeFromQuantity", ADJUST)],
)
async def test_change_from_quantity_must_be_present(client: Client, path: str, query: str) -> None:
    """An entry without the key is refused at top level, with the places of the field and of the variable."""
    case = recorded(CONTRACTS)[path]
    await _stocked(client, 5)
    reply = await client.graphql(query, {"idempotencyKey": "k", **case["variables"]})
    del reply["extensions"]
    expected = {name: case["response"][name] for name in ("errors", "data")}
    column = reply["errors"][0]["locations"][1].pop("column")
    recorded_column = expected["errors"][0]["locations"][1].pop("column")
    assert reply == expected
    assert column == recorded_column or "Adjust" in query  # the recorded adjust query itself is not known


BOUNDS = "inventorySetQuantities-quantity-bounds.json"


@pytest.mark.parametrize("name", ["onHandNegative", "availableTooLow", "availableNegativeWithinBounds"])
async def test_bounds(client: Client, name: str) -> None:
    """on_hand may not be negative, available may, down to minus one billion."""
    case = recorded(BOUNDS)[f"/cases/{name}"]
    entry = case["variables"]["input"]["quantities"][0]
    await _stocked(client, 0, entry["inventoryItemId"].rsplit("/", 1)[1])
    assert stable(await client.graphql(case["query"], case["variables"])) == stable(case["response"])


REASONS = "inventory-reason-validation.json"


async def test_reasons(client: Client) -> None:
    """Every recorded reason is answered as recorded; a set that changes nothing has no group and no errors."""
    cases = {
        path: case
        for path, case in recorded(REASONS).items()
        if "Quantities(input" in case["query"] and "MoveQ" not in case["query"] and "OnHandQ" not in case["query"]
    }
    assert len(cases) == 20
    await _stocked(client, 1, "53237600747826", "112829759794")
    for case in cases.values():
        assert stable(await client.graphql(case["query"], case["variables"])) == stable(case["response"])


async def test_adjust_names(client: Client) -> None:
    """Adjusting on_hand or committed is refused with the list of the names that may be adjusted."""
    cases = recorded("inventory-adjust-name-allowlist.json")
    await _stocked(client, 0, "53237602877746")
    for name in ("adjustOnHand", "adjustCommitted"):
        case = cases[f"/cases/{name}"]
        assert stable(await client.graphql(case["query"], case["variables"])) == stable(case["response"])


def _rows(count: int) -> list[dict[str, Any]]:
    row = {"inventoryItemId": f"gid://shopify/InventoryItem/{ITEM}", "locationId": f"gid://shopify/Location/{PLACE}"}
    return [row | {"quantity": 1, "changeFromQuantity": 0} for _ in range(count)]


async def test_at_most_250_entries(client: Client) -> None:
    """251 entries refuse the whole request with MAX_INPUT_SIZE_EXCEEDED, and nothing is written."""
    await _stocked(client, 0)
    given = {"name": "available", "reason": "correction", "quantities": _rows(251)}
    reply = await client.graphql(SET, {"input": given, "idempotencyKey": "k"})
    assert reply["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
    assert "data" not in reply
    assert await client.available() == {(ITEM, PLACE): 0}
