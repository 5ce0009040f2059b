"""Servers in containers, where a Docker engine answers."""

import os
from typing import Any

from pymongo import MongoClient
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy, PortWaitStrategy

from tests.backends.backend import Broker

_AMQP_PORT = 5672
_MANAGEMENT_PORT = 15672
_METRICS_PORT = 15692
_MONGODB_PORT = 27017
_SET_NAME = "rs0"
# The user `guest` may only come from the container itself.
_USER = "trueup"


class ContainerBackend:
    """RabbitMQ and MongoDB from the images of TRUEUP_TEST_RABBITMQ_IMAGE and TRUEUP_TEST_MONGODB_IMAGE.

    testcontainers' own RabbitMQ class needs the client pika, and its MongoDB class knows no replica set; the plain
    container with a wait strategy does all that is needed.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._started: list[DockerContainer] = []
        self._broker: Broker | None = None
        self._mongodb_uri: str | None = None

    def rabbitmq(self) -> Broker:
        """Start RabbitMQ unless it runs."""
        if self._broker is None:
            ready = HttpWaitStrategy(_MANAGEMENT_PORT, "/api/overview").with_basic_credentials(_USER, _USER)
            container = DockerContainer(os.environ.get("TRUEUP_TEST_RABBITMQ_IMAGE", "rabbitmq:4-management"))
            container.with_env("RABBITMQ_DEFAULT_USER", _USER).with_env("RABBITMQ_DEFAULT_PASS", _USER)
            container.with_exposed_ports(_AMQP_PORT, _MANAGEMENT_PORT, _METRICS_PORT).waiting_for(ready)
            self._start(container)
            amqp, management = _address(container, _AMQP_PORT), _address(container, _MANAGEMENT_PORT)
            self._broker = Broker(
                f"amqp://{_USER}:{_USER}@{amqp}/",
                f"http://{_USER}:{_USER}@{management}",
                f"http://{_address(container, _METRICS_PORT)}",
            )
        return self._broker

    def mongodb(self) -> str:
        """Start MongoDB unless it runs. Return its connection string."""
        if self._mongodb_uri is None:
            container = DockerContainer(os.environ.get("TRUEUP_TEST_MONGODB_IMAGE", "mongo:8"))
            container.with_command(["mongod", "--replSet", _SET_NAME, "--bind_ip_all"])
            container.with_exposed_ports(_MONGODB_PORT).waiting_for(PortWaitStrategy(_MONGODB_PORT))
            self._start(container)
            # The member's own address holds inside the container only, so clients must not look for others.
            uri = f"mongodb://{_address(container, _MONGODB_PORT)}/?directConnection=true"
            _form_replica_set(uri)
            self._mongodb_uri = uri
        return self._mongodb_uri

    def stop(self) -> None:
        """Remove the containers with their data."""
        for container in self._started:
            container.stop()

    def _start(self, container: DockerContainer) -> None:
        self._started.append(container)
        container.start()


def _address(container: DockerContainer, port: int) -> str:
    return f"{container.get_container_host_ip()}:{container.get_exposed_port(port)}"


def _form_replica_set(uri: str) -> None:
    members = [{"_id": 0, "host": f"127.0.0.1:{_MONGODB_PORT}"}]
    with MongoClient[dict[str, Any]](uri) as client:
        client.admin.command("replSetInitiate", {"_id": _SET_NAME, "members": members})
        # `hello` with a topology version answers as soon as the member's state changes, not before.
        answer = client.admin.command("hello")
        while not answer["isWritablePrimary"]:
            answer = client.admin.command("hello", topologyVersion=answer["topologyVersion"], maxAwaitTimeMS=10_000)
