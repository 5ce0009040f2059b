"""Imports and their items: what was read, what is to be made of it, and how far that is. All of it can be resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument, UpdateOne
from ulid import ULID

from shared.mongodb.lease import Lease
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.transactions import Session

LEASE = Lease(until="until", owner="owner", lasts=timedelta(seconds=6))
"""How long an import stays with a process that has died; renewed by one that has not."""


@dataclass(frozen=True, slots=True)
class ItemFields:
    """What one line of an export tells of an item: fields to set, and a variant's id to add."""

    item_id: str
    values: Mapping[str, Any]
    variant_id: str | None = None


class ImportStore:
    """Reads and writes imports."""

    def __init__(self, database: Database) -> None:
        self._imports = database["imports"]
        self._items = database["import_items"]

    async def take(self, shop: str, source: str, owner: str) -> Document | None:
        """The unfinished import of this source, or a new one; None while another process is at it.

        Unfinished imports of other sources are replaced by the new one.
        """
        now = datetime.now(UTC)
        running = found(await self._imports.find_one({"shop": shop, "state": "running", "source": source}))
        if running is None:
            import_id = str(ULID())
            running = {
                "_id": key_of(shop, import_id),
                "shop": shop,
                "import_id": import_id,
                "source": source,
                "state": "running",
                "phase": "items",
                "cursor": None,
                "started_at": now,
                "finished_at": None,
                "owner": None,
                "until": now,
            }
            await self._imports.insert_one(running)
        taken = await LEASE.take(self._imports, {"_id": running["_id"]}, owner=owner, again=True)
        if taken is not None:
            others = {"shop": shop, "state": "running", "source": {"$ne": source}, "until": {"$lte": now}}
            await self._imports.update_many(others, {"$set": {"state": "replaced"}})
        return taken

    async def another_at_work(self, shop: str, source: str) -> bool:
        """Whether a process is at another import of the shop."""
        condition = {
            "shop": shop,
            "state": "running",
            "source": {"$ne": source},
            **LEASE.running(datetime.now(UTC)),
        }
        return found(await self._imports.find_one(condition, {"_id": 1})) is not None

    async def renew(self, shop: str, import_id: str, owner: str) -> bool:
        """Keep the import; False where another process has taken it."""
        return await LEASE.renew(self._imports, {"_id": key_of(shop, import_id)}, owner=owner)

    async def give_back(self, shop: str, import_id: str, owner: str) -> None:
        """Let another process go on at once."""
        await LEASE.give_back(self._imports, {"_id": key_of(shop, import_id)}, owner=owner)

    async def note(self, shop: str, import_id: str, **values: Any) -> None:
        """Note how far the import is."""
        await self._imports.update_one({"_id": key_of(shop, import_id)}, {"$set": values})

    async def finish(self, shop: str, import_id: str) -> Document:
        """The import has ended; returns its document."""
        document: Document = await self._imports.find_one_and_update(
            {"_id": key_of(shop, import_id)},
            {"$set": {"state": "done", "finished_at": datetime.now(UTC)}},
            return_document=ReturnDocument.AFTER,
        )
        return document

    async def forget_levels(self, shop: str, import_id: str) -> None:
        """Before levels are read again: those read before say nothing of what is no longer there."""
        await self._items.update_many(
            {"shop": shop, "import_id": import_id, "tally": None}, {"$unset": {"levels": "", "listed": ""}}
        )

    async def stage(self, shop: str, import_id: str, lines: Iterable[ItemFields], *, new: bool) -> int:
        """Write what lines of an export tell, in any order; `new`: of items not seen before, too.

        Returns how many items were seen for the first time.
        """
        by_item: dict[str, tuple[Document, list[str]]] = {}
        for line in lines:
            values, variants = by_item.setdefault(line.item_id, ({}, []))
            values.update(line.values)
            if line.variant_id is not None:
                variants.append(line.variant_id)
        now = datetime.now(UTC)
        updates: list[UpdateOne] = []
        for item_id, (values, variants) in by_item.items():
            change: Document = {"$set": values}
            if variants:
                change["$addToSet"] = {"variant_ids": {"$each": variants}}
            if new:
                first: Document = {"shop": shop, "import_id": import_id, "item_id": item_id, "bom": None, "at": now}
                change["$setOnInsert"] = first | {"made": None, "tally": None}
            if values or variants or new:
                updates.append(UpdateOne({"_id": key_of(shop, import_id, item_id)}, change, upsert=new))
        if not updates:
            return 0
        result = await self._items.bulk_write(updates, ordered=False)
        return int(result.upserted_count)

    async def items(
        self, shop: str, import_id: str, condition: Mapping[str, Any], *, size: int, fields: Sequence[str] = ()
    ) -> AsyncIterator[list[Document]]:
        """The items under a condition in the order of their ids, in lists; a list may change the items it holds."""
        after = ""
        while True:
            query = {"shop": shop, "import_id": import_id, "item_id": {"$gt": after}, **condition}
            cursor = self._items.find(query, dict.fromkeys(fields, 1) or None).sort("item_id", 1).limit(size)
            batch = [document async for document in cursor]
            if not batch:
                return
            yield batch
            after = batch[-1]["item_id"]

    async def by_sku(
        self, shop: str, import_id: str, skus: Sequence[str], field: str, *, limit: int
    ) -> dict[str, tuple[int, list[Document]]]:
        """By each SKU how many items have it, and the first `limit` of them; `field`: sku_key or sku_likeness."""
        groups = self._items.aggregate(
            [
                {"$match": {"shop": shop, "import_id": import_id, field: {"$in": list(skus)}}},
                {"$sort": {field: 1, "item_id": 1}},
                {
                    "$group": {
                        "_id": f"${field}",
                        "number": {"$sum": 1},
                        "first": {"$firstN": {"n": limit, "input": "$$ROOT"}},
                    }
                },
            ]
        )
        return {group["_id"]: (group["number"], group["first"]) async for group in groups}

    async def present(self, shop: str, import_id: str, item_ids: Iterable[str]) -> set[str]:
        """Those of the items that Shopify has listed."""
        ids = [key_of(shop, import_id, item_id) for item_id in item_ids]
        return {item["item_id"] async for item in self._items.find({"_id": {"$in": ids}}, {"item_id": 1})}

    async def by_variant(self, shop: str, import_id: str, variants: Sequence[str]) -> dict[str, Document]:
        """The item of each variant."""
        wanted = set(variants)
        condition = {"shop": shop, "import_id": import_id, "variant_ids": {"$in": list(variants)}}
        found_items: dict[str, Document] = {}
        async for item in self._items.find(condition):
            found_items |= dict.fromkeys(wanted & set(item["variant_ids"]), item)
        return found_items

    async def set_each(
        self, shop: str, import_id: str, values: Mapping[str, Document], session: Session | None = None
    ) -> None:
        """Set fields of items, by item id."""
        updates = [
            UpdateOne({"_id": key_of(shop, import_id, item_id)}, {"$set": fields}) for item_id, fields in values.items()
        ]
        if updates:
            await self._items.bulk_write(updates, ordered=False, session=session)

    async def count(self, shop: str, import_id: str, condition: Mapping[str, Any] | None = None) -> int:
        """How many items fit the condition."""
        query = {"shop": shop, "import_id": import_id, **(condition or {})}
        number: int = await self._items.count_documents(query)
        return number

    async def tallies(self, shop: str, import_id: str) -> Counter[str]:
        """What became of the cells, added up over the items."""
        total: Counter[str] = Counter()
        query = {"shop": shop, "import_id": import_id, "tally": {"$ne": None}}
        async for item in self._items.find(query, {"tally": 1}):
            total.update(item["tally"])
        return total
