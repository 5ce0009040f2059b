"""Deleting everything of a shop that has left, and telling which shops are to be."""

from __future__ import annotations

from datetime import datetime

from shared.mongodb.collections import Database, Document, found
from shared.mongodb.shops import WITHOUT_TOKENS


class Redaction:
    """Deletes shops."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shops = database["shops"]

    async def told(self, shop: str, at: datetime) -> bool:
        """Note that the shop is to be redacted; whether it can be at once: it is gone, or there is no such shop.

        What was told before the shop was installed (again) has no effect.
        """
        if found(await self._shops.find_one({"_id": shop, "$nor": WITHOUT_TOKENS}, {"_id": 1})) is None:
            return True
        earlier = [{"installed_at": {"$lte": at}}, {"installed_at": None}]
        await self._shops.update_one({"_id": shop, "$or": earlier}, {"$set": {"redact_told_at": at}})
        return False

    async def asked(self) -> list[tuple[str, bool]]:
        """Shops that are to be redacted, each with whether it is gone."""
        wanted: Document = {"redact_told_at": {"$ne": None}}
        gone = {d["_id"] async for d in self._shops.find({**wanted, "$or": WITHOUT_TOKENS}, {"_id": 1})}
        return [(d["_id"], d["_id"] in gone) async for d in self._shops.find(wanted, {"_id": 1})]

    async def not_gone(self, shop: str) -> None:
        """Shopify still takes the shop's calls: it has the app, and keeps what is stored for it."""
        await self._shops.update_one({"_id": shop}, {"$unset": {"redact_told_at": ""}})

    async def redact(self, shop: str) -> dict[str, int]:
        """Delete every document of the shop in every collection there is; answers how many, by collection.

        The shop's own document goes last, so that a run that was cut off is made again. From then on nothing is
        written for the shop; a second round takes what a part at work has written until then. Safe to repeat.
        """
        names = sorted(set(await self._database.list_collection_names()) - {"shops"})
        deleted: dict[str, int] = {}
        for collection in (*names, "shops", *names):
            if collection.startswith("system."):
                continue
            result = await self._database[collection].delete_many({"shop": shop})
            if result.deleted_count:
                deleted[collection] = deleted.get(collection, 0) + result.deleted_count
        return deleted
