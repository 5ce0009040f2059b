"""Locations, items read cold, and bulk queries."""

from __future__ import annotations

from simulator.clock import VirtualClock
from tests.simulator.client import Client
from tests.simulator.conformance.quantities import HOME
from tests.simulator.conformance.replay import Replay, Tally


async def replay_cold_read(client: Client, tally: Tally) -> None:
    """An item, a search for it, and its level in one query; twice, as it was captured."""
    replay = Replay(client, tally, "inventory-live-hybrid-cold-authoritative-reads.json")
    await replay.shop(HOME)
    await replay.item("53593660588338", [{"location_id": HOME["id"], "available": 0}], tracked=False)
    for path in ("/coldRead", "/upstreamCalls/0"):
        await replay.play(path, ["inventoryItem", "inventoryItems", "inventoryLevel"])


async def replay_locations(client: Client, tally: Tally) -> None:
    """Filters, order, windows and counts of locations."""
    replay = Replay(client, tally, "location-connection-filters.json")
    names = {"Alpha": "113786487090", "Zulu": "113786519858", "Beta": "113786552626", "Carrier": "113786585394"}
    await replay.shop(
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
    await replay.play("/workflow/connectionRead", ["locations", "locationsCount"])


async def replay_place(client: Client, tally: Tally) -> None:
    """One location, with its address."""
    replay = Replay(client, tally, "location-activate-deactivate-lifecycle.json")
    held = replay.cases["/setup/hydrateLocation"]["response"]["data"]["location"]
    parts = ("address1", "city", "country", "countryCode", "province", "provinceCode", "zip", "latitude", "longitude")
    address = {name: held["address"][name] for name in parts}
    # Of the suggestion the capture kept three fields; its lines are made of the others.
    suggested = {**address, "address1": "1 Jess St", "zip": "02130"}
    await replay.shop(
        {
            "id": "112831103282",
            "name": "HAR-658 lifecycle 20260505013332",
            "fulfills_online_orders": False,
            "address": address,
            "suggested_addresses": [suggested],
        }
    )
    await replay.play("/setup/hydrateLocation", ["location"])
    await replay.play("/upstreamCalls/0", ["location"], trimmed=True)
    await replay.play("/workflow/readAfterKeyedActivate", ["location"])


async def replay_bulk(client: Client, tally: Tally) -> None:
    """Refusals, and two queries from their start to their end."""
    for name in ("user-error-codes", "validators"):
        replay = Replay(client, tally, f"bulk-operation-run-query-{name}.json")
        await replay.shop(HOME)
        for path in replay.cases:
            await replay.play(path, ["bulkOperationRunQuery"])
    replay = Replay(client, tally, "bulk-operation-run-query-group-objects.json")
    await replay.shop(HOME)
    await _many_products(client)
    clock = client.simulator.clock
    assert isinstance(clock, VirtualClock)
    for kind in ("True", "Default"):
        path = f"/runs/runQueryGroupObjects{kind}"
        started = await replay.play(f"{path}/run", ["bulkOperationRunQuery"])
        operation = {"id": started["data"]["bulkOperationRunQuery"]["bulkOperation"]["id"]}
        await replay.play(f"{path}/statusPolls/0", ["bulkOperation"], given=operation)
        await clock.advance(2)
        await replay.play(f"{path}/statusPolls/1", ["bulkOperation"], given=operation)
        await replay.play(f"{path}/productCount", ["productsCount"])
    for number in (0, 1):
        await replay.play(f"/upstreamCalls/{number}", ["productsCount"])


PRODUCTS, BYTES = 1456, 115969
"""How many products the recorded shop had, and how long the file of their ids and titles was."""


async def _many_products(client: Client) -> None:
    """Products whose titles are as long as theirs, taken together."""
    around = len('{"id":"gid://shopify/Product/10220854182194","title":""}') + 1
    letters = BYTES - PRODUCTS * around
    sizes = [letters // PRODUCTS + (number < letters % PRODUCTS) for number in range(PRODUCTS)]
    await client.control("…/items", {"items": [{"title": "x" * size} for size in sizes]})
