"""A place of the pools that is known to be prepared is not prepared again by each service that a test starts in it.

Declaring 23 queues and some 90 indexes that are there already is a fifth of what a start costs, and most tests start
two or three services. What a start asks of its servers beside that (whether they answer, the user's rights, the form of
the documents) stays. Processes of their own, new places and those that a test has `altered` are prepared as ever.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from aio_pika.abc import AbstractConnection

from shared.mongodb import connection as mongodb
from shared.mongodb.schema import Database, ensure_collections
from shared.rabbitmq import connection as rabbitmq
from tests.backends.places import PREPARED, SHARED

_declare = rabbitmq._declare


def prepare_each_place_once() -> None:
    """From now on, in this process."""
    mongodb.ensure_collections = _collections  # type: ignore[attr-defined]  # imported there, to be called there
    rabbitmq._declare = _topology


async def _collections(database: Database) -> None:
    if database.name not in PREPARED or database.client.delegate.address not in SHARED:
        await ensure_collections(database)


async def _topology(url: str, connection: AbstractConnection) -> None:
    place = urlsplit(url)
    if unquote(place.path.removeprefix("/")) not in PREPARED or (place.hostname, place.port) not in SHARED:
        await _declare(url, connection)
