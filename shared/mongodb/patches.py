"""Many documents, each with fields of its own, changed by one statement.

A statement for each document costs the server more than the change does: parsing, planning and a reply, for every one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from motor.motor_asyncio import AsyncIOMotorCollection

from shared.mongodb.schema import Document
from shared.mongodb.transactions import Session

_BY_NAME = "_id_"


async def patch_each(
    collection: AsyncIOMotorCollection[Document],
    patches: Mapping[str, Document],
    condition: Document,
    *,
    unset: Sequence[str] = (),
    revs: Sequence[int] | None = None,
    session: Session | None = None,
) -> int:
    """Set in each document, by its id, the fields of its patch, and remove the fields `unset` from all of them.

    Fields are whole top-level fields. Only documents that meet the `condition` are changed; returns how many did, for
    the caller to see whether any did not. Inside a transaction that has read the documents, one that was changed since
    is a write conflict, so that no `rev` has to be part of the condition. Where `revs` are given, one for each patch in
    their order, a document is changed only while that is its `rev`; patches must raise it, for the changed are counted.
    """
    if not patches:
        return 0
    if revs is not None and unset:
        raise ValueError("a field is removed whatever the rev: give one of both")
    ids = list(patches)
    own = {"$arrayElemAt": [{"$literal": list(patches.values())}, "$$place"]}
    patched: Document = {"$mergeObjects": ["$$ROOT", own]}
    if revs is not None:
        same = {"$eq": ["$rev", {"$arrayElemAt": [{"$literal": list(revs)}, "$$place"]}]}
        patched = {"$cond": [same, patched, "$$ROOT"]}
    place = {"$indexOfArray": [{"$literal": ids}, "$_id"]}
    stages: list[Document] = [{"$replaceWith": {"$let": {"vars": {"place": place}, "in": patched}}}]
    if unset:
        stages.append({"$unset": list(unset)})
    result = await collection.update_many({**condition, "_id": {"$in": ids}}, stages, hint=_BY_NAME, session=session)
    return int(result.matched_count if revs is None else result.modified_count)
