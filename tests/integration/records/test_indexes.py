"""Indexes of an earlier build are dropped; what somebody else has made stays."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from pymongo import MongoClient

from shared.mongodb.connection import Mongo
from shared.mongodb.schema import INDEXES, RETIRED, Document


@pytest.fixture
async def earlier(mongodb_uri: str, mongodb_for_clean_up: MongoClient[Document]) -> AsyncIterator[Mongo]:
    """A database with the indexes of earlier builds, and none of this one."""
    name = f"indexes-{uuid.uuid4().hex[:12]}"
    mongo = Mongo(mongodb_uri, name)
    for collection, indexes in RETIRED.items():
        await mongo.db[collection].create_indexes(indexes)
    yield mongo
    mongo.close()
    mongodb_for_clean_up.drop_database(name)


async def names(mongo: Mongo, collection: str) -> set[str]:
    """Its indexes but that of `_id`."""
    return {index["name"] async for index in mongo.db[collection].list_indexes()} - {"_id_"}


async def test_what_an_earlier_build_needed_is_dropped(earlier: Mongo) -> None:
    """Whoever starts first drops them, and makes those of this build; several at once do no harm."""
    await earlier.db["stock"].insert_one(
        {"_id": "s|b|1", "shop": "s", "bom_id": "b", "location_id": "1", "count": None}
    )
    await asyncio.gather(*(earlier.make() for _ in range(3)))
    for collection in RETIRED:
        assert await names(earlier, collection) == {index.document["name"] for index in INDEXES[collection]}
    assert await earlier.db["stock"].count_documents({}) == 1


async def test_what_only_has_its_name_stays(earlier: Mongo) -> None:
    """An index of somebody's own under such a name, or over the same fields and another kind, is left alone."""
    await earlier.db["ledger"].drop_index("shop_1_reference_1")
    await earlier.db["ledger"].create_index([("at", 1)], name="shop_1_reference_1")
    await earlier.db["pushes"].drop_index("shop_1_push_id_1")
    await earlier.db["pushes"].create_index([("shop", 1), ("push_id", 1)])
    await earlier.make()
    assert await names(earlier, "ledger") == {"shop_1_reference_1"}
    assert await names(earlier, "pushes") == {"shop_1_push_id_1"}
