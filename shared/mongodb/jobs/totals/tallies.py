"""Tallies: how many cells of a job have ended, and how. Each is written once, in the transaction that ends its cells.

So their sum is what counting the ended cells would give, at any moment, without an index that is written as each cell
changes its state. They are inserted, never raised: batches that end at the same time do not meet in one document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from motor.motor_asyncio import AsyncIOMotorCollection
from ulid import ULID

from shared.domain.cell import CellState
from shared.mongodb.schema import Database, Document, ids_of, key_of
from shared.mongodb.transactions import Session


@dataclass(frozen=True, slots=True)
class EndedAs:
    """How cells have ended."""

    state: CellState
    code: str | None = None
    reason: str | None = None


async def summed(
    collection: AsyncIOMotorCollection[Document], condition: Document, number: int | str, session: Session
) -> dict[EndedAs, int]:
    """Documents by state, code and reason; `number`: what each counts for, a number or the name of a field."""
    pipeline: list[Document] = [
        {"$match": condition},
        {"$group": {"_id": {"s": "$state", "c": "$code", "r": "$reason"}, "n": {"$sum": number}}},
    ]
    return {
        EndedAs(CellState(group["_id"]["s"]), group["_id"].get("c"), group["_id"].get("r")): group["n"]
        async for group in collection.aggregate(pipeline, session=session)
    }


class Tallies:
    """Writes and sums the tallies of jobs."""

    def __init__(self, database: Database) -> None:
        self._tallies = database["tallies"]

    async def add(self, session: Session, shop: str, ended: Mapping[str, Iterable[EndedAs]]) -> None:
        """Note how these cells end, by job: one entry for each, in the transaction that ends them."""
        documents: list[Document] = [
            {
                "_id": key_of(shop, job_id, str(ULID())),
                "shop": shop,
                "job_id": job_id,
                "state": str(way.state),
                "code": way.code,
                "reason": way.reason,
                "cells": number,
            }
            for job_id, ways in ended.items()
            for way, number in Counter(ways).items()
        ]
        if documents:
            await self._tallies.insert_many(documents, session=session)

    async def of(self, shop: str, job_id: str, session: Session) -> dict[EndedAs, int]:
        """How many cells of the job have ended in each way."""
        return await summed(self._tallies, {"_id": ids_of(shop, job_id), "shop": shop}, "$cells", session)

    async def remove(self, shop: str, job_id: str) -> None:
        """Remove those of a job whose cells are removed."""
        await self._tallies.delete_many({"_id": ids_of(shop, job_id), "shop": shop})
