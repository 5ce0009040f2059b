"""A lease: the right to one piece of work, kept in the document that the work is about.

It ends by itself when its holder dies. What it guards must bear a second holder all the same: clocks differ, and a
process that was frozen goes on believing. So what it writes is bound to the lease's number, or to the documents' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.mongodb.schema import Document, found
from shared.mongodb.transactions import Session

Documents = AsyncIOMotorCollection[Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """In which fields of a document a lease is kept, and how long it lasts. Each name may be a path."""

    until: str
    lasts: timedelta
    owner: str | None = None
    """Who holds it; None: it is nobody's in particular, and whoever took it gives it back."""
    number: str | None = None
    """A number that rises each time it is taken: it tells whether somebody else has taken it since."""
    within: str | None = None
    """The sub-document of `until` and `owner`, where it holds nothing else: null while nobody has the lease."""
    notes_the_beginning: bool = False
    """Whether `until` is the moment at which it was taken, in place of the one at which it ends."""
    none_is_free: bool = True
    """Whether a document without `until` may be taken; otherwise there is nothing to do about such a one."""

    def free(self, now: datetime, owner: str | None = None) -> Document:
        """The condition that nobody holds it, or that `owner` does."""
        ended: Document = {self.until: {"$lte": now - self.lasts if self.notes_the_beginning else now}}
        if not self.none_is_free:
            return ended
        ways: list[Document] = [ended, {self.until: None}]
        if self.owner is not None:
            ways.append({self.owner: None if owner is None else {"$in": [None, owner]}})
        return {"$or": ways}

    def running(self, now: datetime) -> Document:
        """The condition that somebody holds it."""
        return {self.until: {"$gt": now - self.lasts if self.notes_the_beginning else now}}

    def held(self, *, owner: str | None = None, number: int | None = None) -> Document:
        """The condition that it is still this owner's, or was not taken since it got this number."""
        condition: Document = {}
        if owner is not None and self.owner is not None:
            condition[self.owner] = owner
        if number is not None and self.number is not None:
            condition[self.number] = number
        return condition

    def lasting(self, now: datetime) -> Document:
        """The value of `until` for a lease taken or renewed now."""
        return {self.until: now if self.notes_the_beginning else now + self.lasts}

    async def take(
        self,
        documents: Documents,
        which: Mapping[str, Any],
        *,
        owner: str | None = None,
        again: bool = False,
        first: Mapping[str, Any] | None = None,
        now: datetime | None = None,
        sort: Sequence[tuple[str, int]] | None = None,
        projection: Mapping[str, Any] | None = None,
        also: Mapping[str, Any] | None = None,
    ) -> Document | None:
        """Take the lease of one document of those; the document as it is then, or None where another holds it.

        `again`: who holds it takes it anew. `first`: what a document is made of that is missing; its `_id` is in
        `which`, which has no `$and` of its own. `also`: further fields, by expressions over the document as it was.
        """
        moment = datetime.now(UTC) if now is None else now
        taken: Document = self.lasting(moment)
        if self.owner is not None:
            taken[self.owner] = owner
        if self.within is not None:
            # Null while it is free, so that no path leads into it.
            taken = {self.within: {path.removeprefix(f"{self.within}."): value for path, value in taken.items()}}
        change: Document | list[Document]
        if also is None:
            change = {"$set": taken}
            if self.number is not None:
                change["$inc"] = {self.number: 1}
            if first:
                change["$setOnInsert"] = dict(first)
        else:
            raised = {} if self.number is None else {self.number: {"$add": [f"${self.number}", 1]}}
            change = [{"$set": {**taken, **raised, **also}}]
        try:
            return found(
                await documents.find_one_and_update(
                    {**which, "$and": [self.free(moment, owner if again else None)]},
                    change,
                    upsert=first is not None,
                    sort=sort,
                    projection=projection,
                    return_document=ReturnDocument.AFTER,
                )
            )
        except DuplicateKeyError:
            if first is None:
                raise
            return None  # the document is there, and is not to be taken now

    async def renew(
        self,
        documents: Documents,
        which: Mapping[str, Any],
        *,
        owner: str | None = None,
        number: int | None = None,
        session: Session | None = None,
    ) -> bool:
        """Keep it for its time from now on; whether it was still held. In a transaction a takeover conflicts."""
        change = {"$set": self.lasting(datetime.now(UTC))}
        result = await documents.update_one({**which, **self.held(owner=owner, number=number)}, change, session=session)
        return result.matched_count == 1

    async def give_back(
        self, documents: Documents, which: Mapping[str, Any], *, owner: str | None = None, number: int | None = None
    ) -> None:
        """Let another take it at once, where it is still held."""
        await documents.update_one({**which, **self.held(owner=owner, number=number)}, self._given_back())

    def _given_back(self) -> Document:
        if self.within is not None:
            return {"$set": {self.within: None}}
        if self.owner is not None:
            # By its owner it is free whatever a clock says; that it has ended is for those who look at `until` alone.
            return {"$set": {self.owner: None, self.until: datetime.now(UTC)}}
        if self.none_is_free:
            return {"$unset": {self.until: ""}}
        return {"$set": {self.until: datetime.now(UTC)}}
