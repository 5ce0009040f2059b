"""Pages of what the HTTP API lists. Each page starts after the sort keys of the one before, so it costs the same
however far down it is, and nothing is skipped or shown twice when records come and go in between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.cell import CellState
from shared.domain.job import Totals
from shared.domain.selection import Filtered
from shared.mongodb.boms import Bom, bom_of, filter_query
from shared.mongodb.collections import Database, Document, found, key_of

Keys = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Page:
    """Documents in order, and the sort keys after which the next page starts (None: this was the last)."""

    items: list[Document]
    after: list[str | int] | None


@dataclass(frozen=True, slots=True)
class BomProgress:
    """A BOM of a job with the figures of its cells."""

    bom_id: str
    name: str | None
    totals: Totals
    codes: dict[str, int]


def _later(fields: Mapping[str, int], after: Keys) -> Document:
    """The condition for what comes after the keys in the order of `fields` (name → 1 or −1)."""
    names = list(fields)
    ways: list[Document] = []
    for depth, name in enumerate(names):
        way: Document = {names[i]: after[i] for i in range(depth)}
        way[name] = {"$gt" if fields[name] > 0 else "$lt": after[depth]}
        ways.append(way)
    return {"$or": ways}


class Listings:
    """Reads pages of BOMs, preview rows, jobs and cells."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def _page(
        self, collection: str, query: Document, order: Mapping[str, int], after: Keys | None, limit: int
    ) -> Page:
        conditions = [query] if after is None else [query, _later(order, after)]
        cursor = self._database[collection].find({"$and": conditions}).sort(list(order.items())).limit(limit + 1)
        documents = [document async for document in cursor]
        if len(documents) <= limit:
            return Page(documents, None)
        last = documents[limit - 1]
        return Page(documents[:limit], [last[name] for name in order])

    async def boms(self, shop: str, wanted: Filtered, after: Keys | None, limit: int) -> tuple[list[Bom], Page]:
        """BOMs by name."""
        page = await self._page("boms", filter_query(shop, wanted), {"name_lower": 1, "bom_id": 1}, after, limit)
        return [bom_of(document) for document in page.items], page

    async def count_boms(self, shop: str, wanted: Filtered) -> int:
        """How many BOMs a filter finds."""
        number: int = await self._database["boms"].count_documents(filter_query(shop, wanted))
        return number

    async def preview_rows(
        self, shop: str, preview_id: str, wanted: Mapping[str, Any], after: Keys | None, limit: int
    ) -> Page:
        """Rows of a preview in their order; `wanted` holds equal values of stored fields."""
        query = {"shop": shop, "preview_id": preview_id, **wanted}
        return await self._page("preview_rows", query, {"no": 1}, after, limit)

    async def jobs(self, shop: str, wanted: Mapping[str, Any], before: Keys | None, limit: int) -> Page:
        """Jobs, the newest first."""
        order = {"requested_ms": -1, "job_id": -1}
        # MongoDB compares dates, a cursor carries numbers: the key of the page is made of the date.
        pipeline: list[Document] = [
            {"$match": {"shop": shop, **wanted}},
            {"$unset": "selection"},
            {"$set": {"requested_ms": {"$toLong": "$requested_at"}}},
            *([] if before is None else [{"$match": _later(order, before)}]),
            {"$sort": order},
            {"$limit": limit + 1},
        ]
        documents = [document async for document in self._database["jobs"].aggregate(pipeline)]
        if len(documents) <= limit:
            return Page(documents, None)
        last = documents[limit - 1]
        return Page(documents[:limit], [last["requested_ms"], last["job_id"]])

    async def cells(self, shop: str, job_id: str, wanted: Mapping[str, Any], after: Keys | None, limit: int) -> Page:
        """Cells of a job in their order; `wanted` holds equal values of stored fields."""
        query = {"shop": shop, "job_id": job_id, **wanted}
        return await self._page("cells", query, {"no": 1}, after, limit)

    async def job_boms(
        self, shop: str, job_id: str, after: str | None, limit: int
    ) -> tuple[list[BomProgress], str | None]:
        """BOMs of a job by id with the figures of their cells, and the id after which the next page starts."""
        query: Document = {"shop": shop, "job_id": job_id}
        if after is not None:
            query["bom_id"] = {"$gt": after}
        fields = {"bom_id": 1, "bom_name": 1, "state": 1, "code": 1}
        # In the order of an index, so that only the cells of this page are read.
        cursor = self._database["cells"].find(query, fields).sort([("bom_id", 1), ("location_id", 1)])
        boms: list[BomProgress] = []
        async for cells in _by_bom(cursor):
            if len(boms) == limit:
                return boms, boms[-1].bom_id
            boms.append(_progress(cells))
        return boms, None

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

    async def left_out(self, shop: str, job_id: str) -> int:
        """How many cells of the job were left out for a reason."""
        query = {"shop": shop, "job_id": job_id, "state": "skipped", "left_out": {"$ne": None}}
        number: int = await self._database["cells"].count_documents(query)
        return number

    async def preview(self, shop: str, preview_id: str) -> Document | None:
        """A preview without its selection, which may be large."""
        return await self._figures("previews", shop, preview_id)

    async def job(self, shop: str, job_id: str) -> Document | None:
        """A job without its selection, which may be large."""
        return await self._figures("jobs", shop, job_id)

    async def _figures(self, collection: str, shop: str, identity: str) -> Document | None:
        query = {"_id": key_of(shop, identity), "shop": shop}
        return found(await self._database[collection].find_one(query, {"selection": 0}))


async def _by_bom(cells: AsyncIterator[Document]) -> AsyncIterator[list[Document]]:
    gathered: list[Document] = []
    async for cell in cells:
        if gathered and gathered[0]["bom_id"] != cell["bom_id"]:
            yield gathered
            gathered = []
        gathered.append(cell)
    if gathered:
        yield gathered


def _progress(cells: list[Document]) -> BomProgress:
    states: dict[CellState, int] = {}
    codes: dict[str, int] = {}
    for cell in cells:
        state = CellState(cell["state"])
        states[state] = states.get(state, 0) + 1
        if cell["code"]:
            codes[cell["code"]] = codes.get(cell["code"], 0) + 1
    return BomProgress(cells[0]["bom_id"], cells[0]["bom_name"], Totals.of(states), codes)
