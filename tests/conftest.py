"""What all tests share: the servers' fixtures, Hypothesis' profiles, and the guard against outside addresses."""

import os

import pytest
from hypothesis import settings

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

# `ci` finds the same examples on every run, however slow the machine; `explore` looks for new ones.
settings.register_profile("ci", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("explore", derandomize=False, deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("TRUEUP_HYPOTHESIS_PROFILE", "ci"))


def pytest_configure(config: pytest.Config) -> None:
    """Keep the run on this machine. Containers may have an address of their own, so with them it is left out."""
    register(config)
    if backend_name() == LOCAL:
        hold_to_loopback()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin the long tests first, spread over the processes: each process is given a part of the list in its order."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long") is not None]
    others = [item for item in items if item.get_closest_marker("long") is None]
    ends = [len(others) * part // processes for part in range(processes + 1)]
    items[:] = [
        item for part in range(processes) for item in (*long[part::processes], *others[ends[part] : ends[part + 1]])
    ]
