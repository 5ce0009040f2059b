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


@pytest.mark.parametrize("per_id", [False, True], ids=["nodes flat", "nodes per id"])
async def test_points_per_changed_cell(world: ShopWorld, per_id: bool) -> None:
    """Writes cost 0.06 points a cell, 0.10 with the verifying read, a preview 0.05; reads 1.25 times the cheapest."""
    measured = await measure(world, per_id=per_id)
    sys.stdout.write(json.dumps(measured, indent=2) + "\n")
    assert measured["writes"]["points_per_cell"] <= 0.06
    assert measured["with_verifying_read"]["points_per_cell"] <= 0.10
    assert measured["preview"]["points_per_cell"] <= 0.05
    cheapest = min(measured["reads_by_hand_points"].values())
    assert measured["preview_reads_points"] <= 1.25 * cheapest
    assert measured["verifying_read"]["points"] <= 1.25 * cheapest
    assert measured["preview"]["throttled"] == measured["with_verifying_read"]["throttled"] == 0


async def test_a_peer_that_goes_cell_by_cell_pays_many_times_more(world: ShopWorld) -> None:
    """A read and a set for each cell: more than a hundred times the points of the batches, measured the same way."""
    measured = await peer(world)
    sys.stdout.write(json.dumps(measured, indent=2) + "\n")
    assert measured["points_per_cell"] > 100 * 0.10
