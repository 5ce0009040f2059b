"""Imports and their items: what was read, what is to be made of it, and how far that is. All of it can be resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pymongo import ReturnDocument, UpdateOne
from ulid import ULID

from shared.mongodb.catalogue.import_form import (
    ITEM_QUERIES,
    asked_fields,
    import_of,
    item_of,
    refused_fields,
    staged_fields,
)
from shared.mongodb.catalogue.import_records import (
    AskedBom,
    ExportLine,
    Import,
    ImportItem,
    ImportPhase,
    ImportState,
    ItemsWanted,
    ListedVariant,
    Made,
    MadeBom,
    Refused,
)
from shared.mongodb.lease import Lease
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.transactions import Session

LEASE = Lease(until="until", owner="owner", lasts=timedelta(seconds=6))
"""How long an import stays with a process that has died; renewed by one that has not."""


class ImportStore:
    """Reads and writes imports."""

    def __init__(self, database: Database) -> None:
        self._imports = database["imports"]
        self._items = database["import_items"]

    async def take(self, shop: str, source: str, owner: str) -> Import | None:
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
                "state": str(ImportState.RUNNING),
                "phase": str(ImportPhase.ITEMS),
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
        return None if taken is None else import_of(taken)

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

    async def reached(self, shop: str, import_id: str, phase: ImportPhase) -> None:
        """Note what the import does next."""
        await self._imports.update_one({"_id": key_of(shop, import_id)}, {"$set": {"phase": str(phase)}})

    async def note_cursor(self, shop: str, import_id: str, cursor: str) -> None:
        """Note how far a page-wise reading of the items has got."""
        await self._imports.update_one({"_id": key_of(shop, import_id)}, {"$set": {"cursor": cursor}})

    async def finish(self, shop: str, import_id: str) -> Import:
        """The import has ended; returns it."""
        document: Document = await self._imports.find_one_and_update(
            {"_id": key_of(shop, import_id)},
            {"$set": {"state": str(ImportState.DONE), "finished_at": datetime.now(UTC)}},
            return_document=ReturnDocument.AFTER,
        )
        return import_of(document)

    async def forget_levels(self, shop: str, import_id: str) -> None:
        """Before levels are read again: those read before say nothing of what is no longer there."""
        await self._items.update_many(
            {"shop": shop, "import_id": import_id, "tally": None}, {"$unset": {"levels": "", "listed": ""}}
        )

    async def stage(self, shop: str, import_id: str, lines: Iterable[ExportLine], *, new: bool) -> int:
        """Write what lines of an export tell, in any order; `new`: of items not seen before, too.

        Returns how many items were seen for the first time.
        """
        by_item: dict[str, tuple[Document, list[str]]] = {}
        for line in lines:
            values, variants = by_item.setdefault(line.item_id, ({}, []))
            values.update(staged_fields(line))
            if isinstance(line, ListedVariant):
                variants.append(line.variant.variant_id)
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
        self, shop: str, import_id: str, wanted: ItemsWanted = ItemsWanted.ANY, *, size: int
    ) -> AsyncIterator[list[ImportItem]]:
        """The items that are wanted in the order of their ids, in lists; a list may change the items it holds."""
        async for batch in self._items_of(shop, import_id, wanted, size, ()):
            yield [item_of(document) for document in batch]

    async def to_base(self, shop: str, import_id: str, *, size: int) -> AsyncIterator[list[MadeBom]]:
        """The BOMs about whose cells nothing was decided, in the same way."""
        async for batch in self._items_of(shop, import_id, ItemsWanted.TO_BASE, size, ("item_id", "bom_id")):
            yield [MadeBom(document["item_id"], document["bom_id"]) for document in batch]

    async def _items_of(
        self, shop: str, import_id: str, wanted: ItemsWanted, size: int, fields: Sequence[str]
    ) -> AsyncIterator[list[Document]]:
        after = ""
        while True:
            query = {"shop": shop, "import_id": import_id, "item_id": {"$gt": after}, **ITEM_QUERIES[wanted]}
            cursor = self._items.find(query, dict.fromkeys(fields, 1) or None).sort("item_id", 1).limit(size)
            batch = [document async for document in cursor]
            if not batch:
                return
            yield batch
            after = batch[-1]["item_id"]

    async def by_sku(
        self, shop: str, import_id: str, skus: Sequence[str], field: str, *, limit: int
    ) -> dict[str, tuple[int, list[ImportItem]]]:
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
        return {group["_id"]: (group["number"], [item_of(one) for one in group["first"]]) async for group in groups}

    async def present(self, shop: str, import_id: str, item_ids: Iterable[str]) -> set[str]:
        """Those of the items that Shopify has listed."""
        ids = [key_of(shop, import_id, item_id) for item_id in item_ids]
        return {item["item_id"] async for item in self._items.find({"_id": {"$in": ids}}, {"item_id": 1})}

    async def by_variant(self, shop: str, import_id: str, variants: Sequence[str]) -> dict[str, ImportItem]:
        """The item of each variant."""
        wanted = set(variants)
        condition = {"shop": shop, "import_id": import_id, "variant_ids": {"$in": list(variants)}}
        found_items: dict[str, ImportItem] = {}
        async for item in self._items.find(condition):
            found_items |= dict.fromkeys(wanted & set(item["variant_ids"]), item_of(item))
        return found_items

    async def ask_for(self, shop: str, import_id: str, boms: Mapping[str, AskedBom]) -> None:
        """Note the BOMs that items are to have, by item id."""
        fields = {item_id: {"bom": asked_fields(asked)} for item_id, asked in boms.items()}
        await self._set_each(shop, import_id, fields)

    async def note_made(
        self, shop: str, import_id: str, boms: Iterable[MadeBom], made: Made, session: Session | None = None
    ) -> None:
        """Note that items have their BOMs."""
        fields: dict[str, Document] = {bom.item_id: {"made": str(made), "bom_id": bom.bom_id} for bom in boms}
        await self._set_each(shop, import_id, fields, session)

    async def refuse(self, shop: str, import_id: str, item_id: str, refused: Refused) -> None:
        """Note that an item makes no BOM."""
        fields: Document = {"made": str(Made.REFUSED), "refusal": refused_fields(refused)}
        await self._set_each(shop, import_id, {item_id: fields})

    async def note_revs(self, shop: str, import_id: str, revs: Mapping[str, Mapping[str, int]]) -> None:
        """Note the `rev` of cells, by item id and location."""
        await self._set_each(shop, import_id, {item_id: {"revs": dict(noted)} for item_id, noted in revs.items()})

    async def note_tallies(
        self, session: Session, shop: str, import_id: str, tallies: Mapping[str, Mapping[str, int]]
    ) -> None:
        """Note what became of the cells of items, by item id: how many of each outcome."""
        fields = {item_id: {"tally": dict(tally)} for item_id, tally in tallies.items()}
        await self._set_each(shop, import_id, fields, session)

    async def _set_each(
        self, shop: str, import_id: str, values: Mapping[str, Document], session: Session | None = None
    ) -> None:
        updates = [
            UpdateOne({"_id": key_of(shop, import_id, item_id)}, {"$set": fields}) for item_id, fields in values.items()
        ]
        if updates:
            await self._items.bulk_write(updates, ordered=False, session=session)

    async def count(self, shop: str, import_id: str, wanted: ItemsWanted = ItemsWanted.ANY) -> int:
        """How many of the items that are wanted there are."""
        query = {"shop": shop, "import_id": import_id, **ITEM_QUERIES[wanted]}
        number: int = await self._items.count_documents(query)
        return number

    async def tallies(self, shop: str, import_id: str) -> Counter[str]:
        """What became of the cells, added up over the items."""
        total: Counter[str] = Counter()
        query = {"shop": shop, "import_id": import_id, "tally": {"$ne": None}}
        async for item in self._items.find(query, {"tally": 1}):
            total.update(item["tally"])
        return total
