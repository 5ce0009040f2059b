"""Cells that are asked for by name are found by name: the database is not left to choose.

Where most of a shop's cells are asked for, another index looks as good to it, and then all of the shop's are read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest

from shared.domain.cell import CellKey
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.cells.cell import NewCell
from shared.mongodb.jobs.cells.cell_form import cell_document
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.schema import Document

SHOP, JOB = "names.myshopify.com", "J"
ASKED, HELD = 25, 36

Update = Callable[[CellStore, Sequence[str]], Awaitable[object]]


@pytest.fixture
async def mongo(mongodb_uri: str, database_name: str) -> AsyncIterator[Mongo]:
    """A database with its collections,, which keeps a record of every statement."""
    made = Mongo(mongodb_uri, database_name)
    await made.prepare()
    yield made
    await made.db.command({"profile": 0})
    made.close()


def cell(number: int) -> Document:
    """An open cell that has been published."""
    new = NewCell(CellKey(f"B{number:03}", "1"), "1", None)
    return {**cell_document(SHOP, JOB, number, new, datetime.now(UTC)), "attempts": 1}


async def begin(cells: CellStore, ids: Sequence[str]) -> None:
    """Work on them begins."""
    await cells.begin(SHOP, await cells.load(SHOP, ids))


async def free(cells: CellStore, ids: Sequence[str]) -> None:
    """Their places are freed."""
    await cells.free_places(SHOP, ids)


async def give_back(cells: CellStore, ids: Sequence[str]) -> None:
    """Work on them stops."""
    await cells.give_back(SHOP, ids)


async def point(cells: CellStore, ids: Sequence[str]) -> None:
    """A push is to carry them."""
    await cells.point(None, SHOP, ids, None, "P")  # type: ignore[arg-type]  # no session: alone it is a transaction


@pytest.mark.parametrize("update", [begin, free, give_back, point])
async def test_cells_are_found_by_their_names(mongo: Mongo, update: Update) -> None:
    """Every statement of the update names the index that it wants, and examines no cell that is not asked for."""
    collection = mongo.db["cells"]
    held = [cell(number) for number in range(HELD)]
    await collection.insert_many(held)
    await mongo.db.command({"profile": 2})
    await update(CellStore(mongo.db), [one["_id"] for one in held[:ASKED]])
    written = {"ns": collection.full_name, "op": "update"}
    seen = [entry async for entry in mongo.db["system.profile"].find(written)]
    assert seen
    for entry in seen:
        assert "_id_" in str(entry["command"].get("hint"))
        assert entry["docsExamined"] <= ASKED
