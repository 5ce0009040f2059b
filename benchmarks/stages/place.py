"""Where a scene plays: all services, both servers and the simulator, each a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks.measuring.machine import described
from benchmarks.stages.crew import Crew
from deploy.local.run_directory import RUN_DIRECTORY
from shared.mongodb.connection import Mongo
from tests.waiting import Condition, until, writes_to

STAGE = RUN_DIRECTORY / "benchmark"
"""Logs of what runs, those of the last one."""

LOOK = 0.05
"""Seconds between looks at what announces nothing: a look costs MongoDB a statement."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stage that runs, with connections of our own to it."""

    stage: Crew
    mongo: Mongo
    http: aiohttp.ClientSession

    async def until(self, condition: Condition, what: str, *, every: float = LOOK) -> None:
        """Look until it is so.

        Raises:
            StandsStill: it is not, and for a minute nothing has been written either; the message says `what`.
            LocalNodeError: a process has ended; the message has its last words.
        """
        written = writes_to(self.mongo.db)

        async def goes_on() -> object:
            self.stage.judge_processes()
            return await written()  # type: ignore[misc]  # a measure that is awaited

        await until(condition, what=f"{what} (logs in {self.stage.directory / 'logs'})", progress=goes_on, every=every)


@asynccontextmanager
async def opened(notes: dict[str, Any]) -> AsyncIterator[Place]:
    """For an `async with` block. `notes` is told on what machine and versions, where it does not know yet."""
    timeout = aiohttp.ClientTimeout(total=None)
    async with Crew(STAGE) as stage, aiohttp.ClientSession(timeout=timeout) as http:
        settings = stage.settings
        mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
        try:
            if not notes:
                notes.update(await described(stage.nodes.management_url, mongo))
            yield Place(stage, mongo, http)
        finally:
            mongo.close()
