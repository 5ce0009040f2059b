"""What several files of this folder start from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.mongodb.connection import Mongo
from tests.integration.worker.lanes.lane_scene import Scene


@pytest.fixture
async def scene(mongodb_uri: str, database_name: str) -> AsyncIterator[Scene]:
    """No job yet."""
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    made = Scene(mongo)
    yield made
    made.worker.let_go()
    await made.lane.stop()
    mongo.close()
