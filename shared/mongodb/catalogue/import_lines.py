"""The lines of an import's file, one document each: what they say, which item that is, and why a line makes no BOM."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal

from pymongo import ReplaceOne, UpdateMany, UpdateOne

from shared.domain.batches import batches
from shared.mongodb.catalogue.import_form import line_fields, line_of, match_fields, refused_fields
from shared.mongodb.catalogue.import_records import ImportLine, LineMatch, Refused, Why
from shared.mongodb.schema import Database, Document, key_of

_AT_ONCE = 500
_NAMED = 10
"""Lines that are named where several say the same."""


class ImportLineStore:
    """Reads and writes the lines of imports."""

    def __init__(self, database: Database) -> None:
        self._lines = database["import_lines"]

    async def keep(self, shop: str, import_id: str, lines: Iterable[ImportLine]) -> None:
        """Keep lines as they are read; the same lines once more change nothing."""
        now = datetime.now(UTC)
        for part in batches(lines, _AT_ONCE):
            await self._lines.bulk_write(
                [
                    ReplaceOne(
                        {"_id": _key(shop, import_id, line.line)},
                        {"shop": shop, "import_id": import_id, "at": now, **line_fields(line)},
                        upsert=True,
                    )
                    for line in part
                ],
                ordered=False,
            )

    def usable(self, shop: str, import_id: str, *, size: int = _AT_ONCE) -> AsyncIterator[list[ImportLine]]:
        """The lines that are not refused in the order of the file, in lists; a list may change the lines it holds."""
        return self._lines_of(shop, import_id, {"why": None}, size)

    def refused(self, shop: str, import_id: str, *, size: int = _AT_ONCE) -> AsyncIterator[list[ImportLine]]:
        """The lines that make no BOM, in the same way."""
        return self._lines_of(shop, import_id, {"why": {"$ne": None}}, size)

    async def _lines_of(
        self, shop: str, import_id: str, condition: Document, size: int
    ) -> AsyncIterator[list[ImportLine]]:
        after = 0
        while True:
            query = {"shop": shop, "import_id": import_id, "line": {"$gt": after}, **condition}
            batch = [line_of(document) async for document in self._lines.find(query).sort("line", 1).limit(size)]
            if not batch:
                return
            yield batch
            after = batch[-1].line

    async def note_matches(self, shop: str, import_id: str, matches: Mapping[int, LineMatch]) -> None:
        """Note what lines are to be made of, by their number."""
        updates = [
            UpdateOne({"_id": _key(shop, import_id, line)}, {"$set": match_fields(match)})
            for line, match in matches.items()
        ]
        if updates:
            await self._lines.bulk_write(updates, ordered=False)

    async def refuse(self, shop: str, import_id: str, line: int, refused: Refused) -> None:
        """Note that a line makes no BOM after all."""
        await self._lines.update_one({"_id": _key(shop, import_id, line)}, {"$set": refused_fields(refused)})

    async def refuse_doubles(
        self, shop: str, import_id: str, field: Literal["item_id", "bom_id"], why: Why, what: str
    ) -> None:
        """Refuse all lines that have the value of `field` in common with another; one refused before stays so."""
        groups = self._lines.aggregate(
            [
                # A line that names no item of Shopify's is refused for that alone.
                {"$match": {"shop": shop, "import_id": import_id, "item_id": {"$gt": ""}, field: {"$gt": ""}}},
                {"$sort": {field: 1, "line": 1}},
                {
                    "$group": {
                        "_id": f"${field}",
                        "number": {"$sum": 1},
                        "first": {"$firstN": {"n": _NAMED, "input": "$line"}},
                    }
                },
                {"$match": {"number": {"$gt": 1}}},
            ],
            allowDiskUse=True,
        )
        updates: list[UpdateMany] = []
        async for group in groups:
            named = ", ".join(map(str, group["first"]))
            more = group["number"] - len(group["first"])
            lines = f"Lines {named} and {more} more" if more else f"Lines {named}"
            message = f"{lines} are about the same {what} {group['_id']}."
            same = {"shop": shop, "import_id": import_id, field: group["_id"], "why": None}
            updates.append(UpdateMany(same, {"$set": refused_fields(Refused(why, message))}))
            if len(updates) == _AT_ONCE:
                await self._lines.bulk_write(updates, ordered=False)
                updates = []
        if updates:
            await self._lines.bulk_write(updates, ordered=False)

    async def refused_after(self, shop: str, import_id: str, after: int, limit: int) -> list[ImportLine]:
        """Some of the lines that make no BOM."""
        query = {"shop": shop, "import_id": import_id, "line": {"$gt": after}, "why": {"$ne": None}}
        return [line_of(document) async for document in self._lines.find(query).sort("line", 1).limit(limit)]

    async def count_by_why(self, shop: str, import_id: str) -> AsyncIterator[tuple[str, int]]:
        """How many lines make no BOM, by why."""
        query = {"shop": shop, "import_id": import_id, "why": {"$ne": None}}
        groups = self._lines.aggregate([{"$match": query}, {"$group": {"_id": "$why", "number": {"$sum": 1}}}])
        async for group in groups:
            yield group["_id"], group["number"]

    async def count_refused(self, shop: str, import_id: str) -> int:
        """How many lines make no BOM."""
        query = {"shop": shop, "import_id": import_id, "why": {"$ne": None}}
        number: int = await self._lines.count_documents(query)
        return number


def _key(shop: str, import_id: str, line: int) -> str:
    return key_of(shop, import_id, str(line))
