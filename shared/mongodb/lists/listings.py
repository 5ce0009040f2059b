"""Pages of what the HTTP API lists. Each page starts after the sort keys of the one before, so it costs the same
however far down it is, and nothing is skipped or shown twice when records come and go in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from shared.domain.selection import Filtered
from shared.mongodb.catalogue.boms import Bom, bom_of
from shared.mongodb.catalogue.filters import BomFilter, BomQuery
from shared.mongodb.jobs.cells.cell import Cell, CellsWanted
from shared.mongodb.jobs.cells.cell_form import WITH_A_CODE, cell_of, cells_query
from shared.mongodb.jobs.cells.selected_cells import of_bom
from shared.mongodb.jobs.job import Job, JobsWanted, MadeOf
from shared.mongodb.jobs.job_form import BUT_THE_LONG, OF_MADE_OF, job_of, jobs_query, made_of
from shared.mongodb.lists.pages import FIRST, Keys, Page, Start, later
from shared.mongodb.previews.preview import Preview, PreviewRow, RowsWanted
from shared.mongodb.previews.preview_form import BUT_THE_LONG as BUT_THE_LONG_OF_A_PREVIEW
from shared.mongodb.previews.preview_form import preview_of
from shared.mongodb.previews.row_pages import RowPages, RowSort
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.shops.acts import KeptAct, kept_act_of

_LOOKED_AT = 1000
"""BOMs whose classes are looked at together."""

NamedSort = Literal["name", "-name", "bom_id", "-bom_id"]
BomSort = Literal[NamedSort, "-difference"]

BOM_ORDERS: dict[NamedSort, dict[str, int]] = {
    "name": {"name_lower": 1, "bom_id": 1},
    "-name": {"name_lower": -1, "bom_id": -1},
    "bom_id": {"bom_id": 1},
    "-bom_id": {"bom_id": -1},
}


def _key(value: Any) -> str | int:
    """A sort key as a cursor carries it: of a date, its milliseconds, which is all that the database keeps."""
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    key: str | int = value
    return key


def _dated(keys: Keys | None) -> list[Any] | None:
    """The keys of a cursor whose first one is a date."""
    return None if keys is None else [datetime.fromtimestamp(int(keys[0]) / 1000, UTC), *keys[1:]]


def _cells_query(shop: str, job_id: str, wanted: CellsWanted) -> Document:
    """Of a job's cells those wanted, so that an index leads to them: for each state of several in full."""
    of_one = {} if wanted.bom_id is None else of_bom(shop, job_id, wanted.bom_id)
    query = {"shop": shop, "job_id": job_id, **cells_query(wanted), **of_one}
    if wanted.state is None and wanted.code is not None:
        return {"$or": [{**query, "state": str(state)} for state in WITH_A_CODE]}
    return query


__all__ = ["FIRST", "Keys", "Listings", "Page", "Start"]


class Listings:
    """Reads pages of BOMs, preview rows, jobs and cells."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._filter = BomFilter(database)
        self._rows = RowPages(database)

    async def _page(
        self,
        collection: str,
        query: Document,
        order: Mapping[str, int],
        start: Start,
        *,
        limit: int,
        fields: Mapping[str, int] = BUT_THE_LONG_OF_A_PREVIEW,
    ) -> Page[Document]:
        conditions = [query] if start.after is None else [query, later(order, start.after)]
        cursor = self._database[collection].find({"$and": conditions}, fields)
        cursor = cursor.sort(list(order.items())).skip(start.skip).limit(limit + 1)
        documents = [document async for document in cursor]
        if len(documents) <= limit:
            return Page(documents, None)
        last = documents[limit - 1]
        return Page(documents[:limit], [_key(last[name]) for name in order])

    async def _page_by_keys(
        self,
        collection: str,
        query: Document,
        order: Mapping[str, int],
        start: Start,
        *,
        limit: int,
        name: str,
        of: Document | None = None,
    ) -> Page[Document]:
        """The same for a page far down, of documents told apart by `name`: by their keys first, since an index alone
        passes over thousands faster than documents can be. One that was removed in between is left out. `of`: of which
        shop, preview or job they are, where the query does not say so by itself.
        """
        fields = {"_id": 0, name: 1, **dict.fromkeys(order, 1)}
        keys = await self._page(collection, query, order, start, limit=limit, fields=fields)
        chosen = [document[name] for document in keys.items]
        same = of or {field: query[field] for field in ("shop", "preview_id", "job_id") if field in query}
        cursor = self._database[collection].find({**same, name: {"$in": chosen}})
        found = {document[name]: document async for document in cursor}
        return Page([found[value] for value in chosen if value in found], keys.after)

    async def boms(
        self, shop: str, wanted: Filtered, start: Start, limit: int, *, sort: BomSort = "name"
    ) -> tuple[Page[Bom], int]:
        """BOMs in the order of `sort`, and how many the filter finds in all."""
        if sort == "-difference":
            return await self._worst_first(shop, wanted, start, limit)
        query = await self._filter.query(shop, wanted)
        order = BOM_ORDERS[sort]
        reading = (
            self._page_by_keys("boms", query.condition, order, start, limit=limit, name="bom_id")
            if query.among is None
            else self._page_among(shop, query, order, start, limit=limit)
        )
        page, number = await asyncio.gather(reading, self._filter.count(shop, query))
        return Page([bom_of(document) for document in page.items], page.after), number

    async def _worst_first(self, shop: str, wanted: Filtered, start: Start, limit: int) -> tuple[Page[Bom], int]:
        """The same, those that differ first and the greatest difference at the head; the others by name behind them. A
        page begins at a place: what differs changes with every count, and so does this order."""
        first = start.skip if start.after is None else int(start.after[0])
        ids: list[str] = []
        different = 0
        if wanted.differs is not False:
            ids, different = await self._filter.by_difference(shop, wanted, skip=first, limit=limit)
        behind: list[Bom] = []
        others = 0
        if wanted.differs is not True:
            skip, room = max(0, first - different), limit - len(ids)
            others_wanted = replace(wanted, differs=False)
            rest, others = await self.boms(shop, others_wanted, Start(skip=skip), max(room, 1))
            behind = rest.items[:room]
        cursor = self._database["boms"].find({"shop": shop, "bom_id": {"$in": ids}})
        found = {document["bom_id"]: bom_of(document) async for document in cursor}
        items = [*(found[bom_id] for bom_id in ids if bom_id in found), *behind]
        total = different + others
        return Page(items, [first + limit] if first + limit < total else None), total

    async def _page_among(
        self, shop: str, query: BomQuery, order: Mapping[str, int], start: Start, *, limit: int
    ) -> Page[Document]:
        """The same where very many BOMs are of the class: of some BOMs after the other those that are."""
        fields = {"_id": 0, "bom_id": 1, **dict.fromkeys(order, 1)}
        found: list[Document] = []
        passed, after = 0, start.after
        while len(found) <= limit:
            keys = await self._page("boms", query.condition, order, Start(after), limit=_LOOKED_AT, fields=fields)
            those = await self._filter.those(shop, query, [document["bom_id"] for document in keys.items])
            meant = [document for document in keys.items if document["bom_id"] in those]
            skipped = min(start.skip - passed, len(meant))
            passed += skipped
            found += meant[skipped:]
            after = keys.after
            if after is None:
                break
        more = [_key(found[limit - 1][name]) for name in order] if len(found) > limit else None
        chosen = [document["bom_id"] for document in found[:limit]]
        cursor = self._database["boms"].find({"shop": shop, "bom_id": {"$in": chosen}})
        documents = {document["bom_id"]: document async for document in cursor}
        return Page([documents[bom_id] for bom_id in chosen if bom_id in documents], more)

    async def count_boms(self, shop: str, wanted: Filtered) -> int:
        """How many BOMs a filter finds."""
        return await self._filter.count(shop, await self._filter.query(shop, wanted))

    async def boms_found(self, shop: str, wanted: Filtered, bom_ids: Collection[str]) -> set[str]:
        """Those of the BOMs that a filter finds."""
        query = await self._filter.query(shop, wanted)
        condition = {"$and": [query.condition, {"bom_id": {"$in": sorted(bom_ids)}}]}
        cursor = self._database["boms"].find(condition, {"_id": 0, "bom_id": 1})
        return await self._filter.those(shop, query, [document["bom_id"] async for document in cursor])

    async def _count(self, collection: str, query: Document) -> int:
        number: int = await self._database[collection].count_documents(query)
        return number

    async def preview_rows(
        self,
        shop: str,
        preview_id: str,
        wanted: RowsWanted,
        start: Start,
        limit: int,
        *,
        sort: RowSort = "no",
    ) -> Page[PreviewRow]:
        """Rows of a preview."""
        return await self._rows.page(shop, preview_id, wanted, start, limit, sort=sort)

    def every_preview_row(
        self, shop: str, preview_id: str, wanted: RowsWanted, *, sort: RowSort, at_once: int
    ) -> AsyncIterator[list[PreviewRow]]:
        """All rows of a preview that are wanted, in their order, some at a time."""
        return self._rows.every(shop, preview_id, wanted, sort=sort, at_once=at_once)

    async def _numbered(
        self,
        collection: str,
        query: Document,
        wanted: Mapping[str, Any],
        start: Start,
        limit: int,
        *,
        of: Document | None = None,
    ) -> Page[Document]:
        """Documents by their numbers. Unfiltered these have no gaps, so no document has to be passed over."""
        if start.skip and not wanted:
            start = Start(after=[start.skip - 1])
        return await self._page_by_keys(collection, query, {"no": 1}, start, limit=limit, name="no", of=of)

    async def count_preview_rows(self, shop: str, preview_id: str, wanted: RowsWanted) -> int:
        """How many rows of a preview there are."""
        return await self._rows.count(shop, preview_id, wanted)

    async def previews(self, shop: str, before: Keys | None, limit: int) -> Page[Preview]:
        """Previews, the newest first."""
        order = {"requested_at": -1, "preview_id": -1}
        page = await self._page("previews", {"shop": shop}, order, Start(_dated(before)), limit=limit)
        return Page([preview_of(document) for document in page.items], page.after)

    async def audit(self, shop: str | None, after: Keys | None, limit: int) -> Page[KeptAct]:
        """Who did what, the newest first; None: what is of no shop (`shared.mongodb.shops.audit`)."""
        page = await self._page("audit", {"shop": shop}, {"entry_id": -1}, Start(after), limit=limit)
        return Page([kept_act_of(document) for document in page.items], page.after)

    async def jobs(self, shop: str, wanted: JobsWanted, before: Keys | None, limit: int) -> Page[Job]:
        """Jobs, the newest first."""
        query, start = {"shop": shop, **jobs_query(wanted)}, Start(_dated(before))
        order = {"requested_at": -1, "job_id": -1}
        page = await self._page("jobs", query, order, start, limit=limit, fields=BUT_THE_LONG)
        return Page([job_of(document) for document in page.items], page.after)

    async def made_of(self, shop: str, job_ids: Collection[str]) -> list[MadeOf]:
        """The last retry and the last undo in each state of these jobs, the oldest first."""
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "of_job_id": {"$in": sorted(job_ids)}}},
            {"$sort": {"requested_at": 1}},
            {"$project": {**OF_MADE_OF, "requested_at": 1}},
            {
                "$group": {
                    "_id": {"of": "$of_job_id", "source": "$source", "state": "$state"},
                    "last": {"$last": "$$ROOT"},
                }
            },
            {"$replaceRoot": {"newRoot": "$last"}},
            {"$sort": {"requested_at": 1}},
        ]
        return [made_of(document) async for document in self._database["jobs"].aggregate(pipeline)]

    async def cells(self, shop: str, job_id: str, wanted: CellsWanted, start: Start, limit: int) -> Page[Cell]:
        """Cells of a job in their order."""
        condition = cells_query(wanted)
        of_job = {"shop": shop, "job_id": job_id}
        query = _cells_query(shop, job_id, wanted)
        page = await self._numbered("cells", query, condition, start, limit, of=of_job)
        return Page([cell_of(document) for document in page.items], page.after)

    async def count_cells(self, shop: str, job_id: str, wanted: CellsWanted) -> int:
        """How many cells of a job there are."""
        return await self._count("cells", _cells_query(shop, job_id, wanted))

    async def failed_codes(
        self, shop: str, job_id: str, taken_before: datetime
    ) -> tuple[dict[str, int], dict[str, int]]:
        """The job's failed cells by code: those without a row or with a newer one, and those with an older row."""
        taken = "$row.taken_at"
        old: Document = {"$and": [{"$gt": [taken, None]}, {"$lt": [taken, taken_before]}]}
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "job_id": job_id, "state": "error"}},
            {"$group": {"_id": {"code": "$code", "old": old}, "n": {"$sum": 1}}},
        ]
        split: tuple[dict[str, int], dict[str, int]] = ({}, {})
        async for group in self._database["cells"].aggregate(pipeline):
            split[group["_id"]["old"]][group["_id"]["code"] or ""] = group["n"]
        return split

    async def not_compared(self, shop: str, job_id: str) -> int:
        """How many cells of the job were skipped since they cannot be compared."""
        query = {"shop": shop, "job_id": job_id, "state": "skipped", "left_out": {"$ne": None}}
        number: int = await self._database["cells"].count_documents(query)
        return number

    async def preview(self, shop: str, preview_id: str) -> Preview | None:
        """A preview; None: there is none of that id."""
        query = {"_id": key_of(shop, preview_id), "shop": shop}
        document = found(await self._database["previews"].find_one(query, BUT_THE_LONG_OF_A_PREVIEW))
        return None if document is None else preview_of(document)

    async def job(self, shop: str, job_id: str) -> Job | None:
        """A job; None: there is none of that id."""
        query = {"_id": key_of(shop, job_id), "shop": shop}
        document = found(await self._database["jobs"].find_one(query, BUT_THE_LONG))
        return None if document is None else job_of(document)
