"""Verifying reads that are wanted: a document for all cells of one write, removed once they have been read.

A wish stays until its read is applied, and who asks again makes another one. So a reader that dies loses none, and what
is asked during a read is not taken for done; and a batch of cells costs one document, not two more writes of each cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ulid import ULID

from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.cell import CellKey
from shared.mongodb.lists.distinct import distinct_values
from shared.mongodb.schema import Database, Document, key_of
from shared.mongodb.transactions import Session, Transactions

VERIFY_DELAY = timedelta(milliseconds=750)
"""How long a cell waits for its verifying read, so that a burst of changes shares one."""

_MANY = 100
"""Wishes of a shop that are looked at together."""


@dataclass(frozen=True, slots=True)
class VerifyTurn:
    """Cells to be verified by one reader, and the wishes that are fulfilled by it."""

    shop: str
    keys: tuple[CellKey, ...]
    wishes: tuple[str, ...]


class ReadsWanted:
    """Reads and writes the collection `reads_wanted`."""

    def __init__(self, database: Database) -> None:
        self._wanted = database["reads_wanted"]
        self._transactions = Transactions(database.client)

    async def ask(
        self, shop: str, keys: Iterable[CellKey], session: Session | None = None, *, at: datetime | None = None
    ) -> None:
        """Ask for a read of the cells; `at`: when it is due."""
        wishes = _wishes(shop, keys, at or datetime.now(UTC) + VERIFY_DELAY)
        if wishes:
            await self._wanted.insert_many(wishes, session=session)

    async def shops(self, now: datetime) -> list[str]:
        """The shops with reads that are due. The one question across shops: it finds whose turn it is."""
        return [shop async for shop in distinct_values(self._wanted, "shop", {"at": {"$lte": now}})]

    async def soon(self, shop: str, now: datetime, limit: int) -> int:
        """How many cells are due for a read, or will be in a moment; counted until there are `limit`."""
        return await self._number({"shop": shop, "at": {"$lte": now + VERIFY_DELAY}}, limit)

    async def number(self, shop: str) -> int:
        """How many cells want a read, now or later; one that has asked twice is counted twice."""
        return await self._number({"shop": shop}, None)

    async def _number(self, condition: Document, limit: int | None) -> int:
        number = 0
        async for wish in self._wanted.find(condition, {"number": 1}).sort("at", 1):
            number += wish["number"]
            if limit is not None and number >= limit:
                break
        return number

    async def due_since(self, shop: str) -> datetime | None:
        """Since when, or from when on, a read of one of the shop's cells is due; None: of none."""
        async for wish in self._wanted.find({"shop": shop}, {"at": 1}).sort("at", 1).limit(1):
            due: datetime = wish["at"]
            return due
        return None

    async def take(self, shop: str, now: datetime, limit: int) -> VerifyTurn:
        """Cells whose read is due, the oldest wishes first: as many as `limit`, or those of one wish.

        Nothing is written: what is not ended is taken again, by this reader or by another one.
        """
        keys: dict[CellKey, None] = {}
        taken: list[str] = []
        for wish in await self._due(shop, now):
            more = [key for key in _keys(wish) if key not in keys]
            if taken and len(keys) + len(more) > limit:
                break
            keys |= dict.fromkeys(more)
            taken.append(wish["_id"])
        return VerifyTurn(shop, tuple(keys), tuple(taken))

    async def end(self, turn: VerifyTurn) -> None:
        """The reads of a turn are applied. Who has asked again meanwhile has a wish of its own."""
        await self._wanted.delete_many({"_id": {"$in": list(turn.wishes)}, "shop": turn.shop})

    async def put_off(self, turn: VerifyTurn) -> None:
        """The read has failed: others of the shop come first."""
        due = datetime.now(UTC) + VERIFY_DELAY
        await self._wanted.update_many({"_id": {"$in": list(turn.wishes)}, "shop": turn.shop}, {"$set": {"at": due}})

    async def _due(self, shop: str, now: datetime) -> list[Document]:
        condition = {"shop": shop, "at": {"$lte": now}}
        due = [wish async for wish in self._wanted.find(condition).sort("at", 1).limit(_MANY)]
        if len(due) < _MANY:
            return due
        while await self._transactions.run(lambda session: self._gather(session, shop)):
            pass
        return [wish async for wish in self._wanted.find(condition).sort("at", 1).limit(_MANY)]

    async def _gather(self, session: Session, shop: str) -> bool:
        """Make few wishes of many small ones: those of a shop that changes and cannot be read must not add up.

        Returns whether there were many: there may be more.
        """
        small = {"shop": shop, "number": {"$lte": ROWS_PER_CALL // 2}}
        wishes = [wish async for wish in self._wanted.find(small, session=session).sort("at", 1).limit(_MANY)]
        if len(wishes) < _MANY:
            return False
        keys = dict.fromkeys(key for wish in wishes for key in _keys(wish))
        await self._wanted.delete_many(
            {"_id": {"$in": [wish["_id"] for wish in wishes]}, "shop": shop}, session=session
        )
        await self._wanted.insert_many(_wishes(shop, keys, wishes[0]["at"]), session=session)
        return True


def _wishes(shop: str, keys: Iterable[CellKey], at: datetime) -> list[Document]:
    return [
        {
            "_id": key_of(shop, str(ULID())),
            "shop": shop,
            "at": at,
            # A location's id holds no "|".
            "cells": [f"{key.bom_id}|{key.location_id}" for key in part],
            "number": len(part),
        }
        for part in batches(keys, ROWS_PER_CALL)
    ]


def _keys(wish: Document) -> list[CellKey]:
    parts = (cell.rpartition("|") for cell in wish["cells"])
    return [CellKey(bom_id, location_id) for bom_id, _, location_id in parts]
