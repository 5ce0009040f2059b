"""The roles that a process of Trueup can have. What each may do and know is in three tables, which name no other role:

its settings in `shared/settings.py`, its rights in `shared/rabbitmq/access/rights.py` and
`shared/mongodb/access/rights.py`. Standard library alone: programs that make users import it without anything
installed.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What runs with a user of its own on each server."""

    FRONT = "front"
    INDEXER = "indexer"
    PREVIEW = "preview"
    PLANNER = "planner"
    WORKER = "worker"
    AGGREGATOR = "aggregator"
    SWEEPER = "sweeper"
    COMMAND_LINE = "command-line"
    OWNER = "owner"
    """`trueup prepare`: makes queues, collections and indexes; no service has its rights."""


SERVED = (Role.FRONT, Role.INDEXER, Role.PREVIEW, Role.PLANNER, Role.WORKER, Role.AGGREGATOR, Role.SWEEPER)
"""Those that `trueup serve` runs."""
