"""Tallies: how many cells of a job have ended, and how. Each is written once, in the transaction that ends its cells.

So their sum is what counting the ended cells would give, at any moment, without an index that is written as each cell
changes its state. They are inserted, never raised: batches that end at the same time do not meet in one document.

Many are made one: whoever sums them up removes what it has read and inserts the sum, in the transaction that read it.
So what a sum costs does not grow with the job, and it stays exact: one who dies leaves all as it was, of two who do it
at once one begins anew, and what is inserted meanwhile stands beside the sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ulid import ULID

from shared.domain.cell import CellState
from shared.mongodb.schema import Database, Document, ids_of, key_of
from shared.mongodb.transactions import Session, WriteConflict

GATHERED_FROM = 64
"""Tallies of a job that are made one: what sixteen thousand cells leave that end in full batches."""

_MOST_AT_ONCE = 1000
"""Of those that an earlier build has left: what a transaction should write."""


@dataclass(frozen=True, slots=True)
class EndedAs:
    """How cells have ended."""

    state: CellState
    code: str | None = None
    reason: str | None = None


class Tallies:
    """Writes and sums the tallies of jobs."""

    def __init__(self, database: Database) -> None:
        self._tallies = database["tallies"]

    async def add(self, session: Session, shop: str, ended: Mapping[str, Iterable[EndedAs]]) -> None:
        """Note how these cells end, by job: one entry for each, in the transaction that ends them."""
        documents = [tally for job_id, ways in ended.items() for tally in _tallies(shop, job_id, Counter(ways))]
        if documents:
            await self._tallies.insert_many(documents, session=session)

    async def of(self, shop: str, job_id: str, session: Session) -> dict[EndedAs, int]:
        """How many cells of the job have ended in each way. Many tallies are one afterwards."""
        mine: Document = {"_id": ids_of(shop, job_id), "shop": shop}
        fields = {"state": 1, "code": 1, "reason": 1, "cells": 1}
        cursor = self._tallies.find(mine, fields, session=session, batch_size=_MOST_AT_ONCE)
        tallies = [tally async for tally in cursor]
        sums = _sum(tallies)
        if len(tallies) >= GATHERED_FROM + len(sums):
            await self._gather(session, shop, job_id, tallies[:_MOST_AT_ONCE])
        return sums

    async def _gather(self, session: Session, shop: str, job_id: str, tallies: Sequence[Document]) -> None:
        """Put one for each way in their place. Raises WriteConflict where another has."""
        ids = [tally["_id"] for tally in tallies]
        removed = await self._tallies.delete_many({"_id": {"$in": ids}, "shop": shop}, session=session)
        if removed.deleted_count != len(ids):
            raise WriteConflict("the tallies were summed up meanwhile")
        await self._tallies.insert_many(_tallies(shop, job_id, _sum(tallies)), session=session)

    async def remove(self, shop: str, job_id: str) -> None:
        """Remove those of a job whose cells are removed."""
        await self._tallies.delete_many({"_id": ids_of(shop, job_id), "shop": shop})


def _tallies(shop: str, job_id: str, ways: Mapping[EndedAs, int]) -> list[Document]:
    return [
        {
            "_id": key_of(shop, job_id, str(ULID())),
            "shop": shop,
            "job_id": job_id,
            "state": str(way.state),
            "code": way.code,
            "reason": way.reason,
            "cells": number,
        }
        for way, number in ways.items()
    ]


def _sum(tallies: Iterable[Document]) -> dict[EndedAs, int]:
    sums: Counter[EndedAs] = Counter()
    for tally in tallies:
        sums[EndedAs(CellState(tally["state"]), tally["code"], tally["reason"])] += tally["cells"]
    return dict(sums)
