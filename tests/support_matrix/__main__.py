"""`python -m tests.support_matrix`: runs the subset on the servers at hand, writes its row, and the page anew.

`TRUEUP_AMQP_URL` (with `TRUEUP_RABBITMQ_MANAGEMENT_URL`) and `TRUEUP_MONGODB_URI` name servers of other versions;
without them private ones of this machine are started. A run that fails writes its row, too, and ends with 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.nodes import LocalNodes
from deploy.local.run_directory import RUN_DIRECTORY, make_run_directory
from tests.backends.backend import SERVERS_OF_THE_RUN, SharedServers
from tests.support_matrix.page import PAGE, page
from tests.support_matrix.row import SupportRow, keep, outcomes
from tests.support_matrix.servers import asked, commit, libraries, system

SUBSET = (
    "tests/contract",
    "tests/simulator",
    "tests/integration/aggregator",
    "tests/integration/broker",
    "tests/integration/ingest",
    "tests/integration/planner",
    "tests/integration/records",
    "tests/integration/sweeper",
    "tests/integration/worker",
)
"""What speaks to RabbitMQ, to MongoDB and by Shopify's API, and little else."""


def _run(subset: list[str], options: list[str]) -> int:
    """Run the subset on servers of this run; returns 0 where all of it passed."""
    report = RUN_DIRECTORY / "support.xml"
    report.unlink(missing_ok=True)
    with LocalNodes(make_run_directory("support", in_memory=True)) as nodes:
        found, of = asked(nodes.management_url, nodes.mongodb_uri), commit()
        environment = dict(os.environ)
        if nodes.rabbitmq is not None and nodes.mongodb is not None:
            metrics = nodes.rabbitmq.prometheus_url.removesuffix("/metrics")
            servers = SharedServers(nodes.amqp_url, nodes.management_url, metrics, nodes.mongodb_uri)
            environment[SERVERS_OF_THE_RUN] = servers.encoded()
        command = [sys.executable, "-m", "pytest", *subset, "-q", f"--junitxml={report}", *options]
        subprocess.run(command, env=environment, check=False)
    if not report.exists():
        return 2
    ended = outcomes(report)
    row = SupportRow(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        commit=of,
        system=system(),
        python=platform.python_version(),
        rabbitmq=found.rabbitmq,
        erlang=found.erlang,
        mongodb=found.mongodb,
        mongodb_members=found.mongodb_members,
        libraries=libraries(),
        subset=subset,
        passed=ended.passed,
        failed=ended.failed,
        skipped=ended.skipped,
        failures=ended.failures,
        shopify=ended.shopify,
    )
    keep(row)
    return int(bool(ended.failed))


def main() -> None:
    """Run, or write the page alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true", help="only write the page anew from the rows")
    parser.add_argument("--subset", nargs="+", default=list(SUBSET), metavar="FOLDER", help="what is run")
    asked_for, options = parser.parse_known_args()
    code = 0 if asked_for.page else _run(asked_for.subset, options)
    Path(PAGE).write_text(page(), encoding="utf-8")
    raise SystemExit(code)


if __name__ == "__main__":
    main()
