"""Fixtures that hand out servers, and a place of their own on them for each test."""

import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from deploy.local.mongodb import MongoDbReplicaSet
from deploy.local.rabbitmq import RabbitMqNode
from deploy.local.run_directory import make_run_directory
from tests.backends.backend import CONTAINERS, LOCAL, Backend, backend_name
from tests.backends.local import LocalBackend
from tests.backends.management import Management
from tests.backends.places import DatabasePool, VhostPool
from tests.backends.server_logs import keep_logs


@pytest.fixture(scope="session")
def backend() -> Iterator[Backend]:
    """The source of servers that TRUEUP_TEST_BACKEND chooses."""
    chosen: Backend
    if backend_name() == CONTAINERS:
        from tests.backends.containers import ContainerBackend  # noqa: PLC0415 - loads Docker's client only when asked

        chosen = ContainerBackend()
    else:
        chosen = LocalBackend()
    yield chosen
    chosen.stop()


@pytest.fixture(scope="session")
def amqp_url(backend: Backend) -> str:
    """AMQP URL of the default vhost. Prefer `vhost_url`, where no other test's queues are."""
    return backend.rabbitmq().amqp_url


@pytest.fixture(scope="session")
def management_url(backend: Backend) -> str:
    """Base URL of the management API with user and password, without `/api`."""
    return backend.rabbitmq().management_url


@pytest.fixture(scope="session")
def broker_metrics_url(backend: Backend) -> str:
    """Base URL of the broker's own metrics, without `/metrics`."""
    return backend.rabbitmq().prometheus_url


@pytest.fixture(scope="session")
def management(management_url: str) -> Management:
    """A client of the management API."""
    return Management(management_url)


@pytest.fixture(scope="session")
def mongodb_uri(backend: Backend) -> str:
    """Connection string of the replica set."""
    return backend.mongodb()


@pytest.fixture(scope="session")
def mongodb_for_clean_up(mongodb_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """One blocking client for the whole run, which drops databases after their tests."""
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        yield client


@pytest.fixture(scope="session")
def databases(mongodb_for_clean_up: MongoClient[dict[str, Any]]) -> Iterator[DatabasePool]:
    """The databases of this process."""
    pool = DatabasePool(mongodb_for_clean_up)
    yield pool
    pool.close()


@pytest.fixture
def database_name(databases: DatabasePool) -> Iterator[str]:
    """The name of a database of this test's own, empty; it may have been another's before."""
    name = databases.take()
    yield name
    databases.give_back(name)


@pytest.fixture(scope="session")
def vhosts(amqp_url: str, management: Management) -> Iterator[VhostPool]:
    """The vhosts of this process."""
    pool = VhostPool(amqp_url, management)
    yield pool
    pool.close()


@pytest.fixture
async def vhost(vhosts: VhostPool) -> AsyncIterator[str]:
    """The name of a vhost of this test's own, empty; it may have been another's before, so its counters may be, too."""
    name = vhosts.take()
    yield name
    await vhosts.give_back(name)


@pytest.fixture
def fresh_vhost(management: Management) -> Iterator[str]:
    """The name of a new vhost, for a test that reads the broker's counters; it is deleted afterwards."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    management.make_vhost(name)
    yield name
    management.delete_vhost(name)


@pytest.fixture
def vhost_url(amqp_url: str, vhost: str) -> str:
    """AMQP URL of a vhost of this test's own."""
    return urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()


def _needs_local_nodes() -> None:
    if backend_name() != LOCAL:
        pytest.skip("a test that kills or freezes servers starts its own: TRUEUP_TEST_BACKEND=local")


def _private_rabbitmq() -> Iterator[RabbitMqNode]:
    _needs_local_nodes()
    directory = make_run_directory("private-rabbitmq", in_memory=True)
    node = RabbitMqNode(directory)
    try:
        node.start()
        yield node
    finally:
        node.end()
        keep_logs(directory)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def private_rabbitmq() -> Iterator[RabbitMqNode]:
    """A running RabbitMQ node of this test's own, to be killed, frozen and restarted (5 s to start)."""
    yield from _private_rabbitmq()


@pytest.fixture(scope="module")
def module_rabbitmq() -> Iterator[RabbitMqNode]:
    """The same for all tests of a module, each of which leaves it running and awake."""
    yield from _private_rabbitmq()


def _private_replica_set(size: int) -> Iterator[MongoDbReplicaSet]:
    _needs_local_nodes()
    directory = make_run_directory("private-mongodb", in_memory=True)
    replica_set = MongoDbReplicaSet(directory, size=size)
    try:
        replica_set.start()
        yield replica_set
    finally:
        replica_set.end()
        keep_logs(directory)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def private_mongodb() -> Iterator[MongoDbReplicaSet]:
    """A running MongoDB of this test's own, one member, to be killed, frozen and restarted."""
    yield from _private_replica_set(1)


@pytest.fixture
def private_replica_set() -> Iterator[MongoDbReplicaSet]:
    """A running replica set of three members of this test's own, for failovers."""
    yield from _private_replica_set(3)
