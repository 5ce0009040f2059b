"""Celery: a group, or a chord whose body notes that all have ended.

`celery -A benchmarks.peers.celery_app worker`; `python -m benchmarks.peers.celery_app CELLS group|chord` asks.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import Any

from celery import Celery, chord, group  # type: ignore[import-not-found]  # of the peers' own environment
from pymongo import MongoClient, WriteConcern
from pymongo.database import Database

from benchmarks.peers import work

# A chord keeps its results: in MongoDB, one of the stores that Celery supports (user guide, "Canvas: Chords").
app = Celery("peer", broker=work.AMQP_URL, backend=work.MONGODB_URI)
app.conf.update(
    # User guide, "Using RabbitMQ: Using Quorum Queues". Messages are persistent by default
    # (task_default_delivery_mode).
    task_default_queue_type="quorum",
    task_default_exchange_type="topic",
    # Kombu, "pyamqp transport: Publisher confirms": each publish waits for the broker.
    broker_transport_options={"confirm_publish": True},
    # User guide, "Optimizing: Reserve one task at a time" and "Prefetch Limits": many short tasks want a large one.
    task_acks_late=True,
    worker_prefetch_multiplier=int(os.environ.get("PEER_PREFETCH_MULTIPLIER", work.PREFETCH // work.WORKERS)),
    mongodb_backend_settings={"database": work.DATABASE},
    # Nobody reads them here: user guide, "Monitoring".
    worker_enable_remote_control=False,
    worker_send_task_events=False,
)


@cache
def database() -> Database[dict[str, Any]]:
    """Of this worker process: opened after the fork."""
    client: MongoClient[dict[str, Any]] = MongoClient(work.MONGODB_URI)
    return client.get_database(work.DATABASE, write_concern=WriteConcern("majority"))


def push(name: str, value: int) -> int:
    """One cell."""
    database()[work.CELLS].update_one({"_id": name}, work.change(value))
    return value


def ended(values: list[int]) -> None:
    """All cells."""
    database()[work.JOBS].insert_one({"_id": work.JOB, "total": len(values), "sum": sum(values)})


push_alone = app.task(name="push_alone", ignore_result=True)(push)
push_of_chord = app.task(name="push")(push)
all_ended = app.task(name="ended", ignore_result=True)(ended)


def ask(cells: int) -> None:
    """Publish all."""
    task = push_alone if sys.argv[2] == "group" else push_of_chord
    header = group(task.s(work.cell_name(number), number) for number in range(cells))
    if sys.argv[2] == "group":
        header.apply_async()
    else:
        chord(header)(all_ended.s())


if __name__ == "__main__":
    work.request(ask)
