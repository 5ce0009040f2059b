"""What a run over a preview will change, summed up by MongoDB, is what its rows come to one by one."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.contract.messages import PreviewRequest
from shared.contract.selection import LeaveOut, SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction, Reason, Row
from shared.domain.will_change import SeenRow, will_change
from shared.mongodb.connection import Mongo
from shared.mongodb.previews.changes import PreviewChanges
from shared.mongodb.previews.preview import RowKind, TakenRow
from shared.mongodb.previews.previews import PreviewStore
from tests.integration.shop_world import SHOP, new_id

AT = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = {str(place): f"Place {place}" for place in range(1, 5)}


@pytest.fixture
async def mongo(mongodb_uri: str, database_name: str) -> AsyncIterator[Mongo]:
    """A prepared database."""
    made_here = Mongo(mongodb_uri, database_name)
    await made_here.prepare()
    yield made_here
    made_here.close()


def some(chance: random.Random, key: CellKey) -> TakenRow:
    """A row of any kind, with every reason not to be pushed."""
    if chance.random() < 0.1:
        return TakenRow(key, f"BOM {key.bom_id}", "1", reason=Reason.UNTRACKED)
    row = Row(
        chance.randint(-2, 9),
        AT,
        AT + timedelta(seconds=chance.choice([5, 3600])),
        chance.choice([None, 3, 9]),
        chance.choice([None, -2, 0, 3, 9]),
        0,
        0,
        0,
        0,
        unknown_outcome=chance.random() < 0.1,
        never_agreed=chance.random() < 0.1,
    )
    return TakenRow(key, f"BOM {key.bom_id}", "1", row=row)


def some_left_out(chance: random.Random, keys: list[CellKey]) -> LeaveOut | None:
    """Anything that may be left out, or nothing."""
    if chance.random() < 0.2:
        return None

    def cells() -> list[dict[str, str]] | None:
        chosen = chance.sample(keys, chance.randint(0, 8))
        return [{"bom_id": key.bom_id, "location_id": key.location_id} for key in chosen] or None

    return LeaveOut.model_validate(
        {
            "classes": chance.sample(["local_moved", "shopify_moved", "both_moved", "no_base"], 2),
            "cells": cells(),
            "bom_ids": sorted({key.bom_id for key in chance.sample(keys, 3)}),
            "keep": cells(),
        }
    )


@pytest.mark.parametrize("seed", range(6))
async def test_the_sums_of_the_server_are_those_of_the_rows(mongo: Mongo, seed: int) -> None:
    """In either direction, whatever is left out and kept, whether targets below zero are allowed or not."""
    chance = random.Random(seed)  # noqa: S311  # chance for a test, nothing secret
    keys = sorted(CellKey(f"b{bom}", str(place)) for bom in range(25) for place in range(1, 5))
    rows = [some(chance, key) for key in keys]
    store, preview_id = PreviewStore(mongo.db, mongo.transactions), new_id()
    await store.request(PreviewRequest(shop=SHOP, preview_id=preview_id, selection=SelectionBody(bom_ids="all")))
    run = await store.begin(SHOP, preview_id)
    assert run is not None
    written = await store.keep(SHOP, preview_id, run, rows, NAMES)
    assert written is not None
    await store.end(SHOP, preview_id, run.run_id, None, await store.counted(SHOP, preview_id, written))
    changes = PreviewChanges(mongo.db)
    for _ in range(8):
        out = some_left_out(chance, keys)
        differing = [row for row in rows if row.kind is RowKind.DIFFERS and row.row is not None]
        left = [row for row in differing if out is not None and row.row and out.has(row.key, row.row.cell_class)]
        seen = [
            SeenRow(row.key, row.bom_name, NAMES[row.key.location_id], row.row)
            for row in differing
            if row not in left and row.row is not None
        ]
        for direction in Direction:
            for allowed in (False, True):
                wanted = will_change(seen, direction, allow_negative=allowed, left_out=len(left))
                found = await changes.of(SHOP, preview_id, direction, out, allow_negative=allowed)
                assert found == wanted, (direction, allowed, out)


async def test_a_preview_without_a_difference_changes_nothing(mongo: Mongo) -> None:
    """No sum stands where nothing is to be summed up."""
    found = await PreviewChanges(mongo.db).of(SHOP, new_id(), Direction.TO_LOCAL)
    assert (found.cells, found.boms, found.rise, found.refused) == (0, 0, None, {})
