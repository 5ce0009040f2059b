"""Opening MongoDB: majority writes, majority reads, times with their zone."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import ConfigurationError, ConnectionFailure, InvalidURI, PyMongoError

from shared.errors import StoreUnavailable, WrongSetting
from shared.mongodb.schema import Database, Document, ensure_collections
from shared.mongodb.transactions import MAJORITY, Transactions
from shared.observing.tracing import mongodb_listeners

STORE_AWAY = (StoreUnavailable, ConnectionFailure)
"""What a store raises that does not answer: the same call may succeed later."""


class Mongo:
    """The database of one process, with its transactions."""

    def __init__(self, uri: str, database: str) -> None:
        """Open `database`; nothing is sent yet. Raises WrongSetting for an address that cannot be one."""
        try:
            self.client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
                uri,
                **_server_selection(uri),
                w="majority",
                readConcernLevel="majority",
                retryWrites=True,
                event_listeners=mongodb_listeners(),
            )
        except (ConfigurationError, InvalidURI, ValueError):
            # The driver's own words would show the address, which holds a password.
            raise WrongSetting("wrong settings: TRUEUP_MONGODB_URI: is no mongodb:// address") from None
        options: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
        self.db: Database = self.client.get_database(database, codec_options=options, write_concern=MAJORITY)
        self.transactions = Transactions(self.client)

    async def prepare(self) -> None:
        """Create missing collections and indexes, and bring documents to the present form. Raises StoreUnavailable."""
        await self.make()
        from shared.mongodb.upgrade import upgrade_documents  # noqa: PLC0415  # what only reads does without it

        await _first_answer(upgrade_documents(self.db, self.transactions))

    async def make(self) -> None:
        """Create missing collections and indexes; no document is looked at. Raises StoreUnavailable."""
        await _first_answer(ensure_collections(self.db))

    async def must_answer(self) -> None:
        """Nothing is made: for what only reads. Raises StoreUnavailable."""
        await _first_answer(self.db.command("ping"))

    async def alive(self) -> bool:
        """Whether the database answers now."""
        try:
            await self.db.command("ping")
        except PyMongoError:
            return False
        return True

    def close(self) -> None:
        """Close all connections."""
        self.client.close()


def _server_selection(uri: str) -> dict[str, Any]:
    """How long the driver looks for a server, unless the address says so itself.

    One second would fail a start during an election; thirty would hang a request.
    """
    return {} if "serverselectiontimeoutms=" in uri.lower() else {"serverSelectionTimeoutMS": 5000}


async def _first_answer(asked: Awaitable[object]) -> None:
    """Whatever goes wrong with the first thing that is asked is told as one: wrong passwords, too."""
    try:
        await asked
    except PyMongoError as error:
        raise StoreUnavailable(f"MongoDB did not answer: {type(error).__name__}") from error


@contextmanager
def store_must_answer() -> Iterator[None]:
    """For programs that end when MongoDB is away: inside, that is StoreUnavailable and no error of the driver."""
    try:
        yield
    except ConnectionFailure as error:
        raise StoreUnavailable(f"MongoDB did not answer: {type(error).__name__}") from error
