"""Imports that a person has asked for on the page: looked at first, then approved or discarded, in the background."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from pymongo import ReturnDocument
from ulid import ULID

from shared.mongodb.catalogue.import_form import import_of, item_of
from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.import_records import (
    AskedOnPage,
    Import,
    ImportItem,
    ImportLine,
    ImportPhase,
    ImportState,
    Made,
)
from shared.mongodb.catalogue.imports import LEASE
from shared.mongodb.lists.pages import newest_first
from shared.mongodb.schema import Database, Document, found, key_of

GOOD_FOR = timedelta(hours=24)
"""How long what was foreseen may be approved: products change."""

_MINE = {"page": {"$exists": True}}
_OPEN = [str(ImportState.RUNNING), str(ImportState.CHECKED)]


class PageImports:
    """Reads and writes them; `ImportStore` does what every import needs."""

    def __init__(self, database: Database) -> None:
        self._imports = database["imports"]
        self._items = database["import_items"]
        self._lines = ImportLineStore(database)

    async def ask(self, shop: str, source: str, page: AskedOnPage, lines: Iterable[ImportLine]) -> Import:
        """A new import, or the one of the same source that is not done yet. Others that wait make room for it."""
        now = datetime.now(UTC)
        mine = {"shop": shop, "state": {"$in": _OPEN}, **_MINE}
        same = {**mine, "source": source, "started_at": {"$gt": now - GOOD_FOR}}
        present = found(await self._imports.find_one(same))
        if present is not None:
            return import_of(present)
        import_id = str(ULID())
        # Before the import is there to be taken up. Lines of one that never comes go by themselves.
        await self._lines.keep(shop, import_id, lines)
        document: Document = {
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
            "page": {**asdict(page), "next_at": now},
        }
        await self._imports.insert_one(document)
        waiting = {**mine, "state": str(ImportState.CHECKED)}
        await self._imports.update_many(waiting, {"$set": {"state": str(ImportState.REPLACED)}})
        return import_of(document)

    async def get(self, shop: str, import_id: str) -> Import | None:
        """One of them."""
        document = found(await self._imports.find_one({"_id": key_of(shop, import_id), **_MINE}))
        return None if document is None else import_of(document)

    async def page(self, shop: str, before: str | None, limit: int) -> tuple[list[Import], str | None]:
        """The newest first, and the id before which the next page starts."""
        mine = {"shop": shop, **_MINE}
        return await newest_first(self._imports, mine, "import_id", before=before, limit=limit, record_of=import_of)

    async def take_next(self, owner: str, but: Sequence[str]) -> Import | None:
        """One whose turn it is, of a shop that is not among these; None: there is none."""
        now = datetime.now(UTC)
        due = {"state": str(ImportState.RUNNING), "page.next_at": {"$lte": now}, "shop": {"$nin": list(but)}}
        taken = await LEASE.take(self._imports, due, owner=owner, sort=[("page.next_at", 1)])
        return None if taken is None else import_of(taken)

    async def put_off(self, shop: str, import_id: str, seconds: float, trouble: str | None) -> None:
        """It goes on later; `trouble`: why, None: as it was."""
        values: Document = {"page.next_at": datetime.now(UTC) + timedelta(seconds=seconds)}
        if trouble is not None:
            values["page.trouble"] = trouble
        await self._imports.update_one({"_id": key_of(shop, import_id), **_MINE}, {"$set": values})

    async def note_progress(self, shop: str, import_id: str, doing: str, done: int, total: int | None) -> None:
        """How far it is."""
        values = {"page.doing": doing, "page.done": done, "page.total": total, "page.trouble": None}
        await self._imports.update_one({"_id": key_of(shop, import_id), **_MINE}, {"$set": values})

    async def note_foreseen(self, shop: str, import_id: str, items: Mapping[str, Made]) -> None:
        """What would become of items, by their ids."""
        for made in set(items.values()):
            ids = [key_of(shop, import_id, item_id) for item_id, one in items.items() if one is made]
            await self._items.update_many({"_id": {"$in": ids}}, {"$set": {"foreseen": str(made)}})

    async def count_foreseen(self, shop: str, import_id: str) -> dict[str, int]:
        """By what would become of them, how many items."""
        query = {"shop": shop, "import_id": import_id, "foreseen": {"$gt": ""}}
        groups = self._items.aggregate([{"$match": query}, {"$group": {"_id": "$foreseen", "number": {"$sum": 1}}}])
        return {group["_id"]: group["number"] async for group in groups}

    async def checked(self, shop: str, import_id: str, foreseen: Mapping[str, int]) -> Import:
        """What would be made is known: a person decides."""
        values = {
            "state": str(ImportState.CHECKED),
            "phase": str(ImportPhase.BOMS),
            "page.foreseen": dict(foreseen),
            "page.doing": None,
        }
        document: Document = await self._imports.find_one_and_update(
            {"_id": key_of(shop, import_id)}, {"$set": values}, return_document=ReturnDocument.AFTER
        )
        return import_of(document)

    async def approve(self, shop: str, import_id: str, by: str) -> Import | None:
        """Make what was foreseen; the import as it is then, None where there is nothing to approve any more."""
        return await self._decide(
            shop,
            import_id,
            {
                "state": str(ImportState.RUNNING),
                "page.approved_by": by,
                "page.next_at": datetime.now(UTC),
                "page.doing": "boms",
                "page.done": 0,
            },
        )

    async def discard(self, shop: str, import_id: str) -> Import | None:
        """Make nothing; the import as it is then, None where there is nothing to discard any more."""
        return await self._decide(shop, import_id, {"state": str(ImportState.DISCARDED)})

    async def _decide(self, shop: str, import_id: str, values: Document) -> Import | None:
        document = found(
            await self._imports.find_one_and_update(
                {
                    "_id": key_of(shop, import_id),
                    "state": str(ImportState.CHECKED),
                    "started_at": {"$gt": datetime.now(UTC) - GOOD_FOR},
                    **_MINE,
                },
                {"$set": values},
                return_document=ReturnDocument.AFTER,
            )
        )
        return None if document is None else import_of(document)

    async def note_result(self, shop: str, import_id: str, result: Mapping[str, int]) -> None:
        """What was made."""
        values = {"page.result": dict(result), "page.doing": None, "page.trouble": None}
        await self._imports.update_one({"_id": key_of(shop, import_id)}, {"$set": values})

    async def foreseen(
        self, shop: str, import_id: str, made: Made, after: str, limit: int
    ) -> tuple[list[ImportItem], str | None]:
        """Items of which that would become, in the order of their ids, and after which the next ones are."""
        query = {"shop": shop, "import_id": import_id, "foreseen": str(made), "item_id": {"$gt": after}}
        cursor = self._items.find(query).sort("item_id", 1).limit(limit + 1)
        items = [item_of(document) async for document in cursor]
        return items[:limit], items[limit - 1].item_id if len(items) > limit else None

    async def refused(self, shop: str, import_id: str, after: int, limit: int) -> tuple[list[ImportLine], int | None]:
        """Lines that make no BOM, in the order of the file, and after which the next ones are."""
        lines = await self._lines.refused_after(shop, import_id, after, limit + 1)
        return lines[:limit], lines[limit - 1].line if len(lines) > limit else None

    async def refused_by_why(self, shop: str, import_id: str) -> AsyncIterator[tuple[str, int]]:
        """How many lines make no BOM, by why."""
        async for one in self._lines.count_by_why(shop, import_id):
            yield one
