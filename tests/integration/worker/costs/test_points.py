"""Points of the call budget per changed cell: 100 BOMs at 4 locations, all in drift, on the Standard plan."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator

import pytest

from benchmarks.points import measure, peer, prepare
from tests.integration.shop_world import ShopWorld, shop_world


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """400 cells in drift; services are started by the measurement, with nothing learned."""
    async with shop_world(vhost_url, mongodb_uri, database_name) as made:
        await prepare(made)
        yield made


PREVIEW_READ = {False: {"nodes": 2}, True: {"nodes": 1, "bulkOperationRunQuery": 1, "bulkOperation": 1}}
"""The calls that read all 400 cells, by whether `nodes` costs per id."""

READ_POINTS = {False: 10, True: 13}
LIST_OF_LOCATIONS = 4
TWO_SETS = 24


@pytest.mark.parametrize("per_id", [False, True], ids=["nodes flat", "nodes per id"])
async def test_points_per_changed_cell(world: ShopWorld, per_id: bool) -> None:
    """Exact, on every machine: two sets, one read of all cells before and one to verify; reads near the cheapest."""
    measured = await measure(world, per_id=per_id)
    sys.stdout.write(json.dumps(measured, indent=2) + "\n")
    read, points = PREVIEW_READ[per_id], READ_POINTS[per_id]
    assert measured["preview"]["calls"] == {"locations": 1, **read}
    assert measured["preview"]["points"] == points + LIST_OF_LOCATIONS
    assert measured["preview_reads_points"] == points
    assert measured["writes"] == {
        "points": TWO_SETS,
        "points_per_cell": 0.06,
        "throttled": 0,
        "calls": {"inventorySetQuantities": 2},
    }
    assert measured["verifying_read"]["calls"] == read
    assert measured["verifying_read"]["points"] == points
    assert measured["with_verifying_read"]["points"] == points + TWO_SETS
    assert measured["preview"]["throttled"] == measured["with_verifying_read"]["throttled"] == 0
    # What the exact figures stand for.
    assert measured["with_verifying_read"]["points_per_cell"] <= 0.10
    assert measured["preview"]["points_per_cell"] <= 0.05
    assert points <= 1.25 * min(measured["reads_by_hand_points"].values())


async def test_a_peer_that_goes_cell_by_cell_pays_many_times_more(world: ShopWorld) -> None:
    """A read and a set for each cell: more than a hundred times the points of the batches, measured the same way."""
    measured = await peer(world)
    sys.stdout.write(json.dumps(measured, indent=2) + "\n")
    assert measured["points_per_cell"] > 100 * 0.10
