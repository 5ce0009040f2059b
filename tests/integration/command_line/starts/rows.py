"""The table: starts that cannot work, each with its servers, and the words that the one line must have."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import aio_pika

from deploy.local.ports import LOOPBACK
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.topology import EVENTS, JOBS, RECORDS
from shared.roles import Role
from tests.integration.command_line.starts.servers import (
    BROKER,
    DATABASE,
    NAME,
    READ,
    READ_WRITE,
    STORE,
    Environment,
    Servers,
)

OPERATIONS = "TRUEUP_OPERATIONS_PORT"

Given = Callable[[Servers, AsyncExitStack], Any]
"""Makes the servers of a row, and returns the settings that are its own."""


def _database(prepare: Callable[[Any], object]) -> Given:
    def given(_: Servers, stack: AsyncExitStack) -> Environment:
        database = stack.enter_context(_.database())
        prepare(database)
        return {NAME: database.name}

    return given


def _as_broker_user(configure: str, write: str, read: str, *, prepared: bool = True) -> Given:
    async def given(servers: Servers, stack: AsyncExitStack) -> Environment:
        vhost = stack.enter_context(servers.vhost())
        if prepared:
            await declare_topology(servers.broker(vhost=vhost))
        user = stack.enter_context(servers.user(vhost, configure, write, read))
        return {BROKER: servers.broker(user=user, vhost=vhost)}

    return given


def _in_its_vhost(prepare: Callable[[aio_pika.abc.AbstractChannel], Any]) -> Given:
    async def given(servers: Servers, stack: AsyncExitStack) -> Environment:
        url = servers.broker(vhost=stack.enter_context(servers.vhost()))
        async with await aio_pika.connect(url) as connection:
            await prepare(await connection.channel())
        return {BROKER: url}

    return given


def _no_access(servers: Servers, stack: AsyncExitStack) -> Environment:
    user = stack.enter_context(servers.user(stack.enter_context(servers.vhost()), ".*", ".*", ".*"))
    return {BROKER: servers.broker(user=user, vhost=stack.enter_context(servers.vhost()))}


def _twice(database: Any) -> None:
    database["boms"].insert_many([{"shop": "s", "bom_id": "a", "inventory_item_id": item} for item in ("1", "2")])


WRONG: dict[str, tuple[Given, str, str]] = {
    # MongoDB
    "a standalone mongod": (lambda s, _: {STORE: f"mongodb://{s.standalone}/"}, STORE, "replica set"),
    "a standalone mongod, asked for a set": (
        lambda s, _: {STORE: f"mongodb://{s.standalone}/?replicaSet=rs0"},
        STORE,
        "make it a replica set",
    ),
    "a set that was never begun": (lambda s, _: {STORE: f"mongodb://{s.never_begun}/"}, STORE, "rs.initiate()"),
    "another set": (
        lambda s, _: {STORE: s.mongodb_uri.replace("replicaSet=rs0", "replicaSet=other")},
        STORE,
        "write replicaSet=rs0",
    ),
    "MongoDB: a wrong password": (
        lambda s, _: {STORE: s.guarded.uri_of("admin", "not-it")},
        STORE,
        "refuses the user or its password",
    ),
    "MongoDB: no user": (
        lambda s, _: {STORE: f"mongodb://{s.guarded.members[0].address}/?replicaSet=rs0"},
        STORE,
        "give it its rights",
    ),
    "MongoDB: a read-only user": (lambda s, _: {STORE: s.store_user(READ), NAME: DATABASE}, STORE, "or readWrite"),
    "MongoDB: a user of another database": (
        lambda s, _: {STORE: s.store_user(READ_WRITE), NAME: "elsewhere"},
        STORE,
        "lacks rights on the database elsewhere",
    ),
    "MongoDB: a user of one role": (lambda s, _: {STORE: s.users[Role.INDEXER], NAME: DATABASE}, STORE, "insert on"),
    "MongoDB: the port of HTTP": (lambda s, _: {STORE: f"mongodb://{LOOPBACK}:{s.http}/"}, STORE, "is no MongoDB"),
    "MongoDB: TLS where none is": (lambda s, _: {STORE: s.mongodb_uri + "&tls=true"}, STORE, "speaks no TLS"),
    "MongoDB: none where TLS is": (lambda s, _: {STORE: f"mongodb://{LOOPBACK}:{s.tls}/"}, STORE, "tls=true"),
    "MongoDB: a certificate of nobody": (
        lambda s, _: {STORE: f"mongodb://{LOOPBACK}:{s.tls}/?tls=true"},
        STORE,
        "tlsCAFile=",
    ),
    "MongoDB: a file that is not there": (
        lambda s, _: {STORE: s.mongodb_uri + "&tls=true&tlsCAFile=/no/such/file"},
        STORE,
        "a file that it names",
    ),
    "MongoDB: an option of no kind": (lambda s, _: {STORE: s.mongodb_uri + "&tls=yes"}, STORE, "'true' or 'false'"),
    "MongoDB: a password with an @": (lambda *_: {STORE: "mongodb://a:hid@den@h/"}, STORE, "must be escaped"),
    "an index of another kind": (
        _database(lambda db: db["boms"].create_index([("shop", 1), ("bom_id", 1)], sparse=True)),
        NAME,
        'drop it (db.boms.dropIndex("shop_1_bom_id_1"))',
    ),
    "an index of another name": (
        _database(lambda db: db["jobs"].create_index([("shop", 1), ("state", 1)], name="mine")),
        NAME,
        'drop it (db.jobs.dropIndex("mine"))',
    ),
    "documents that are there twice": (_database(_twice), NAME, "remove them"),
    "a view in a collection's place": (
        _database(lambda db: db.create_collection("shops", viewOn="boms")),
        NAME,
        "a database of its own",
    ),
    "a capped collection": (
        _database(lambda db: db.create_collection("cells", capped=True, size=4096)),
        NAME,
        "a database of its own",
    ),
    "the name of no database": (lambda *_: {NAME: "true.up"}, NAME, "must be a name"),
    "a database of MongoDB's own": (lambda *_: {NAME: "local"}, NAME, "must not be one of MongoDB's own"),
    # RabbitMQ
    "RabbitMQ: a wrong password": (
        lambda s, _: {BROKER: s.broker(user="guest:not-it")},
        BROKER,
        "refuses the user guest or its password",
    ),
    "RabbitMQ: an unknown vhost": (lambda s, _: {BROKER: s.broker(vhost="nowhere")}, BROKER, "add_vhost nowhere"),
    "RabbitMQ: a vhost of others": (_no_access, BROKER, "give it rights there"),
    "RabbitMQ: no right to configure": (_as_broker_user("^$", ".*", ".*"), BROKER, "give it its rights"),
    "RabbitMQ: no right to write": (
        _as_broker_user(".*", "^trueup\\.[a-z0-9.-]+$", "^$"),
        BROKER,
        "give it its rights",
    ),
    "RabbitMQ: no right to publish commands": (
        _as_broker_user(".*", "^(?!trueup.commands$).*$", ".*"),
        BROKER,
        "trueup.commands",
    ),
    "RabbitMQ: no right to take jobs": (
        _as_broker_user(".*", ".*", "^(?!trueup.jobs$).*$"),
        BROKER,
        "trueup.jobs",
    ),
    "RabbitMQ: no queues, and no right to make them": (
        _as_broker_user("^$", ".*", ".*", prepared=False),
        BROKER,
        "run `trueup prepare` first",
    ),
    "a queue with other arguments": (
        _in_its_vhost(lambda channel: channel.declare_queue(RECORDS.name, durable=True)),
        BROKER,
        "let it drain, delete it",
    ),
    "another's own queue": (
        _in_its_vhost(
            lambda channel: channel.declare_queue(
                JOBS.name, durable=True, arguments={**JOBS.declare_arguments(), "x-max-length": 3}
            )
        ),
        BROKER,
        JOBS.name,
    ),
    "an exchange of another kind": (
        _in_its_vhost(lambda channel: channel.declare_exchange(EVENTS, aio_pika.ExchangeType.DIRECT, durable=True)),
        BROKER,
        "delete it",
    ),
    "RabbitMQ: the port of HTTP": (
        lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:{s.http}")},
        BROKER,
        "it speaks HTTP",
    ),
    "RabbitMQ: TLS where none is": (
        lambda s, _: {BROKER: s.broker().replace("amqp:", "amqps:")},
        BROKER,
        "speaks no TLS",
    ),
    "RabbitMQ: none where TLS is": (
        lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:{s.tls}")},
        BROKER,
        "write amqps://",
    ),
    "RabbitMQ: a certificate of nobody": (
        lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:{s.tls}").replace("amqp:", "amqps:")},
        BROKER,
        "?cafile=",
    ),
    "RabbitMQ: a certificate for another host": (
        lambda s, _: {
            BROKER: s.broker(place=f"{LOOPBACK}:{s.tls}", query=f"?cafile={s.certificate}").replace("amqp:", "amqps:")
        },
        BROKER,
        "the host as the certificate does",
    ),
    "RabbitMQ: a file that is not there": (
        lambda s, _: {BROKER: s.broker(query="?cafile=/no/such/file").replace("amqp:", "amqps:")},
        BROKER,
        "cannot be read",
    ),
    # Where it listens
    "a port of somebody else's": (lambda s, _: {OPERATIONS: str(s.silent)}, OPERATIONS, "address already in use"),
    "an address of another machine": (lambda *_: {"TRUEUP_HOST": "192.0.2.1"}, "TRUEUP_HOST", "say where to listen"),
    "the name of no host": (lambda *_: {"TRUEUP_HOST": "no-such-host.invalid"}, "TRUEUP_HOST", "say where to listen"),
}
"""Rows that end with 2: the settings of each, the one that the line names, and the remedy in it."""

AWAY: dict[str, tuple[Given, str, str]] = {
    "MongoDB: nobody listens": (
        lambda *_: {STORE: f"mongodb://{LOOPBACK}:1/?replicaSet=rs0"},
        f"{LOOPBACK}:1",
        "refused",
    ),
    "MongoDB: an unknown host": (
        lambda *_: {STORE: "mongodb://no-such-host.invalid/"},
        "no-such-host.invalid",
        "not known",
    ),
    "MongoDB: nothing is answered": (
        lambda s, _: {STORE: f"mongodb://{LOOPBACK}:{s.silent}/"},
        LOOPBACK,
        "nothing came back in time",
    ),
    "MongoDB: no connection comes about": (
        lambda s, _: {STORE: f"mongodb://{LOOPBACK}:{s.full}/"},
        LOOPBACK,
        "nothing came back in time",
    ),
    "RabbitMQ: nobody listens": (lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:1")}, f"{LOOPBACK}:1", "refused"),
    "RabbitMQ: an unknown host": (
        lambda s, _: {BROKER: s.broker(place="no-such-host.invalid:5672")},
        "no-such-host.invalid:5672",
        "not known",
    ),
    "RabbitMQ: nothing is answered": (
        lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:{s.silent}")},
        LOOPBACK,
        "did not answer in time",
    ),
    "RabbitMQ: no connection comes about": (
        lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:{s.full}")},
        LOOPBACK,
        "did not answer in time",
    ),
}
"""Rows that end with 3: the settings of each, and the host and the cause that the line names."""
