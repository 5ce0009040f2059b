"""taskiq: tasks kicked side by side. It has no chord, so the end is seen by the cells alone.

`taskiq worker benchmarks.peers.taskiq_app:broker`; `python -m benchmarks.peers.taskiq_app CELLS` asks.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from taskiq_aio_pika import AioPikaBroker  # type: ignore[import-not-found]  # of the peers' own environment

from benchmarks.peers import work

# README of taskiq-aio-pika, "Configuration": qos is the prefetch. Its queues are quorum queues, its messages persistent
# and its publishes confirmed by default. Event loop: uvloop (guide, "CLI": used where it is installed).
broker = AioPikaBroker(work.AMQP_URL, qos=work.PREFETCH)


@cache
def cells_of_store() -> AsyncCollection[dict[str, Any]]:
    """Of this worker process."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(work.MONGODB_URI)
    return client.get_database(work.DATABASE, write_concern=WriteConcern("majority"))[work.CELLS]


async def push(name: str, value: int) -> None:
    """One cell."""
    await cells_of_store().update_one({"_id": name}, work.change(value))


push_task = broker.task(task_name="push")(push)


async def ask_all(cells: int) -> None:
    """Publish all, as many at once as Trueup does."""
    await broker.startup()
    for begin in range(0, cells, work.PREFETCH):
        numbers = range(begin, min(begin + work.PREFETCH, cells))
        await asyncio.gather(*(push_task.kiq(work.cell_name(number), number) for number in numbers))
    await broker.shutdown()


def ask(cells: int) -> None:
    """Publish all."""
    asyncio.run(ask_all(cells))


if __name__ == "__main__":
    work.request(ask)
