"""Pages of a preview's rows: by number or by size, of a kind, a class, a BOM, from any place on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

from shared.mongodb.lists.pages import FIRST, Page, Start, later
from shared.mongodb.previews.preview import PreviewRow, RowKind, RowsWanted
from shared.mongodb.previews.preview_form import preview_row_of, rows_query
from shared.mongodb.previews.row_bookmarks import RowBookmarks
from shared.mongodb.previews.row_order import (
    NUMBERS,
    ONLY_SIZE,
    column_order,
    is_searched,
    kind_of,
    of_kind,
    ordering,
    ranges,
)
from shared.mongodb.schema import Database, Document, ids_of

RowSort = Literal[
    "no",
    "size",
    "name",
    "-name",
    "location",
    "-location",
    "class",
    "-class",
    "shopify",
    "-shopify",
    "local",
    "-local",
    "base",
    "-base",
    "difference",
    "-difference",
]

_BY_ID = "_id_"
_PLACE = ("kind", "size", "no")
_ORDERS: Mapping[str, dict[str, int]] = {"no": {"no": 1}, "size": {"kind": 1, "size": -1, "no": 1}}


class RowPages:
    """Reads pages. The keys of the chosen rows come first: an index alone passes over thousands faster than documents
    can be. A row that was removed in between is left out.
    """

    def __init__(self, database: Database) -> None:
        self._rows = database["preview_rows"]
        self._milestones = RowBookmarks(database)

    async def page(
        self, shop: str, preview_id: str, wanted: RowsWanted, start: Start, limit: int, *, sort: RowSort
    ) -> Page[PreviewRow]:
        """Rows from a place on; its `after` is the number, or kind, size and number: without the kind where one kind
        or class is asked for. By a column it is how many rows were passed: those of a finished preview do not change.
        """
        condition = rows_query(wanted)
        if sort not in _ORDERS:
            return await self._by_column(shop, preview_id, condition, start, limit=limit, order=column_order(sort))
        places = await self._places(shop, preview_id, condition, start, limit=limit + 1, sort=sort)
        items = await self._numbered(shop, preview_id, [place["no"] for place in places[:limit]])
        if len(places) <= limit:
            return Page(items, None)
        last = places[limit - 1]
        names = _ORDERS[sort] if sort == "no" or not {"kind", "cell_class"} & condition.keys() else _PLACE[1:]
        return Page(items, [last[name] for name in names])

    async def _numbered(self, shop: str, preview_id: str, numbers: list[int]) -> list[PreviewRow]:
        cursor = self._rows.find({"shop": shop, "preview_id": preview_id, "no": {"$in": numbers}})
        found = {document["no"]: preview_row_of(document) async for document in cursor}
        return [found[no] for no in numbers if no in found]

    async def _by_column(
        self, shop: str, preview_id: str, condition: Document, start: Start, *, limit: int, order: dict[str, int]
    ) -> Page[PreviewRow]:
        passed = start.skip if start.after is None else max(0, int(start.after[0]))
        cursor = self._sorted(shop, preview_id, condition, order).skip(passed).limit(limit + 1)
        numbers = [document["no"] async for document in cursor]
        items = await self._numbered(shop, preview_id, numbers[:limit])
        return Page(items, [passed + limit] if len(numbers) > limit else None)

    def _sorted(self, shop: str, preview_id: str, condition: Document, order: dict[str, int]) -> Any:
        kind = kind_of(condition)
        query = _of(shop, preview_id, condition if kind is None else of_kind(kind, condition))
        cursor = self._rows.find(query, {"_id": 0, "no": 1}).sort(list(order.items()))
        return cursor.hint(_BY_ID if "bom_id" in condition else NUMBERS)

    async def every(
        self, shop: str, preview_id: str, wanted: RowsWanted, *, sort: RowSort, at_once: int
    ) -> AsyncIterator[list[PreviewRow]]:
        """All rows in their order, some at a time: sorted once, where pages by a column would sort for each anew."""
        if sort in _ORDERS:
            start: Start | None = FIRST
            while start is not None:
                page = await self.page(shop, preview_id, wanted, start, at_once, sort=sort)
                yield page.items
                start = None if page.after is None else Start(page.after)
            return
        numbers: list[int] = []
        async for document in self._sorted(shop, preview_id, rows_query(wanted), column_order(sort)):
            numbers.append(document["no"])
            if len(numbers) == at_once:
                yield await self._numbered(shop, preview_id, numbers)
                numbers = []
        yield await self._numbered(shop, preview_id, numbers)

    async def count(self, shop: str, preview_id: str, wanted: RowsWanted) -> int:
        """How many rows there are."""
        condition = rows_query(wanted)
        query = _of(shop, preview_id, condition)
        hint: dict[str, Any] = {}
        if "bom_id" in condition:
            hint = {"hint": _BY_ID}
        elif (kind := kind_of(condition)) is not None:
            query, hint = {**query, **of_kind(kind, condition)}, {"hint": NUMBERS}
        number: int = await self._rows.count_documents(query, **hint)
        return number

    async def _places(
        self, shop: str, preview_id: str, condition: Document, start: Start, *, limit: int, sort: RowSort
    ) -> list[Document]:
        """Kind, size (where that is the order) and number of the rows."""
        kind = kind_of(condition)
        if "bom_id" in condition:
            after = start.after
            if after is not None and len(after) < len(_ORDERS[sort]):
                after = [str(kind), *after]
            return await self._found(
                shop, preview_id, condition, Start(after, start.skip), limit=limit, order=_ORDERS[sort], hint=_BY_ID
            )
        if is_searched(condition) and kind is not None:
            order = {"no": 1} if sort == "no" else {"size": -1, "no": 1}
            keys = None if start.after is None else start.after[-len(order) :]
            query = of_kind(kind, condition)
            return await self._found(
                shop, preview_id, query, Start(keys, start.skip), limit=limit, order=order, hint=NUMBERS
            )
        if sort == "no" and kind is None:
            if start.skip and not condition:
                start = Start(after=[start.skip - 1])  # unfiltered, numbers have no gaps
            return await self._found(shop, preview_id, condition, start, limit=limit, order=_ORDERS[sort])
        if start.skip and condition.keys() <= {"kind"} and not (sort == "no" and kind is RowKind.DIFFERS):
            start = await self._milestones.nearer(shop, preview_id, condition.get("kind"), start.skip)
        if sort == "no" and kind is not None:
            numbers = None if start.after is None else [start.after[-1]]
            query = of_kind(kind, condition)
            return await self._found(
                shop, preview_id, query, Start(numbers, start.skip), limit=limit, order=_ORDERS[sort], hint=NUMBERS
            )
        return await self._by_size(shop, preview_id, condition, start, limit)

    async def _found(
        self,
        shop: str,
        preview_id: str,
        condition: Document,
        start: Start,
        *,
        limit: int,
        order: Mapping[str, int],
        hint: str | None = None,
    ) -> list[Document]:
        query = _of(shop, preview_id, condition)
        if start.after is not None:
            query = {"$and": [query, later(order, start.after)]}
        cursor = self._rows.find(query, {"_id": 0, **dict.fromkeys(order, 1)}).sort(list(order.items()))
        cursor = cursor.skip(start.skip).limit(limit)
        if hint is not None:
            cursor = cursor.hint(hint)
        return [document async for document in cursor]

    async def _by_size(
        self, shop: str, preview_id: str, condition: Document, start: Start, limit: int
    ) -> list[Document]:
        """Range after range: each has its rows in the order of an index."""
        places: list[Document] = []
        skip = start.skip
        for kind, part in ranges(condition, start.after):
            index, order = ordering(kind)
            query = _of(shop, preview_id, part)
            fields: dict[str, Any] = {"_id": 0, **dict.fromkeys([name for name, _ in order], 1)}
            cursor = self._rows.find(query, fields).sort(order).hint(index).skip(skip).limit(limit - len(places))
            size = None if kind is RowKind.DIFFERS else ONLY_SIZE[kind]
            more = [{"kind": str(kind), "size": size, **document} async for document in cursor]
            if more:
                skip = 0
            elif skip:
                skip -= await self._rows.count_documents(query, hint=index)
            places += more
            if len(places) == limit:
                break
        return places


def _of(shop: str, preview_id: str, condition: Mapping[str, Any]) -> Document:
    query: Document = {"shop": shop, "preview_id": preview_id, **condition}
    if "bom_id" in condition:
        query["_id"] = ids_of(shop, preview_id, condition["bom_id"])
    return query
