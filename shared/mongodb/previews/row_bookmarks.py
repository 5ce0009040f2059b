"""Milestones of a finished preview: where each five hundredth row, or so, stands in the order of size.

A page deep in a long table begins at the milestone before it, instead of passing over all rows from the first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from shared.mongodb.lists.pages import Start
from shared.mongodb.previews.preview import Milestone, RowKind
from shared.mongodb.previews.row_order import KINDS, ONLY_SIZE, SIZES, of_kind, ordering
from shared.mongodb.schema import Database, Document, found, key_of

EVERY = 500
"""Rows from one milestone to the next, of a preview that has not very many."""

MAX_BOOKMARKS = 2000
"""Milestones of a preview, for they stand in its document; they are the further apart the more rows it has."""


def every(rows: int) -> int:
    """How many rows apart the milestones of so many rows are."""
    return EVERY * max(1, -(-rows // (EVERY * MAX_BOOKMARKS)))


class RowBookmarks:
    """Sets and uses the milestones of previews."""

    def __init__(self, database: Database) -> None:
        self._previews = database["previews"]
        self._rows = database["preview_rows"]

    async def of(self, shop: str, preview_id: str, kinds: Mapping[str, int], apart: int) -> tuple[Milestone, ...]:
        """Each row so many `apart` by kind, size and number; `kinds`: how many rows of each kind there are."""
        milestones: list[Milestone] = []
        begin, place = 0, apart - 1
        for kind in KINDS:
            if place >= begin + kinds.get(kind, 0):
                begin += kinds.get(kind, 0)
                continue
            async for size, number in self._sizes(shop, preview_id, kind, kinds[kind]):
                query = {"shop": shop, "preview_id": preview_id, **of_kind(kind, {})}
                if kind is RowKind.DIFFERS:
                    query["size"] = size
                passed = begin
                while place < begin + number:
                    no = await self._number_at(query, kind, place - passed)
                    if no is None:
                        return tuple(milestones)
                    milestones.append(Milestone(str(kind), size, no))
                    query["no"] = {"$gt": no}
                    passed, place = place + 1, place + apart
                begin += number
        return tuple(milestones)

    async def _number_at(self, query: Document, kind: RowKind, skip: int) -> int | None:
        """The number of the row behind so many of one size."""
        index, _ = ordering(kind)
        cursor = self._rows.find(query, {"_id": 0, "no": 1}).sort("no", 1).hint(index).skip(skip).limit(1)
        async for document in cursor:
            number: int = document["no"]
            return number
        return None

    async def _sizes(self, shop: str, preview_id: str, kind: RowKind, number: int) -> AsyncIterator[tuple[int, int]]:
        """How many rows of a kind have each size, from the largest on."""
        if kind is not RowKind.DIFFERS:
            yield ONLY_SIZE[kind], number
            return
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "preview_id": preview_id, **of_kind(kind, {})}},
            {"$group": {"_id": "$size", "n": {"$sum": 1}}},
            {"$sort": {"_id": -1}},
        ]
        async for group in self._rows.aggregate(pipeline, hint=SIZES, allowDiskUse=True):
            yield group["_id"], group["n"]

    async def nearer(self, shop: str, preview_id: str, kind: str | None, skip: int) -> Start:
        """Where to start in the order of kind, size and number to pass over `skip` rows of the kind (None: of all)."""
        preview = found(
            await self._previews.find_one(
                {"_id": key_of(shop, preview_id), "shop": shop}, {"milestones": 1, "milestones_apart": 1, "kinds": 1}
            )
        )
        milestones: list[Any] = (preview or {}).get("milestones") or []
        kinds = (preview or {}).get("kinds") or {}
        apart = (preview or {}).get("milestones_apart", EVERY)
        before = 0 if kind is None else sum(number for name, number in kinds.items() if name < kind)
        place = before + skip
        # The milestone number n (from 1) is the row at n·apart − 1, counted from 0.
        passed = min(place // apart, len(milestones))
        if passed == 0 or passed * apart < before:
            return Start(skip=skip)
        milestone = milestones[passed - 1]
        if kind is not None and milestone["kind"] != kind:
            return Start(skip=skip)  # the last row before this kind: all of it is still to come
        return Start([milestone["kind"], milestone["size"], milestone["no"]], place - passed * apart)
