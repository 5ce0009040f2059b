"""Services that are started at the same moment on a fresh system."""

from __future__ import annotations

import asyncio

from shared.mongodb.connection import Mongo
from shared.mongodb.schema import INDEXES


async def test_services_that_start_at_once_on_an_empty_database_all_come_up(
    mongodb_uri: str, database_name: str
) -> None:
    """Whoever finds a collection made by another meanwhile goes on; afterwards all of them are there."""
    starting = [Mongo(mongodb_uri, database_name) for _ in range(4)]
    try:
        await asyncio.gather(*(mongo.prepare() for mongo in starting))
        assert set(INDEXES) <= set(await starting[0].db.list_collection_names())
    finally:
        for mongo in starting:
            mongo.close()
