"""Transactions: snapshot reads, majority writes, whole retries, and halving of batches that keep conflicting."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession
from pymongo import ReadPreference
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.domain.batches import halves
from shared.errors import StoreUnavailable, TrueupError
from shared.mongodb.refusals import NOT_LET_IN, why_refused
from shared.mongodb.schema import Document

Session = AsyncIOMotorClientSession
T = TypeVar("T")
R = TypeVar("R")

MAJORITY = WriteConcern(w="majority")
_TRIES_OF_A_BATCH = 3
_TRIES_OF_ONE = 40
_TRIES_OF_A_COMMIT = 5
_WRITE_CONFLICT = 112


class WriteConflict(TrueupError):
    """What the transaction had read was changed under it; it must be run again from its reads."""


class Overtaken(TrueupError):
    """Another worker has gone on with the work meanwhile: what is to be done must be read again from the documents."""


def _transient(error: PyMongoError) -> bool:
    if isinstance(error, (DuplicateKeyError, BulkWriteError)):
        return isinstance(error, BulkWriteError) and error.has_error_label("TransientTransactionError")
    return error.has_error_label("TransientTransactionError") or (
        isinstance(error, OperationFailure) and error.code == _WRITE_CONFLICT
    )


class Transactions:
    """Runs transactions on one client."""

    def __init__(self, client: AsyncIOMotorClient[Document]) -> None:
        self._client = client

    async def once(self, body: Callable[[Session], Awaitable[T]]) -> T:
        """Run `body` in one transaction. Raises WriteConflict where another writer came between."""
        try:
            async with await self._client.start_session() as session:
                session.start_transaction(
                    read_concern=ReadConcern("snapshot"),
                    write_concern=MAJORITY,
                    read_preference=ReadPreference.PRIMARY,
                )
                try:
                    result = await body(session)
                except BaseException:
                    await session.abort_transaction()
                    raise
                await self._commit(session)
                return result
        except ConnectionFailure as error:
            raise StoreUnavailable(f"MongoDB did not answer: {type(error).__name__}") from error
        except PyMongoError as error:
            if _transient(error):
                raise WriteConflict(str(error)) from error
            if isinstance(error, OperationFailure) and error.code in NOT_LET_IN:
                # No document is to blame: it waits until the user may again.
                raise why_refused(error, "its address") from error
            raise

    async def _commit(self, session: Session) -> None:
        """Commit, and ask again while the answer is unknown: the server makes a repeated commit harmless."""
        for attempt in range(_TRIES_OF_A_COMMIT):
            try:
                await session.commit_transaction()
                return
            except PyMongoError as error:
                if attempt == _TRIES_OF_A_COMMIT - 1 or not error.has_error_label("UnknownTransactionCommitResult"):
                    raise

    async def run(self, body: Callable[[Session], Awaitable[T]], *, tries: int = _TRIES_OF_ONE) -> T:
        """Run `body` again, from its reads, until it commits. Raises WriteConflict after `tries`."""
        for attempt in range(tries):
            try:
                return await self.once(body)
            except WriteConflict:
                if attempt == tries - 1:
                    raise
                await asyncio.sleep(random.uniform(0, min(0.002 * 2**attempt, 0.1)))  # noqa: S311  # jitter only
        raise AssertionError("unreachable: tries is at least one")

    async def in_halves(
        self, items: Sequence[T], body: Callable[[Session, Sequence[T]], Awaitable[Sequence[R]]]
    ) -> list[R]:
        """Run `body` over all items in one transaction; on repeated conflicts over halves, down to one item.

        A large transaction starves against single-document writers on the same cells, so it gives way quickly.
        """
        if not items:
            return []
        tries = _TRIES_OF_ONE if len(items) == 1 else _TRIES_OF_A_BATCH
        try:
            return list(await self.run(lambda session: body(session, items), tries=tries))
        except WriteConflict:
            if len(items) == 1:
                raise
        first, second = halves(items)
        return [*await self.in_halves(first, body), *await self.in_halves(second, body)]
