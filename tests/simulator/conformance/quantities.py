"""Setting and adjusting quantities."""

from __future__ import annotations

from typing import Any

from tests.simulator.client import Client
from tests.simulator.conformance.queries import ADJUST, ADJUST_BRIEF, SET, SET_BRIEF, without_key
from tests.simulator.conformance.replay import Replay, Tally

SETS, ADJUSTS = ["inventorySetQuantities"], ["inventoryAdjustQuantities"]
ITEM, PLACE = "53469430055218", "106318430514"
HOME = {"id": PLACE, "name": "Shop location", "level_number": "143273001266"}


async def replay_contracts(client: Client, tally: Tally) -> None:
    """The life of one item's quantity, and what is refused on the way."""
    replay = Replay(client, tally, "inventory-quantity-contracts-2026-04.json")
    await replay.shop(HOME)
    title = "Hermes Inventory Quantity Contracts 2026-04 1782351234393"
    made = await replay.item(ITEM, [{"location_id": PLACE, "available": 0}], title=title, status="DRAFT")
    await replay.play("/upstreamCalls/0", ["nodes"])
    await replay.play("/missingSetIdempotency", SETS, query=without_key(SET_BRIEF))
    await replay.play("/missingSetChangeFromQuantity", SETS, query=SET, given={"idempotencyKey": "k"})
    await replay.play("/legacySetShape", SETS, query=SET)
    await replay.play("/inventorySetQuantities", SETS, query=SET)
    await replay.play("/missingAdjustIdempotency", ADJUSTS, query=without_key(ADJUST_BRIEF))
    adjusted = {"idempotencyKey": "l"}
    await replay.play("/missingAdjustChangeFromQuantity", ADJUSTS, query=ADJUST_BRIEF, given=adjusted, places=False)
    await replay.play("/inventoryAdjustQuantities", ADJUSTS, query=ADJUST)
    for path in ("setUnknownInventoryItem", "setUnknownLocation"):
        await replay.play(f"/unknownIdValidation/{path}", SETS, query=SET_BRIEF)
    for path in ("adjustUnknownInventoryItem", "adjustUnknownLocation"):
        await replay.play(f"/unknownIdValidation/{path}", ADJUSTS, query=ADJUST_BRIEF)
    await client.control("…/edit", {"levels": [{"item_id": ITEM, "location_id": PLACE, "available": 9}]})
    product = {"productId": f"gid://shopify/Product/{made['product_id']}"}
    await replay.play("/upstreamCalls/1", ["inventoryItem", "product"], given=product)


async def replay_reasons(client: Client, tally: Tally) -> None:
    """Every reason that is accepted, and what is not."""
    replay = Replay(client, tally, "inventory-reason-validation.json")
    await replay.shop({"id": "112829759794", "name": "Shop location"})
    await replay.item("53237600747826", [{"location_id": "112829759794", "available": 1}])
    for path, case in replay.cases.items():
        roots = list(case["response"]["data"])
        if roots in (SETS, ADJUSTS):
            await replay.play(path, roots)


async def replay_bounds(client: Client, tally: Tally) -> None:
    """What is too high, too low, negative."""
    replay = Replay(client, tally, "inventorySetQuantities-quantity-bounds.json")
    for path, case in replay.cases.items():
        [entry] = case["variables"]["input"]["quantities"]
        place = {"id": _number(entry, "locationId"), "name": "Shop location"}
        await replay.shop(place)
        await replay.item(_number(entry, "inventoryItemId"), [{"location_id": place["id"], "available": 0}])
        await replay.play(path, SETS)


async def replay_names(client: Client, tally: Tally) -> None:
    """Which quantities may be adjusted."""
    replay = Replay(client, tally, "inventory-adjust-name-allowlist.json")
    await replay.shop(HOME)
    await replay.item("53237602877746", [{"location_id": PLACE, "available": 0}])
    for path in ("/cases/adjustOnHand", "/cases/adjustCommitted"):
        await replay.play(path, ADJUSTS)


def _number(entry: dict[str, Any], name: str) -> str:
    return str(entry[name]).rsplit("/", 1)[1]
