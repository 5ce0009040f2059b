"""What a run over a preview will change, summed up by the server: a preview may have a million rows.

The same as `shared.domain.will_change` says of the rows one by one; a test holds the two against each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.will_change import Move, MovedRow, WillChange
from shared.domain.words.codes import Code
from shared.mongodb.lists.pages import Page, Start
from shared.mongodb.previews.preview import PreviewRow, RowKind
from shared.mongodb.previews.preview_form import preview_row_of
from shared.mongodb.previews.row_order import NUMBERS, of_kind
from shared.mongodb.schema import Database, Document, key_of

if TYPE_CHECKING:
    from shared.contract.selection import LeaveOut

_SHOWN = ("bom_id", "bom_name", "location_id", "location_name", "before", "after")


def left_out_query(shop: str, preview_id: str, leave_out: LeaveOut) -> Document:
    """The condition of the rows that are left out: what `LeaveOut.has` says, of documents."""

    def ids(cells: Any) -> list[str]:
        return [key_of(shop, preview_id, cell.bom_id, cell.location_id) for cell in cells or ()]

    whole: list[Document] = []
    if leave_out.classes:
        whole.append({"cell_class": {"$in": [str(name) for name in leave_out.classes]}})
    if leave_out.bom_ids:
        whole.append({"bom_id": {"$in": leave_out.bom_ids}})
    ways: list[Document] = []
    if whole:
        ways.append({"$or": whole, "_id": {"$nin": ids(leave_out.keep)}} if leave_out.keep else {"$or": whole})
    if leave_out.cells:
        ways.append({"_id": {"$in": ids(leave_out.cells)}})
    return {"$or": ways} if ways else {"_id": {"$in": []}}


def _differs(shop: str, preview_id: str) -> Document:
    return {"shop": shop, "preview_id": preview_id, **of_kind(RowKind.DIFFERS, {})}


def _left_out(shop: str, preview_id: str, leave_out: LeaveOut) -> Document:
    return {**_differs(shop, preview_id), **left_out_query(shop, preview_id, leave_out)}


class PreviewChanges:
    """Sums up the rows of finished previews."""

    def __init__(self, database: Database) -> None:
        self._rows = database["preview_rows"]

    async def of(
        self,
        shop: str,
        preview_id: str,
        direction: Direction,
        leave_out: LeaveOut | None = None,
        *,
        allow_negative: bool = False,
    ) -> WillChange:
        """What a run in this direction will change."""
        differs = _differs(shop, preview_id)
        out = None if leave_out is None else left_out_query(shop, preview_id, leave_out)
        taken = differs if out is None else {**differs, "$nor": [out]}
        allowed: list[str | None] = [None, str(Code.NEGATIVE_TARGET)] if allow_negative else [None]
        moved, refused, left = await asyncio.gather(
            self._moved(taken, direction, allowed),
            self._refused(taken, allowed) if direction is Direction.TO_SHOPIFY else _none(),
            self._count({**differs, **out}) if out is not None else _zero(),
        )
        sums, classes = moved
        return WillChange(**sums, refused=refused, classes=classes, left_out=left)

    async def left_out(
        self, shop: str, preview_id: str, leave_out: LeaveOut, start: Start, limit: int
    ) -> Page[PreviewRow]:
        """Rows that differ and are left out, by number."""
        query = _left_out(shop, preview_id, leave_out)
        if start.after is not None:
            query = {"$and": [query, {"no": {"$gt": start.after[0]}}]}
        cursor = self._rows.find(query).sort("no", 1).hint(NUMBERS).skip(start.skip).limit(limit + 1)
        rows = [preview_row_of(document) async for document in cursor]
        return Page(rows[:limit], [rows[limit - 1].no] if len(rows) > limit else None)

    async def count_left_out(self, shop: str, preview_id: str, leave_out: LeaveOut) -> int:
        """How many there are."""
        return await self._count(_left_out(shop, preview_id, leave_out))

    async def _count(self, query: Document) -> int:
        number: int = await self._rows.count_documents(query)
        return number

    async def _moved(
        self, taken: Document, direction: Direction, allowed: list[str | None]
    ) -> tuple[Document, Mapping[str, int]]:
        to_shopify = direction is Direction.TO_SHOPIFY
        moving: Document = (
            {"not_pushed": {"$in": allowed}, "difference": {"$nin": [0, None]}}
            if to_shopify
            else {"$or": [{"difference": {"$ne": 0}}, {"row.unknown_outcome": True}]}
        )
        before, after = ("$row.shopify", "$row.local") if to_shopify else ("$row.local", "$row.shopify")
        by: Document = {"$cond": [{"$eq": [before, None]}, None, {"$subtract": [after, before]}]}
        empties: Document = {"$and": [{"$lte": [after, 0]}, {"$or": [{"$eq": [before, None]}, {"$gt": [before, 0]}]}]}
        shown: Document = {name: f"${name}" for name in ("by", *_SHOWN)}
        both: Document = {name: {"$sum": f"${name}"} for name in ("cells", "up", "down", "first_counts", "emptied")}
        ends: Document = {
            "rise": {"$top": {"sortBy": {"by": -1, "no": 1}, "output": shown}},
            "fall": {"$top": {"sortBy": {"low": 1, "no": 1}, "output": shown}},
        }
        pipeline: list[Document] = [
            {"$match": {"$and": [taken, moving]}},
            {
                "$project": {
                    **dict.fromkeys(("no", "bom_id", "bom_name", "location_id", "location_name", "cell_class"), 1),
                    "before": before,
                    "after": after,
                    "by": by,
                    # What has no number is neither end: it stands behind all in both orders.
                    "low": {"$ifNull": [by, 0]},
                    "up": {"$max": [by, 0]},
                    "down": {"$max": [{"$multiply": [by, -1]}, 0]},
                    "first_counts": {"$cond": [{"$eq": [before, None]}, 1, 0]},
                    "emptied": {"$cond": [empties, 1, 0]},
                    "cells": {"$literal": 1},
                }
            },
            {
                "$facet": {
                    "boms": [{"$group": {"_id": "$bom_id"}}, {"$count": "n"}],
                    "classes": [{"$group": {"_id": "$cell_class", "n": {"$sum": 1}}}],
                    "sums": [{"$group": {"_id": None, **both, **ends}}],
                }
            },
        ]
        async for found in self._rows.aggregate(pipeline, hint=NUMBERS, allowDiskUse=True):
            classes = {group["_id"]: group["n"] for group in found["classes"]}
            for sums in found["sums"]:
                del sums["_id"]
                rise, fall = sums.pop("rise"), sums.pop("fall")
                sums["rise"] = _end(rise) if (rise["by"] or 0) > 0 else None
                sums["fall"] = _end(fall) if (fall["by"] or 0) < 0 else None
                return {**sums, "boms": found["boms"][0]["n"]}, classes
        return {}, {}

    async def _refused(self, taken: Document, allowed: list[str | None]) -> dict[str, int]:
        pipeline: list[Document] = [
            {"$match": {**taken, "not_pushed": {"$nin": allowed}}},
            {"$group": {"_id": "$not_pushed", "n": {"$sum": 1}}},
        ]
        return {group["_id"]: group["n"] async for group in self._rows.aggregate(pipeline, hint=NUMBERS)}


async def _none() -> dict[str, int]:
    return {}


async def _zero() -> int:
    return 0


def _end(row: Document) -> MovedRow:
    key = CellKey(row["bom_id"], row["location_id"])
    return MovedRow(key, row["bom_name"], row["location_name"], Move(row["before"], row["after"]))
