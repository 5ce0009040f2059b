"""The progress of a job BOM by BOM, derived from its cells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from shared.domain.cell import CellState
from shared.domain.job import Totals
from shared.mongodb.schema import Database, Document

BomShare = Literal["open", "errors", "ended"]
"""BOMs with an open cell, with a failed one, or without open ones."""


@dataclass(frozen=True, slots=True)
class BomProgress:
    """A BOM of a job with the figures of its cells."""

    bom_id: str
    name: str | None
    totals: Totals
    codes: dict[str, int]


@dataclass(frozen=True, slots=True)
class BomPage:
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
    ) -> BomPage:
        """BOMs by id with the figures of their cells. Only the cells of this page are read."""
        ids = await self._ids(shop, job_id, share)
        later = ids if after is None else [bom_id for bom_id in ids if bom_id > after]
        chosen = later[skip : skip + limit]
        fields = {"bom_id": 1, "bom_name": 1, "state": 1, "code": 1}
        query = {"shop": shop, "job_id": job_id, "bom_id": {"$in": chosen}}
        cursor = self._cells.find(query, fields).sort([("bom_id", 1), ("location_id", 1)])
        boms = [_progress(cells) async for cells in _by_bom(cursor)]
        return BomPage(boms, chosen[-1] if len(later) > skip + limit else None, len(ids))

    async def _ids(self, shop: str, job_id: str, share: BomShare | None) -> list[str]:
        async def having(condition: Document) -> set[str]:
            query = {"shop": shop, "job_id": job_id, **condition}
            return set(await self._cells.distinct("bom_id", query))

        if share == "errors":
            return sorted(await having({"state": str(CellState.ERROR)}))
        if share == "open":
            return sorted(await having({"open": True}))
        every = await having({})
        return sorted(every if share is None else every - await having({"open": True}))


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
