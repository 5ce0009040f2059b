"""What a source of servers offers, and the switch between the sources."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Protocol

import pytest

LOCAL = "local"
CONTAINERS = "containers"

SERVERS_OF_THE_RUN = "TRUEUP_TEST_SERVERS"
"""Where `tests/run.py` names the servers that it has started for all processes of the run (`SharedServers`)."""


@dataclass(frozen=True)
class Broker:
    """A running RabbitMQ: the AMQP URL of its default vhost and the management API's base URL, both with password.

    `prometheus_url` is the base URL of its own metrics.
    """

    amqp_url: str
    management_url: str
    prometheus_url: str


@dataclass(frozen=True)
class SharedServers:
    """The one RabbitMQ and the one MongoDB of a whole test run."""

    amqp_url: str
    management_url: str
    prometheus_url: str
    mongodb_uri: str

    def encoded(self) -> str:
        """As it stands in the environment."""
        return json.dumps(asdict(self))

    @classmethod
    def of_the_run(cls) -> SharedServers | None:
        """Those of this run; None: each test process starts its own."""
        text = os.environ.get(SERVERS_OF_THE_RUN)
        return None if text is None else cls(**json.loads(text))


class Backend(Protocol):
    """Servers for a whole test run. Each is started when first asked for."""

    def rabbitmq(self) -> Broker:
        """Start RabbitMQ unless it runs."""

    def mongodb(self) -> str:
        """Start MongoDB, a replica set, unless it runs. Return its connection string."""

    def stop(self) -> None:
        """End what was started."""


def backend_name() -> str:
    """Return the chosen source. A wrong name stops the test run."""
    name = os.environ.get("TRUEUP_TEST_BACKEND", LOCAL)
    if name not in {LOCAL, CONTAINERS}:
        message = f"TRUEUP_TEST_BACKEND is {name!r}: set it to {LOCAL} or {CONTAINERS}"
        raise pytest.UsageError(message)
    return name
