"""What several files of this folder start from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.mongodb.connection import Mongo
from tests.integration.planner.job_of_cells import JobOfCells


@pytest.fixture
async def job(mongodb_uri: str, database_name: str) -> AsyncIterator[JobOfCells]:
    """A job that the test starts, in a database of its own."""
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    yield JobOfCells(mongo)
    await mongo.db.command({"profile": 0})
    mongo.close()
