"""Deleting everything of a shop that has left."""

from __future__ import annotations

from shared.mongodb.schema import INDEXES, Database, Document, ids_of

_BY_ID = INDEXES.keys() - {"shops"}
"""Whose `_id` begins with the shop: without it, all shops' documents would be looked through."""


class Redaction:
    """Deletes shops."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def redact(self, shop: str) -> dict[str, int]:
        """Delete every document of the shop in every collection there is; returns how many, by collection.

        The shop's own document goes last, so that a run that was cut off is made again. From then on nothing is
        written for the shop; a second round takes what a part at work has written until then. Safe to repeat.
        """
        names = sorted(set(await self._database.list_collection_names()) - {"shops"})
        deleted: dict[str, int] = {}
        for collection in (*names, "shops", *names):
            if collection.startswith("system."):
                continue
            mine: Document = {"shop": shop}
            if collection in _BY_ID:
                mine["_id"] = ids_of(shop)
            result = await self._database[collection].delete_many(mine)
            if result.deleted_count:
                deleted[collection] = deleted.get(collection, 0) + result.deleted_count
        return deleted
