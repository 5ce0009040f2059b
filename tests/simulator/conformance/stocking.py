"""Where an item is stocked: activation, deactivation, and the levels as they are read in between."""

from __future__ import annotations

from typing import Any

from tests.simulator.client import Client
from tests.simulator.conformance.quantities import HOME, SETS
from tests.simulator.conformance.queries import ACTIVATE, DEACTIVATE, SET_IN_SETUP, with_code
from tests.simulator.conformance.replay import Replay, Tally

ACTIVATES, DEACTIVATES, NODES = ["inventoryActivate"], ["inventoryDeactivate"], ["nodes"]
OTHER = {"id": "106318463282", "name": "My Custom Location", "level_number": "143273034034"}


async def replay_activation(client: Client, tally: Tally) -> None:
    """With an on_hand quantity, with both, on an active level, out of range."""
    replay = Replay(client, tally, "inventory-activate-on-hand.json")
    await replay.shop(HOME, OTHER)
    for item in ("53486247084338", "53486247117106", "53486247182642"):
        await replay.item(item, [{"location_id": HOME["id"], "available": 0}])
    await replay.play("/cases/activateOnHand", ACTIVATES)
    await replay.play("/cases/activateOnHandRead", ["inventoryLevel"])
    for path in ("availableOnHandConflict", "alreadyActiveOnHand", "onHandOutOfRange"):
        await replay.play(f"/cases/{path}", ACTIVATES)


_ITEMS = {
    "committed": "53464353407282",
    "incomingReserved": "53464353472818",
    "onlyLocation": "53464354685234",
    "reactivate": "53464354718002",
}


async def replay_deactivation(client: Client, tally: Tally) -> None:
    """Four items set up at two locations, moved by an order and by transfers, then unstocked and stocked again."""
    replay = Replay(client, tally, "inventory-deactivate-validation-2026-04.json")
    await replay.shop(HOME, OTHER)
    # The totals of these products were read within seconds of their first quantities, and were still zero.
    await client.control("/open_points", {"totals_lag_seconds": 60})
    for kind, item in _ITEMS.items():
        title = f"hermes-inv-deactivate-validation-{_hyphens(kind)}-1782278929980"
        await replay.item(item, [{"location_id": HOME["id"], "available": 0}], title=title)
        await replay.play(f"/setup/{kind}/setPrimaryQuantity", SETS, query=SET_IN_SETUP)
        if kind != "onlyLocation":
            await replay.play(f"/setup/{kind}/inventoryActivateSecondaryLocation", ACTIVATES, query=ACTIVATE)
            await replay.play(f"/setup/{kind}/setSecondaryQuantity", SETS, query=SET_IN_SETUP)
    line = {"item_id": _ITEMS["committed"], "location_id": HOME["id"], "quantity": 2}
    await client.control("…/sell", {"lines": [line]})
    await _transfer(client)
    calls: dict[int, tuple[str, str]] = {
        0: ("Committed", DEACTIVATE),
        1: ("IncomingReserved", DEACTIVATE),
        2: ("OnlyLocation", DEACTIVATE),
        3: ("MissingLevel", DEACTIVATE),
        4: ("DeletedLocation", DEACTIVATE),
    }
    for number, (path, query) in calls.items():
        await replay.play(f"/upstreamCalls/{number}", NODES, trimmed=True)
        await replay.play(f"/inventoryDeactivate{path}", DEACTIVATES, query=query)
    await replay.play("/upstreamCalls/5", NODES, trimmed=True)
    await replay.play("/inventoryActivateActiveAvailable", ACTIVATES, query=ACTIVATE)
    await replay.play("/inventoryActivateCodeSelection", ACTIVATES, query=with_code(ACTIVATE), places=False)
    await replay.play("/inventoryDeactivateCodeSelection", DEACTIVATES, query=with_code(DEACTIVATE), places=False)
    await replay.play("/upstreamCalls/6", NODES, trimmed=True)
    await replay.play("/inventoryDeactivateBeforeReactivate", DEACTIVATES, query=DEACTIVATE)
    await replay.play("/inventoryActivateInactiveAvailable", ACTIVATES, query=ACTIVATE)
    await client.control("/open_points", {"totals_lag_seconds": 0})


async def _transfer(client: Client) -> None:
    """Two units set aside for a transfer, one on its way back: these are no operations of the simulator."""
    item = _ITEMS["incomingReserved"]
    there: list[dict[str, Any]] = [
        {"location_id": HOME["id"], "available": 3, "quantities": {"incoming": 1, "reserved": 2}},
        {"location_id": OTHER["id"], "available": 2, "quantities": {"reserved": 0}},
    ]
    await client.control("…/set_quantities", {"levels": [{"item_id": item, **level} for level in there]})


def _hyphens(kind: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in kind)


async def replay_windows(client: Client, tally: Tally) -> None:
    """An item's levels through windows, filters and reversals, before and after a deactivation."""
    replay = Replay(client, tally, "inventory-item-levels-connection-windowing-2026-04.json")
    source, destination = "113884234034", "113884266802"
    numbers = {source: "152183472434", destination: "152183505202"}
    await replay.shop(
        *(
            {"id": place, "name": f"Inventory Item Levels {kind} 1783701856472", "level_number": numbers[place]}
            for place, kind in ((source, "Source"), (destination, "Destination"))
        )
    )
    await replay.item("53564958638386", [{"location_id": source, "available": 0}])
    await replay.play("/operations/inventorySet", SETS)
    await replay.play("/operations/inventoryActivate", ACTIVATES)
    await replay.play("/operations/inventoryAdjust", ["inventoryAdjustQuantities"])
    active = await replay.play("/operations/activeRead", ["inventoryItem"])
    await replay.play("/operations/inventoryDeactivate", DEACTIVATES)
    await replay.play("/operations/inactiveRead", ["inventoryItem"])
    first, second = (edge["cursor"] for edge in active["data"]["inventoryItem"]["allLevels"]["edges"])
    await replay.play("/operations/windowRead", ["inventoryItem"], given={"after": first, "before": second})
