"""Servers that the test run starts on this machine, or that the settings name."""

import os
import shutil
from urllib.parse import urlsplit

from deploy.local.mongodb import MongoDbReplicaSet
from deploy.local.nodes import given_management_url
from deploy.local.rabbitmq import RabbitMqNode
from deploy.local.run_directory import make_run_directory
from tests.backends.backend import Broker


class LocalBackend:
    """Private nodes, or the servers of TRUEUP_AMQP_URL and TRUEUP_MONGODB_URI."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._directory = make_run_directory("tests")
        self._rabbitmq: RabbitMqNode | None = None
        self._mongodb: MongoDbReplicaSet | None = None

    def rabbitmq(self) -> Broker:
        """Start RabbitMQ unless it runs."""
        if given := os.environ.get("TRUEUP_AMQP_URL"):
            return Broker(given, given_management_url(given), _given_prometheus_url(given))
        if self._rabbitmq is None:
            self._rabbitmq = RabbitMqNode(self._directory / "rabbitmq")
            self._rabbitmq.start()
        metrics = self._rabbitmq.prometheus_url.removesuffix("/metrics")
        return Broker(self._rabbitmq.url, self._rabbitmq.management_url, metrics)

    def mongodb(self) -> str:
        """Start MongoDB unless it runs. Return its connection string."""
        if given := os.environ.get("TRUEUP_MONGODB_URI"):
            return given
        if self._mongodb is None:
            self._mongodb = MongoDbReplicaSet(self._directory / "mongodb")
            self._mongodb.start()
        return self._mongodb.uri

    def stop(self) -> None:
        """End what was started and remove its data."""
        for node in (self._rabbitmq, self._mongodb):
            if node is not None:
                node.end()
        shutil.rmtree(self._directory, ignore_errors=True)


def _given_prometheus_url(amqp_url: str) -> str:
    if given := os.environ.get("TRUEUP_RABBITMQ_PROMETHEUS_URL"):
        return given.rstrip("/")
    return f"http://{urlsplit(amqp_url).hostname or 'localhost'}:15692"
