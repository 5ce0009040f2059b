"""Transactions: snapshot reads, majority writes, whole retries, and halving of batches that keep conflicting."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Generic, TypeVar

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession
from pymongo import ReadPreference
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.domain.batches import halves
from shared.errors import StoreUnavailable, TrueupError
from shared.mongodb.access.refusals import NOT_LET_IN, why_refused
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


class Attempt(Generic[T]):
    """One try at a transaction over some items: `async with` opens it, and its end commits.

    A write conflict ends it without an error where another try follows (`Transactions.attempts`); then `committed`
    stays False, and what the try has found out is of no account.
    """

    def __init__(self, transactions: Transactions, items: Sequence[T], *, is_last: bool) -> None:
        self.items = items
        self.committed = False
        self._opened = transactions.open()
        self._is_last = is_last

    async def __aenter__(self) -> Session:
        """Begin."""
        return await self._opened.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Commit, or undo all of it. Raises WriteConflict where no other try follows."""
        try:
            await self._opened.__aexit__(kind, error, trace)
        except WriteConflict:
            if self._is_last:
                raise
            return True
        if error is None:
            self.committed = True
        return isinstance(error, WriteConflict) and not self._is_last


class Transactions:
    """Runs transactions on one client."""

    def __init__(self, client: AsyncIOMotorClient[Document]) -> None:
        self._client = client

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Session]:
        """One transaction, committed at the end of the block. Raises WriteConflict where another writer was faster."""
        try:
            async with await self._client.start_session() as session:
                session.start_transaction(
                    read_concern=ReadConcern("snapshot"),
                    write_concern=MAJORITY,
                    read_preference=ReadPreference.PRIMARY,
                )
                try:
                    yield session
                except BaseException:
                    await session.abort_transaction()
                    raise
                await self._commit(session)
        except ConnectionFailure as error:
            raise StoreUnavailable(f"MongoDB did not answer: {type(error).__name__}") from error
        except PyMongoError as error:
            if _transient(error):
                raise WriteConflict(str(error)) from error
            if isinstance(error, OperationFailure) and error.code in NOT_LET_IN:
                # No document is to blame: it waits until the user may again.
                raise why_refused(error, "its address") from error
            raise

    async def once(self, body: Callable[[Session], Awaitable[T]]) -> T:
        """Run `body` in one transaction. Raises as `open`."""
        async with self.open() as session:
            return await body(session)

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
                await _pause(attempt)
        raise AssertionError("unreachable: tries is at least one")

    async def attempts(self, items: Sequence[T]) -> AsyncIterator[Attempt[T]]:
        """Tries that together cover the items: all in one transaction; on repeated conflicts halves, down to one item.

        Each is to be entered. A large transaction starves against single-document writers on the same cells, so it
        gives way quickly. The last try of a single item raises WriteConflict.
        """
        parts = [items] if items else []
        while parts:
            part = parts.pop(0)
            alone = len(part) == 1
            tries = _TRIES_OF_ONE if alone else _TRIES_OF_A_BATCH
            for number in range(tries):
                is_last = number == tries - 1
                attempt = Attempt(self, part, is_last=alone and is_last)
                yield attempt
                if attempt.committed:
                    break
                if not is_last:
                    await _pause(number)
            else:
                parts[:0] = halves(part)

    async def in_halves(
        self, items: Sequence[T], body: Callable[[Session, Sequence[T]], Awaitable[Sequence[R]]]
    ) -> list[R]:
        """Run `body` over all items, as `attempts` does; returns what it returned."""
        results: list[R] = []
        async for attempt in self.attempts(items):
            found: Sequence[R] = ()
            async with attempt as session:
                found = await body(session, attempt.items)
            if attempt.committed:
                results += found
        return results


async def _pause(attempt: int) -> None:
    await asyncio.sleep(random.uniform(0, min(0.002 * 2**attempt, 0.1)))  # noqa: S311  # jitter only
