"""Many documents changed by one statement, each with fields of its own."""

import uuid
from collections.abc import AsyncIterator

import pytest
from pymongo import MongoClient

from shared.mongodb.connection import Mongo
from shared.mongodb.patches import patch_each
from shared.mongodb.schema import Document
from shared.mongodb.transactions import Session, WriteConflict

ODD = {"a$b": "$rev", "text": "$$ROOT", "list": ["$x", None], "inner": {"$literal": 1}}
"""Values that a pipeline would take for expressions, were they not literal."""


@pytest.fixture
async def mongo(mongodb_uri: str, mongodb_for_clean_up: MongoClient[Document]) -> AsyncIterator[Mongo]:
    """A database of its own."""
    name = f"patches-{uuid.uuid4().hex[:12]}"
    opened = Mongo(mongodb_uri, name)
    await opened.db["things"].insert_many([{"_id": f"s|{n}", "rev": n, "kept": n, "gone": n} for n in range(600)])
    yield opened
    opened.close()
    mongodb_for_clean_up.drop_database(name)


async def test_each_gets_its_own_fields_and_keeps_the_others(mongo: Mongo) -> None:
    """A patch reaches its own document, whole and literally; fields named by nobody stay, those unset go."""
    things = mongo.db["things"]
    patches: dict[str, Document] = {f"s|{n}": {"rev": n + 1, "odd": ODD | {"n": n}, "none": None} for n in range(500)}
    assert await patch_each(things, patches, {}, unset=("gone",)) == 500
    async for document in things.find({}):
        n = int(document["_id"].removeprefix("s|"))
        if n < 500:
            assert document == {"_id": f"s|{n}", "rev": n + 1, "kept": n, "odd": ODD | {"n": n}, "none": None}
        else:
            assert document == {"_id": f"s|{n}", "rev": n, "kept": n, "gone": n}


async def test_who_does_not_meet_the_condition_is_left_and_counted(mongo: Mongo) -> None:
    """Only documents that meet the condition are changed, and the count tells that some did not."""
    patches: dict[str, Document] = {f"s|{n}": {"new": n} for n in range(10)} | {"s|absent": {"new": 1}}
    assert await patch_each(mongo.db["things"], patches, {"rev": {"$lt": 4}}) == 4
    assert await mongo.db["things"].count_documents({"new": {"$exists": True}}) == 4
    assert await patch_each(mongo.db["things"], {}, {}) == 0


async def test_a_change_since_the_read_is_a_conflict(mongo: Mongo) -> None:
    """In a transaction that has read the documents no condition on what was read is needed."""
    things = mongo.db["things"]

    async def body(session: Session) -> None:
        await things.find_one({"_id": "s|1"}, session=session)
        await things.update_one({"_id": "s|1"}, {"$inc": {"rev": 1}})
        await patch_each(things, {"s|1": {"rev": 99}}, {}, session=session)

    with pytest.raises(WriteConflict):
        await mongo.transactions.once(body)
    assert (await things.find_one({"_id": "s|1"}) or {})["rev"] == 2


async def test_only_while_the_rev_is_the_one_read(mongo: Mongo) -> None:
    """Where a `rev` is given for each, one that has another is left as it is and not counted, in no transaction too."""
    things = mongo.db["things"]
    patches: dict[str, Document] = {f"s|{n}": {"rev": n + 1, "new": n} for n in range(10)}
    assert await patch_each(things, patches, {}, revs=[n + (n == 4) for n in range(10)]) == 9
    assert await things.count_documents({"new": {"$exists": True}}) == 9
    assert (await things.find_one({"_id": "s|4"}) or {})["rev"] == 4
    with pytest.raises(ValueError, match="give one"):
        await patch_each(things, patches, {}, revs=[0] * 10, unset=("gone",))
