"""One simulator and one database for all certifications of a file, on a clock that nobody waits for."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from itertools import count

import pytest
from pymongo import MongoClient

from shared.mongodb.connection import Mongo
from simulator.http.server import Simulator, start
from simulator.settings import OpenPoints
from tests.integration.certify.certified import Store
from tests.integration.switches.step_clock import StepClock

_numbers = count(1)


@pytest.fixture(scope="package")
async def new_store(
    mongodb_uri: str, mongodb_for_clean_up: MongoClient[dict[str, object]]
) -> AsyncIterator[Callable[[], Store]]:
    """Makes stores, each a shop of its own, under the open points as they are believed."""
    name = f"trueup_certify_{os.getpid()}"
    clock = StepClock()
    running = await start(Simulator(client_id="id", client_secret="secret", clock=clock))
    mongo = Mongo(mongodb_uri, name)
    await mongo.prepare()

    def make() -> Store:
        running.simulator.settings.open_points = OpenPoints()
        return Store(running, mongo, clock, f"certify-{next(_numbers)}.myshopify.com")

    yield make
    await running.close()
    mongo.close()
    mongodb_for_clean_up.drop_database(name)
