"""Places for tests: a vhost with Trueup's queues, a database with its collections; prepared once, emptied for the next.

Making 23 quorum queues and some 90 indexes costs the servers more than most tests do, so a place goes back to a pool.
Nothing is handed out again but what was seen to be as new: no consumer, no message, no document, no queue, binding,
collection or index more or less than prepared. Anything else is thrown away.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any
from urllib.parse import urlsplit

import aio_pika
from pymongo import MongoClient

from shared.mongodb.schema import INDEXES
from shared.rabbitmq.connection import GONE, connect
from shared.rabbitmq.topology import EXCHANGES, QUEUES
from tests.backends.management import Management

_LARGE = ("stock", "cells", "ledger", "preview_rows", "webhook_events", "import_items", "import_lines")
_MAX_DOCUMENTS = 5_000
"""A database with more in one of these is dropped: that is cheaper than emptying it."""

_LOOKS = 20

_INDEXES = sum(1 + len(indexes) for indexes in INDEXES.values())
"""That of `_id` included."""


class VhostPool:
    """Vhosts of one test process."""

    def __init__(self, amqp_url: str, management: Management) -> None:
        """Have none yet."""
        self._amqp_url = amqp_url
        self._management = management
        self._free: list[str] = []
        self._all: set[str] = set()

    def take(self) -> str:
        """An empty vhost."""
        if self._free:
            return self._free.pop()
        name = f"test-{uuid.uuid4().hex[:12]}"
        self._management.make_vhost(name)
        self._all.add(name)
        return name

    async def give_back(self, name: str) -> None:
        """Keep it where it can be emptied, else delete it."""
        if await self._emptied(name):
            self._free.append(name)
        else:
            self._all.remove(name)
            await asyncio.to_thread(self._management.delete_vhost, name)

    def close(self) -> None:
        """Delete them all."""
        for name in self._all:
            self._management.delete_vhost(name)

    async def _emptied(self, name: str) -> bool:
        if not await asyncio.to_thread(self._as_declared, name):
            return False
        url = urlsplit(self._amqp_url)._replace(path=f"/{name}").geturl()
        try:
            connection = await connect(url, "tests-empty-a-vhost")
        except GONE:
            return False
        try:
            channel = await connection.channel()
            for _ in range(_LOOKS):
                if all(await asyncio.gather(*(_empty(channel, queue.name) for queue in QUEUES))):
                    return True
                await asyncio.sleep(0.05)  # a client's last goodbye: its consumers are still being removed
            return False
        except GONE:
            return False
        finally:
            await connection.close()

    def _as_declared(self, name: str) -> bool:
        """Whether queues, bindings and exchanges are those of the topology."""
        queues = self._management.request("GET", f"/queues/{name}?columns=name,arguments")
        declared = {queue.name: queue.declare_arguments() for queue in QUEUES}
        if {queue["name"]: queue["arguments"] for queue in queues} != declared:
            return False
        bindings = self._management.request("GET", f"/bindings/{name}")
        bound = {(b["source"], b["destination"], b["routing_key"]) for b in bindings if b["source"]}
        if bound != {(exchange, queue.name, key) for queue in QUEUES for exchange, key in queue.bindings}:
            return False
        exchanges = {exchange["name"] for exchange in self._management.request("GET", f"/exchanges/{name}")}
        return {one for one in exchanges if one and not one.startswith("amq.")} == set(EXCHANGES)


async def _empty(channel: aio_pika.abc.AbstractChannel, name: str) -> bool:
    """Purge a queue; returns whether nobody consumes from it and nothing is left."""
    queue = await channel.declare_queue(name, passive=True)
    if queue.declaration_result.message_count:
        await queue.purge()
        return False
    # Without a consumer there is nothing unacknowledged that could come back.
    return queue.declaration_result.consumer_count == 0


class DatabasePool:
    """Databases of one test process."""

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        """Have none yet."""
        self._client = client
        self._free: list[str] = []
        self._all: set[str] = set()

    def take(self) -> str:
        """An empty database; one used before has its collections and indexes already."""
        if self._free:
            return self._free.pop()
        name = f"trueup_test_{uuid.uuid4().hex[:12]}"
        self._all.add(name)
        return name

    def give_back(self, name: str) -> None:
        """Keep it where it can be emptied, else drop it."""
        _end_transactions_of_the_dead(self._client)
        if self._emptied(name):
            self._free.append(name)
        else:
            self._all.remove(name)
            self._client.drop_database(name)

    def close(self) -> None:
        """Drop them all."""
        for name in self._all:
            self._client.drop_database(name)

    def _emptied(self, name: str) -> bool:
        database = self._client[name]
        if database.command("dbStats")["indexes"] != _INDEXES:
            return False
        if set(database.list_collection_names()) != set(INDEXES):
            return False
        used = self._used(name)
        if any(database[each].estimated_document_count() > _MAX_DOCUMENTS for each in used.intersection(_LARGE)):
            return False
        for collection in used:
            database[collection].delete_many({})
        return True

    def _used(self, name: str) -> set[str]:
        """The collections that hold something, by one question: most tests fill a third of them."""
        pipeline: list[dict[str, Any]] = []
        for each in INDEXES:
            one: list[dict[str, Any]] = [{"$limit": 1}, {"$project": {"_id": 0, "in": {"$literal": each}}}]
            pipeline += [{"$unionWith": {"coll": each, "pipeline": one}}] if pipeline else one
        found = self._client[name][next(iter(INDEXES))].aggregate(pipeline)
        return {document["in"] for document in found}


def _end_transactions_of_the_dead(client: MongoClient[dict[str, Any]]) -> None:
    """End transactions whose client has gone: a killed process leaves its own open for a while, and a delete waits.

    Other tests' clients are at work on the same server: what they have open between two statements looks the same but
    for its connection.
    """
    everything: list[dict[str, Any]] = [{"$currentOp": {"idleSessions": True, "idleConnections": True}}]
    with client.admin.aggregate(everything) as operations:
        seen = list(operations)
    connected = {operation.get("client") for operation in seen if operation["type"] != "idleSession"}
    left = [
        {"lsid": operation["lsid"]}
        for operation in seen
        if operation["type"] == "idleSession"
        and "transaction" in operation
        and operation.get("client") not in connected
    ]
    if left:
        client.admin.command({"killAllSessionsByPattern": left})
