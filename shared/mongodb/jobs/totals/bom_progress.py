"""The progress of a job BOM by BOM, derived from its cells."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from shared.domain.cell import CellState
from shared.domain.job import Totals
from shared.mongodb.jobs.cells.selected_cells import of_boms
from shared.mongodb.lists.distinct import count_distinct, distinct_values, first_distinct
from shared.mongodb.schema import Database, Document

BomShare = Literal["open", "errors", "ended"]
"""BOMs with an open cell, with a failed one, or without open ones."""


_SHARES: dict[BomShare | None, Document] = {
    None: {},
    "ended": {},
    "errors": {"state": str(CellState.ERROR)},
    "open": {"open": True},
}

_LOOKED_AT = 1000
"""BOMs that are looked at together."""


@dataclass(frozen=True, slots=True)
class BomProgress:
    """A BOM of a job with the figures of its cells."""

    bom_id: str
    name: str | None
    totals: Totals
    codes: dict[str, int]


@dataclass(frozen=True, slots=True)
class JobBomsPage:
    """Some BOMs by id, the id after which the next page starts, and how many there are in all."""

    boms: list[BomProgress]
    after: str | None
    total: int


class JobBoms:
    """Reads the BOMs of jobs."""

    def __init__(self, database: Database) -> None:
        self._cells = database["cells"]

    async def page(
        self, shop: str, job_id: str, share: BomShare | None, *, after: str | None, skip: int, limit: int
    ) -> JobBomsPage:
        """BOMs by id with the figures of their cells. Only the cells of this page are read."""
        condition: Document = {"shop": shop, "job_id": job_id, **_SHARES[share]}
        if share == "ended":
            chosen, total = await asyncio.gather(
                self._ended(condition, after, skip=skip, limit=limit + 1), self._number_ended(condition)
            )
        else:
            chosen, total = await asyncio.gather(
                first_distinct(self._cells, "bom_id", _later(condition, after), skip=skip, limit=limit + 1),
                count_distinct(self._cells, "bom_id", condition),
            )
        more, chosen = len(chosen) > limit, chosen[:limit]
        fields = {"bom_id": 1, "bom_name": 1, "state": 1, "code": 1}
        cells = [cell async for cell in self._cells.find(of_boms(shop, job_id, chosen), fields)] if chosen else []
        boms = [_progress(one) for one in _by_bom(cells)]
        return JobBomsPage(boms, chosen[-1] if more else None, total)

    async def _ended(self, condition: Document, after: str | None, *, skip: int, limit: int) -> list[str]:
        """BOMs without an open cell: of some BOMs after the other those that have none."""
        found: list[str] = []
        passed = 0
        while len(found) < limit:
            page = await first_distinct(self._cells, "bom_id", _later(condition, after), limit=_LOOKED_AT)
            at_work = {**condition, "bom_id": {"$in": page}, "open": True}
            still_open = {bom_id async for bom_id in distinct_values(self._cells, "bom_id", at_work)}
            ended = [bom_id for bom_id in page if bom_id not in still_open]
            skipped = min(skip - passed, len(ended))
            passed += skipped
            found += ended[skipped:]
            if len(page) < _LOOKED_AT:
                break
            after = page[-1]
        return found[:limit]

    async def _number_ended(self, condition: Document) -> int:
        every, still_open = await asyncio.gather(
            count_distinct(self._cells, "bom_id", condition),
            count_distinct(self._cells, "bom_id", {**condition, "open": True}),
        )
        return every - still_open


def _later(condition: Document, after: str | None) -> Document:
    return condition if after is None else {**condition, "bom_id": {"$gt": after}}


def _by_bom(cells: list[Document]) -> list[list[Document]]:
    gathered: dict[str, list[Document]] = {}
    for cell in cells:
        gathered.setdefault(cell["bom_id"], []).append(cell)
    return [gathered[bom_id] for bom_id in sorted(gathered, key=str.encode)]


def _progress(cells: list[Document]) -> BomProgress:
    states: dict[CellState, int] = {}
    codes: dict[str, int] = {}
    for cell in cells:
        state = CellState(cell["state"])
        states[state] = states.get(state, 0) + 1
        if cell["code"]:
            codes[cell["code"]] = codes.get(cell["code"], 0) + 1
    return BomProgress(cells[0]["bom_id"], cells[0]["bom_name"], Totals.of(states), codes)
