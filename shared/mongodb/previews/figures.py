"""The figures of a finished preview, derived from its rows once: what differs, by how much, and what a push refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from shared.domain.comparison import CellClass
from shared.mongodb.previews.preview import ClassMove, ExtremeRow, Milestone
from shared.mongodb.previews.row_bookmarks import RowBookmarks, every
from shared.mongodb.schema import Database, Document, found


class PreviewFigures:
    """Reads the rows of previews as a whole."""

    def __init__(self, database: Database) -> None:
        self._rows = database["preview_rows"]
        self._milestones = RowBookmarks(database)

    async def for_pages(self, shop: str, preview_id: str) -> tuple[Mapping[str, int], tuple[Milestone, ...], int]:
        """What makes pages of the finished table quick: rows by kind, and milestones with the rows between two."""
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "preview_id": preview_id}},
            {"$group": {"_id": "$kind", "n": {"$sum": 1}}},
        ]
        kinds = {group["_id"]: group["n"] async for group in self._rows.aggregate(pipeline)}
        apart = every(sum(kinds.values()))
        milestones = await self._milestones.of(shop, preview_id, apart)
        return kinds, milestones, apart

    async def moves(self, shop: str, preview_id: str) -> tuple[ClassMove, ...]:
        """For each class that differs: its cells, its BOMs, the rows of the extreme differences, and the rows that a
        push would refuse, by code. Largest class first.
        """
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "preview_id": preview_id, "kind": "differs"}},
            {
                "$group": {
                    "_id": {"class": "$cell_class", "code": "$not_pushed"},
                    "cells": {"$sum": 1},
                    "highest": {"$max": "$difference"},
                    "lowest": {"$min": "$difference"},
                }
            },
        ]
        groups: dict[str, list[Document]] = defaultdict(list)
        async for group in self._rows.aggregate(pipeline):
            groups[group["_id"]["class"]].append(group)
        boms = await self._boms(shop, preview_id)
        moves = []
        for name, parts in groups.items():
            highest, lowest = _extreme(max, parts, "highest"), _extreme(min, parts, "lowest")
            move = ClassMove(
                cell_class=CellClass(name),
                cells=sum(part["cells"] for part in parts),
                boms=boms[name],
                highest=None if highest is None else await self._row_with(shop, preview_id, name, highest),
                lowest=None if lowest is None else await self._row_with(shop, preview_id, name, lowest),
                not_pushed={part["_id"]["code"]: part["cells"] for part in parts if part["_id"]["code"] is not None},
            )
            moves.append(move)
        return tuple(sorted(moves, key=lambda move: (-move.cells, move.cell_class)))

    async def _boms(self, shop: str, preview_id: str) -> Mapping[str, int]:
        pipeline: list[Document] = [
            {"$match": {"shop": shop, "preview_id": preview_id, "kind": "differs"}},
            {"$group": {"_id": {"class": "$cell_class", "bom": "$bom_id"}}},
            {"$group": {"_id": "$_id.class", "n": {"$sum": 1}}},
        ]
        return {group["_id"]: group["n"] async for group in self._rows.aggregate(pipeline, allowDiskUse=True)}

    async def _row_with(self, shop: str, preview_id: str, name: str, difference: int) -> ExtremeRow | None:
        """What is shown of the first row of the class with this difference."""
        query = {
            "shop": shop,
            "preview_id": preview_id,
            "cell_class": name,
            "size": abs(difference),
            "difference": difference,
        }
        row = found(await self._rows.find_one(query, sort=[("no", 1)]))
        if row is None:
            return None
        names = ("difference", "bom_id", "bom_name", "location_id", "location_name")
        values = {"shopify_value": row["row"]["shopify"], "local_value": row["row"]["local"]}
        return ExtremeRow(**{name: row[name] for name in names}, **values)


def _extreme(choose: Callable[[list[int]], int], parts: list[Document], name: str) -> int | None:
    """The extreme of the parts that have one: rows without a local value have no difference."""
    values = [part[name] for part in parts if part[name] is not None]
    return choose(values) if values else None
