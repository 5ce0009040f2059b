"""Milestones of a finished preview: where each five hundredth row, or so, stands in the order of size.

A page deep in a long table begins at the milestone before it, instead of passing over all rows from the first.
"""

from __future__ import annotations

from typing import Any

from bson import MaxKey, MinKey

from shared.mongodb.pages import Start
from shared.mongodb.previews.preview import Milestone
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

    async def of(self, shop: str, preview_id: str, apart: int) -> tuple[Milestone, ...]:
        """Each row so many `apart` by kind, size and number."""
        order = {"kind": 1, "size": -1, "no": 1}
        milestones: list[Milestone] = []
        start: list[Any] | None = None
        while True:
            query: Document = {"shop": shop, "preview_id": preview_id}
            cursor = self._rows.find(query, {"_id": 0, "kind": 1, "size": 1, "no": 1}).sort(list(order.items()))
            cursor = cursor.hint(list({"shop": 1, "preview_id": 1, **order}.items()))
            if start is not None:
                cursor = cursor.min(_bound(shop, preview_id, start)).max(_end(shop, preview_id))
            document = next(iter(await cursor.skip(apart - (start is None)).limit(1).to_list(1)), None)
            if document is None:
                return tuple(milestones)
            milestones.append(Milestone(**document))
            start = [document["kind"], document["size"], document["no"]]

    async def nearer(self, shop: str, preview_id: str, kind: str | None, skip: int) -> Start:
        """Where to start in the order of kind, size and number to pass over `skip` rows of the kind (None: of all)."""
        preview = found(
            await self._previews.find_one(
                {"_id": key_of(shop, preview_id), "shop": shop}, {"milestones": 1, "milestones_apart": 1, "kinds": 1}
            )
        )
        milestones = (preview or {}).get("milestones") or []
        kinds = (preview or {}).get("kinds") or {}
        apart = (preview or {}).get("milestones_apart", EVERY)
        before = 0 if kind is None else sum(number for name, number in kinds.items() if name < kind)
        place = before + skip
        # The milestone number n (from 1) is the row at n·apart − 1, counted from 0.
        passed = min(place // apart, len(milestones))
        if passed == 0 or passed * apart < before:
            return Start(skip=skip)
        milestone = milestones[passed - 1]
        return Start([milestone["kind"], milestone["size"], milestone["no"]], place - passed * apart)


def _bound(shop: str, preview_id: str, keys: list[Any]) -> list[tuple[str, Any]]:
    return [("shop", shop), ("preview_id", preview_id), *zip(("kind", "size", "no"), keys, strict=True)]


def _end(shop: str, preview_id: str) -> list[tuple[str, Any]]:
    # Sizes fall in this index: the least key ends it.
    return _bound(shop, preview_id, [MaxKey(), MinKey(), MaxKey()])
