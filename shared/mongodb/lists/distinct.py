"""The different values of a field.

The database's own `distinct` answers with one document, and fails where that would be larger than 16 MB; these come in
parts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection

from shared.mongodb.schema import Document
from shared.mongodb.transactions import Session

Collection = AsyncIOMotorCollection[Document]


async def distinct_values(
    collection: Collection,
    field: str,
    query: Mapping[str, Any],
    session: Session | None = None,
    *,
    by: Mapping[str, int] | None = None,
) -> AsyncIterator[Any]:
    """The different values of a field among the documents of a query, in no order.

    `by`: the fields of the index to look through, where the query names none of an index's first ones.
    """
    pipeline: list[Document] = [{"$match": query}, {"$group": {"_id": f"${field}"}}]
    hint = {} if by is None else {"hint": by}
    async for group in collection.aggregate(pipeline, session=session, allowDiskUse=True, **hint):
        yield group["_id"]


async def first_distinct(
    collection: Collection, field: str, query: Mapping[str, Any], *, skip: int = 0, limit: int
) -> list[Any]:
    """Some of the different values in their order."""
    pipeline: list[Document] = [
        {"$match": query},
        {"$group": {"_id": f"${field}"}},
        {"$sort": {"_id": 1}},
        {"$skip": skip},
        {"$limit": limit},
    ]
    return [group["_id"] async for group in collection.aggregate(pipeline, allowDiskUse=True)]


async def count_distinct(collection: Collection, field: str, query: Mapping[str, Any]) -> int:
    """How many different values there are."""
    pipeline: list[Document] = [{"$match": query}, {"$group": {"_id": f"${field}"}}, {"$count": "n"}]
    async for group in collection.aggregate(pipeline, allowDiskUse=True):
        return int(group["n"])
    return 0
