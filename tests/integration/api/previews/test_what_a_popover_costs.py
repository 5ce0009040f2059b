"""What a person waits for who opens the popover of a cell, counted: its whole way, from the request to the row.

Each statement and call is one more wait, and beside other work each waits longer. So they are counted, by one after the
other; how long the way takes: `make bench ONLY=fairness`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import pytest

from benchmarks.fairness import session_token
from services.preview.bootstrap import PreviewService
from tests.integration.counted_cost import Cost, counted, undisturbed
from tests.integration.shop_world import CLIENT_ID, CLIENT_SECRET, SHOP, ShopWorld, new_id, shop_world

BOUNDS = {
    "popover": {
        "rest: statements": 38,
        "rest: written": 7,
        "rest: read": 40,
        "rest: index entries": 18,
        "transactions": 1,
        "points": 3,
        # That it was asked for, and that it is ready.
        "messages": 2,
    }
}
"""A little more than now; a preview of everything needs some more."""


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A BOM at four locations, in agreement."""
    async with shop_world(vhost_url, mongodb_uri, database_name) as made:
        await made.add_boms({"A": [7, 8, 9, 10]}, tracks=True)
        await made.agree()
        yield made


async def _popover(world: ShopWorld, port: int) -> dict[str, Any]:
    """As the page does it; returns the row."""
    headers = {"Authorization": f"Bearer {session_token(SHOP, secret=CLIENT_SECRET, client_id=CLIENT_ID)}"}
    api, preview_id = f"http://127.0.0.1:{port}/api/previews", new_id()
    cells = [{"bom_id": "A", "location_id": world.locations[1]}]
    body = {"preview_id": preview_id, "selection": {"cells": cells}}
    async with world.http.post(api, json=body, headers=headers) as response:
        assert response.status == HTTPStatus.ACCEPTED, await response.text()
    async with world.http.get(f"{api}/{preview_id}/events", headers=headers) as stream:
        states = [json.loads(line[6:]) async for line in stream.content if line.startswith(b"data: ")]
    assert states[-1]["state"] == "ready", states[-1]
    async with world.http.get(f"{api}/{preview_id}/rows?limit=1", headers=headers) as response:
        rows = await response.json()
    row: dict[str, Any] = rows["items"][0]
    return row


async def test_what_a_popover_costs(world: ShopWorld) -> None:
    """One call of Shopify, no read of all locations, few statements; nothing on the way waits for the broker."""
    service = await PreviewService.start(world.settings)

    async def measure(_: int) -> dict[str, Cost]:
        async with counted(world, ()) as cost:
            row = await _popover(world, service.port)
        calls = {name: told["calls"] for name, told in (await world.calls()).items()}
        assert row["shopify_value"] == 8
        assert sum(calls.values()) == 1, calls
        assert "locations" not in calls
        return {"popover": cost}

    try:
        await _popover(world, service.port)
        await undisturbed(measure, BOUNDS)
    finally:
        await service.stop()


async def test_a_popover_at_a_location_not_known_yet_reads_the_locations(world: ShopWorld) -> None:
    """What is kept of locations serves only where it has those of the cells."""
    await world.mongo.db["locations"].delete_many({})
    await world.control("calls/reset")
    service = await PreviewService.start(world.settings)
    try:
        row = await _popover(world, service.port)
    finally:
        await service.stop()
    assert row["shopify_value"] == 8
    assert await world.mongo.db["locations"].count_documents({}) == len(world.locations)
    assert (await world.calls())["locations"]["calls"] == 1
