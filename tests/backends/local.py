"""Servers on this machine: those of the whole run, those that the settings name, or private ones of this process."""

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.mongodb import MongoDbReplicaSet
from deploy.local.nodes import given_management_url
from deploy.local.rabbitmq import RabbitMqNode
from deploy.local.run_directory import make_run_directory
from tests.backends.backend import Broker, SharedServers
from tests.backends.server_logs import keep_logs


class LocalBackend:
    """The servers of the run, or of TRUEUP_AMQP_URL and TRUEUP_MONGODB_URI, or private nodes."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._shared = SharedServers.of_the_run()
        self._folder: Path | None = None
        self._rabbitmq: RabbitMqNode | None = None
        self._mongodb: MongoDbReplicaSet | None = None

    def rabbitmq(self) -> Broker:
        """Start RabbitMQ unless it runs."""
        if given := os.environ.get("TRUEUP_AMQP_URL"):
            return Broker(given, given_management_url(given), _given_prometheus_url(given))
        if self._shared is not None:
            return Broker(self._shared.amqp_url, self._shared.management_url, self._shared.prometheus_url)
        if self._rabbitmq is None:
            self._rabbitmq = RabbitMqNode(self._directory() / "rabbitmq")
            self._rabbitmq.start()
        metrics = self._rabbitmq.prometheus_url.removesuffix("/metrics")
        return Broker(self._rabbitmq.url, self._rabbitmq.management_url, metrics)

    def mongodb(self) -> str:
        """Start MongoDB unless it runs. Return its connection string."""
        if given := os.environ.get("TRUEUP_MONGODB_URI"):
            return given
        if self._shared is not None:
            return self._shared.mongodb_uri
        if self._mongodb is None:
            self._mongodb = MongoDbReplicaSet(self._directory() / "mongodb")
            self._mongodb.start()
        return self._mongodb.uri

    def stop(self) -> None:
        """End what was started and remove its data."""
        for node in (self._rabbitmq, self._mongodb):
            if node is not None:
                node.end()
        if self._folder is not None:
            keep_logs(self._folder)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _directory(self) -> Path:
        if self._folder is None:
            self._folder = make_run_directory("tests", in_memory=True)
        return self._folder


def _given_prometheus_url(amqp_url: str) -> str:
    if given := os.environ.get("TRUEUP_RABBITMQ_PROMETHEUS_URL"):
        return given.rstrip("/")
    return f"http://{urlsplit(amqp_url).hostname or 'localhost'}:15692"
