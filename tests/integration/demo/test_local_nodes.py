"""The private nodes: they take clients, keep their data, live side by side, and go with their program."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from pymongo import MongoClient, WriteConcern
from pymongo.errors import ServerSelectionTimeoutError

from deploy.local.mongodb import MongoDbReplicaSet
from deploy.local.ports import free_ports
from deploy.local.rabbitmq import RabbitMqNode
from deploy.local.rabbitmq_probe import amqp_answers
from shared.rabbitmq import topology
from tests.backends.management import Management
from tests.quorum_queues import on_disk
from tests.waiting import arrival, until


@asynccontextmanager
async def _channel(url: str) -> AsyncIterator[AbstractChannel]:
    connection = await arrival(aio_pika.connect(url), what=f"a connection to {url}")
    async with connection, connection.channel() as channel:
        yield channel


async def _publish(url: str, body: bytes) -> None:
    async with _channel(url) as channel:
        queue = await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await arrival(channel.default_exchange.publish(message, queue.name), what="the broker's confirmation")


async def _take(url: str) -> bytes:
    async with _channel(url) as channel:
        queue = await channel.get_queue("kept")
        message = await arrival(queue.get(), what="a message of the queue")
        await message.ack()
        return message.body


async def _greets(port: int) -> None:
    async def greets() -> bool:
        return await asyncio.to_thread(amqp_answers, port)

    await until(greets, what=f"the broker at port {port} greets")


async def test_two_rabbitmq_nodes_live_side_by_side(amqp_url: str, module_rabbitmq: RabbitMqNode) -> None:
    """A second node disturbs the first one neither when it starts nor when it freezes."""
    first = int(amqp_url.rpartition(":")[2].strip("/"))
    assert first != module_rabbitmq.amqp_port
    module_rabbitmq.freeze()
    assert not amqp_answers(module_rabbitmq.amqp_port, seconds=0.5)
    await _greets(first)
    module_rabbitmq.thaw()
    await _greets(module_rabbitmq.amqp_port)


async def test_killed_rabbitmq_keeps_confirmed_messages(module_rabbitmq: RabbitMqNode) -> None:
    """A confirmed message of a quorum queue outlives the broker's crash, and the broker comes back on its port."""
    url = module_rabbitmq.url
    await _publish(url, b"still here")
    await on_disk(module_rabbitmq, ["kept"])
    await asyncio.to_thread(module_rabbitmq.kill)
    assert not amqp_answers(module_rabbitmq.amqp_port)
    await asyncio.to_thread(module_rabbitmq.start)
    assert module_rabbitmq.url == url
    assert await _take(url) == b"still here"


def test_killed_mongodb_keeps_majority_writes(private_mongodb: MongoDbReplicaSet) -> None:
    """A write acknowledged by the majority outlives the crash of the server."""
    with MongoClient[dict[str, Any]](private_mongodb.uri) as client:
        client["kept"].get_collection("rows", write_concern=WriteConcern("majority")).insert_one({"_id": "a"})
    private_mongodb.kill()
    with (
        MongoClient[dict[str, Any]](private_mongodb.uri, serverSelectionTimeoutMS=300) as client,
        pytest.raises(ServerSelectionTimeoutError),
    ):
        client.admin.command("ping")
    private_mongodb.start()
    with MongoClient[dict[str, Any]](private_mongodb.uri) as client:
        assert client["kept"]["rows"].find_one() == {"_id": "a"}


def test_mongodb_runs_transactions(mongodb_uri: str, database_name: str) -> None:
    """The server is a replica set: a transaction that is aborted leaves nothing behind."""
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        rows = client[database_name]["rows"]
        rows.insert_one({"_id": "before"})
        with client.start_session() as session:
            session.start_transaction()
            rows.insert_one({"_id": "inside"}, session=session)
            session.abort_transaction()
        assert [row["_id"] for row in rows.find()] == ["before"]


def test_replica_set_fails_over(private_replica_set: MongoDbReplicaSet) -> None:
    """Of three members another one becomes primary when the primary is killed."""
    lost = private_replica_set.primary()
    lost.kill()
    assert private_replica_set.primary() is not lost


async def test_vhost_is_a_place_of_its_own(vhost_url: str, vhost: str, management: Management) -> None:
    """Each test gets a vhost in which it may declare and publish; it has no queues but the topology's."""
    before = set(management.queues(vhost))
    assert before <= {queue.name for queue in topology.QUEUES}
    await _publish(vhost_url, b"mine")
    assert set(management.queues(vhost)) == before | {"kept"}


def test_free_ports_are_outside_the_range_for_outgoing_connections() -> None:
    """No outgoing connection can take the port of a server that is down for a moment."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert max(ports) < lowest


def test_a_server_that_was_killed_comes_back_where_it_was(amqp_url: str) -> None:
    """`make nodes` starts a server that ended again, on its port with its data, so that an outage can be tried out."""
    environment = {name: value for name, value in os.environ.items() if name != "TRUEUP_MONGODB_URI"}
    program = subprocess.Popen(
        [sys.executable, "-m", "deploy.local.nodes", "--restart-after", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        env=environment | {"TRUEUP_AMQP_URL": amqp_url},
    )
    with program:
        assert program.stdout is not None
        try:
            told = [program.stdout.readline() for _ in range(4)]
            with MongoClient[dict[str, Any]](told[0].split("'")[3]) as client:
                client["kept"]["kept"].with_options(write_concern=WriteConcern("majority")).insert_one({"_id": 1})
            os.kill(int(told[2].rsplit(" ", 1)[1]), signal.SIGKILL)
            assert program.stdout.readline().startswith("# started again: MongoDB 1, now process ")
            with MongoClient[dict[str, Any]](told[0].split("'")[3]) as client:
                assert client["kept"]["kept"].find_one() == {"_id": 1}
        finally:
            program.send_signal(signal.SIGINT)
    assert program.returncode == 0


async def test_nothing_outlives_a_killed_program(tmp_path: Path) -> None:
    """When the program that started a server is killed, the server and its descendants end, too."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, tmp_path, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert program.stdout is not None
    told = await arrival(program.stdout.readline(), what="the numbers of the processes")
    watched = [os.pidfd_open(int(word)) for word in told.split()]
    assert len(watched) == 2
    program.kill()
    await program.wait()
    try:
        await until(lambda: _have_ended(watched), what="the end of what the program had started")
    finally:
        for descriptor in watched:
            os.close(descriptor)


# A shell that leaves a process in the background stands for RabbitMQ and the helpers that it starts.
_PROGRAM = """
import os, sys, time
from pathlib import Path
from deploy.local.process import KeptProcess
folder = Path(sys.argv[1])
os.mkfifo(folder / "pid")
script = f"sleep 600 & echo $! > {folder}/pid; sleep 600"
kept = KeptProcess(["/bin/sh", "-c", script], environment=os.environ, directory=folder, log=folder / "log")
print(kept.pid, (folder / "pid").read_text().strip(), flush=True)
time.sleep(600)
"""


def _have_ended(descriptors: list[int]) -> bool:
    """Whether the processes behind these pidfds have ended: only then are they readable."""
    readable, _, _ = select.select(descriptors, [], [], 0)
    return len(readable) == len(descriptors)
