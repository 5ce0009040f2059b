"""What all tests share: the servers' fixtures, and the guard against outside addresses."""

import gc
import os
import signal
from collections.abc import Iterator

import pytest
import structlog

from shared.mongodb import connection as mongodb
from shared.observing import hiding
from shared.rabbitmq import connection as rabbitmq
from tests.backends.backend import LOCAL, backend_name
from tests.backends.fixtures import (
    amqp_url,
    backend,
    broker_metrics_url,
    database_name,
    databases,
    fresh_vhost,
    management,
    management_url,
    module_rabbitmq,
    mongodb_for_clean_up,
    mongodb_uri,
    private_mongodb,
    private_rabbitmq,
    private_replica_set,
    vhost,
    vhost_url,
    vhosts,
)
from tests.backends.loopback import hold_to_loopback
from tests.stage_report import register

__all__ = [
    "amqp_url",
    "backend",
    "broker_metrics_url",
    "database_name",
    "databases",
    "fresh_vhost",
    "management",
    "management_url",
    "module_rabbitmq",
    "mongodb_for_clean_up",
    "mongodb_uri",
    "private_mongodb",
    "private_rabbitmq",
    "private_replica_set",
    "vhost",
    "vhost_url",
    "vhosts",
]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run in the background of a shell ignores Ctrl-C, and every program that it starts would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# While tests are collected a million objects come and hardly one goes: the collector would take a third of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """From now on the collector works again, and looks no more at what is there for the whole run."""
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _known_secrets_of_one_test() -> Iterator[None]:
    """A process knows the secrets of its settings for good; of thousands of tests they would be thousands."""
    before = hiding._known.copy()
    yield
    if hiding._known != before:
        hiding._known.intersection_update(before)
        hiding._pattern_of_known.cache_clear()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the run on this machine. Containers may have an address of their own, so with them it is left out."""
    register(config)
    if backend_name() == LOCAL:
        hold_to_loopback()
    # A process is told soon what is away; here that would be a verdict by the clock on a machine that has much to do.
    rabbitmq.FIRST_ANSWER, mongodb.FIRST_ANSWER = 10.0, 10.0
    # Without a setting a traceback is painted with the source around each frame: half a second of work for each.
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin the long tests first, spread over the processes: each process is given a part of the list in its order."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long") is not None]
    others = [item for item in items if item.get_closest_marker("long") is None]
    ends = [len(others) * part // processes for part in range(processes + 1)]
    items[:] = [
        item for part in range(processes) for item in (*long[part::processes], *others[ends[part] : ends[part + 1]])
    ]
