"""Opening MongoDB: majority writes, majority reads, times with their zone."""

from __future__ import annotations

from datetime import UTC

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from shared.errors import StoreUnavailable
from shared.mongodb.collections import Database, Document, ensure_collections
from shared.mongodb.transactions import MAJORITY, Transactions


class Mongo:
    """The database of one process, with its transactions."""

    def __init__(self, uri: str, database: str) -> None:
        # One second of server selection would fail a start during an election; thirty would hang a request.
        self.client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            uri, serverSelectionTimeoutMS=5000, w="majority", readConcernLevel="majority", retryWrites=True
        )
        options: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
        self.db: Database = self.client.get_database(database, codec_options=options, write_concern=MAJORITY)
        self.transactions = Transactions(self.client)

    async def prepare(self) -> None:
        """Create missing collections and indexes. Raises StoreUnavailable."""
        try:
            await ensure_collections(self.db)
        except PyMongoError as error:
            raise StoreUnavailable(f"MongoDB did not answer: {type(error).__name__}") from error

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
