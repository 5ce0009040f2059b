"""The list of a shop with ten thousand BOMs: what a page of it costs is told by what is looked at, not by a clock."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import MongoClient

from shared.domain.cell import CellKey
from shared.domain.selection import Filtered
from shared.domain.stock import Stock
from shared.mongodb.catalogue.boms import BomStore, Location
from shared.mongodb.connection import Mongo
from shared.mongodb.lists.listings import FIRST, BomSort, Listings, Start
from shared.mongodb.schema import Document, key_of
from shared.mongodb.stock.stock import new_stock

SHOP = "many.myshopify.com"
BOMS, PAGE = 10_000, 50
DIFFER = 2_000
KINDS = ("oak table", "pine bench", "ash stool", "elm shelf")

# What a page may cost: statements, documents looked at, and keys of indexes.
FEW = (4, 3 * PAGE)
WHOLE_INDEX = BOMS + 3 * PAGE
# Counting passes over all keys, and so does a search for a word that may stand anywhere in a name.


@pytest.fixture(scope="module")
async def mongo(mongodb_uri: str, mongodb_for_clean_up: MongoClient[Document]) -> AsyncIterator[Mongo]:
    """The shop, its documents written in bulk."""
    name = f"many-{uuid.uuid4().hex[:12]}"
    made = Mongo(mongodb_uri, name)
    await made.prepare()
    await BomStore(made.db, made.transactions).keep_locations(SHOP, [Location("1", "Shop", True, False)])
    await made.db["boms"].insert_many([_bom(number) for number in range(BOMS)], ordered=False)
    then = datetime(2026, 1, 1, tzinfo=UTC)
    stock = [
        new_stock(
            SHOP, CellKey(f"B{n:05}", "1"), str(n), Stock(base=5, base_time=then, count=6 + n, tracks_rev=1, rev=1)
        )
        for n in range(0, BOMS, BOMS // DIFFER)
    ]
    await made.db["stock"].insert_many(stock, ordered=False)
    yield made
    made.close()
    mongodb_for_clean_up.drop_database(name)


def _bom(number: int) -> Document:
    name = f"{KINDS[number % len(KINDS)]} {number:05}"
    bom_id = f"B{number:05}"
    return {
        "_id": key_of(SHOP, bom_id),
        "shop": SHOP,
        "bom_id": bom_id,
        "inventory_item_id": str(number),
        "name": name,
        "name_lower": name,
        "tags": ["gift"] if number % 3 == 0 else [],
        "tracks_pre_assembled": True,
        "externally_managed": False,
        "cells_no": 0,
    }


async def looked(mongo: Mongo, wanted: Filtered, start: Start, sort: BomSort) -> tuple[list[str], int, list[Any]]:
    """A page of the list: its BOMs, how many there are in all, and what MongoDB was asked for it."""
    listings = Listings(mongo.db)
    await mongo.db.command("profile", 2)
    try:
        page, total = await listings.boms(SHOP, wanted, start, PAGE, sort=sort)
    finally:
        await mongo.db.command("profile", 0)
    seen = [one async for one in mongo.db["system.profile"].find({"ns": {"$not": {"$regex": r"\.system\."}}})]
    await mongo.db.drop_collection("system.profile")
    asked = [one for one in seen if one["op"] in {"query", "command", "getmore"} and "planSummary" in one]
    return [bom.bom_id for bom in page.items], total, asked


@pytest.mark.parametrize(
    ("wanted", "start", "sort", "finds", "keys"),
    [
        pytest.param(Filtered(), FIRST, "name", BOMS, WHOLE_INDEX + PAGE, id="opening"),
        pytest.param(Filtered(), FIRST, "-name", BOMS, WHOLE_INDEX + PAGE, id="sorted the other way"),
        pytest.param(Filtered(), Start(skip=9_900), "name", BOMS, 2 * WHOLE_INDEX, id="the last page but one"),
        pytest.param(Filtered(text="oak"), FIRST, "name", BOMS // 4, 2 * WHOLE_INDEX, id="a common word"),
        pytest.param(Filtered(text="oak table 0123"), FIRST, "name", 2, 2 * WHOLE_INDEX, id="a rare word"),
        pytest.param(Filtered(text="nobody"), FIRST, "name", 0, 2 * WHOLE_INDEX, id="a word that nothing has"),
        pytest.param(Filtered(tag="gift"), FIRST, "name", 3_334, 3_334 + 4 * PAGE, id="a tag"),
    ],
)
async def test_a_page_of_many_reads_its_rows_only(
    mongo: Mongo, *, wanted: Filtered, start: Start, sort: BomSort, finds: int, keys: int
) -> None:
    """Opening, searching, sorting: an index leads, sorts and counts; only the documents of the page are read."""
    boms, total, asked = await looked(mongo, wanted, start, sort)
    assert total == finds
    assert len(boms) == min(PAGE, finds)
    assert not [one["planSummary"] for one in asked if "COLLSCAN" in one["planSummary"]]
    assert not [one["command"] for one in asked if one.get("hasSortStage")]
    statements, documents = FEW
    assert len(asked) <= statements
    assert sum(one["docsExamined"] for one in asked) <= documents
    assert sum(one["keysExamined"] for one in asked) <= keys


async def test_the_worst_first_looks_at_what_differs_only(mongo: Mongo) -> None:
    """By difference: the index of what is known to differ tells the order; BOMs without a difference are not read."""
    boms, total, asked = await looked(mongo, Filtered(), FIRST, "-difference")
    assert total == BOMS
    assert boms[0] == f"B{BOMS - BOMS // DIFFER:05}"
    assert not [one["planSummary"] for one in asked if "COLLSCAN" in one["planSummary"]]
    # Alike ones are ordered by name: all names come from their index, none is asked for by itself.
    assert sum(one["docsExamined"] for one in asked) <= DIFFER + 3 * PAGE
