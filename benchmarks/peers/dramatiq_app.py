"""Dramatiq: a group. Its callback at the end needs Redis or Memcached, so the end is seen by the cells alone.

`dramatiq benchmarks.peers.dramatiq_app`; `python -m benchmarks.peers.dramatiq_app CELLS` asks.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import dramatiq  # type: ignore[import-not-found]  # of the peers' own environment
from dramatiq.brokers.rabbitmq import RabbitmqBroker  # type: ignore[import-not-found]  # of the peers' own environment
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from benchmarks.peers import work

# API reference, "RabbitmqBroker": confirm_delivery waits for RabbitMQ at every message. Queues are durable and messages
# persistent always; that they are quorum queues is the default of the vhost that is given to it.
broker = RabbitmqBroker(url=work.AMQP_URL, confirm_delivery=True)
dramatiq.set_broker(broker)


@cache
def cells_of_store() -> Collection[dict[str, Any]]:
    """Of this worker process, shared by its threads."""
    client: MongoClient[dict[str, Any]] = MongoClient(work.MONGODB_URI)
    return client.get_database(work.DATABASE, write_concern=WriteConcern("majority"))[work.CELLS]


def push(name: str, value: int) -> None:
    """One cell."""
    cells_of_store().update_one({"_id": name}, work.change(value))


push_actor = dramatiq.actor(actor_name="push")(push)


def ask(cells: int) -> None:
    """Publish all."""
    dramatiq.group(push_actor.message(work.cell_name(number), number) for number in range(cells)).run()
    broker.close()


if __name__ == "__main__":
    work.request(ask)
