"""RabbitMQ and MongoDB for this machine: given ones where settings name them, private ones else.

`python -m deploy.local.nodes` starts them, prints their addresses as shell exports, and runs until Ctrl-C.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from deploy.local.errors import LocalNodeError
from deploy.local.mongodb import MongoDbMember, MongoDbReplicaSet
from deploy.local.rabbitmq import RabbitMqNode
from deploy.local.run_directory import make_run_directory

_LOOK_EVERY = 0.5
"""Seconds between looks at the servers' processes: the kernel tells nobody but their keepers of an end."""


class LocalNodes:
    """Both servers, for a `with` or `async with` block; private ones start side by side (about 5 s).

    `TRUEUP_AMQP_URL` and `TRUEUP_MONGODB_URI` name servers to take instead. Then `rabbitmq` or `mongodb` is None, and
    the management API is taken from `TRUEUP_RABBITMQ_MANAGEMENT_URL`, by default port 15672 of the AMQP URL's host.
    """

    def __init__(self, directory: Path | None = None) -> None:
        """Keep the servers' data in `directory`; by default in a folder of their own that is removed at the end."""
        self._given_amqp_url = os.environ.get("TRUEUP_AMQP_URL")
        self._given_mongodb_uri = os.environ.get("TRUEUP_MONGODB_URI")
        self._directory = directory
        self._temporary: Path | None = None
        self.rabbitmq: RabbitMqNode | None = None
        self.mongodb: MongoDbReplicaSet | None = None

    @property
    def amqp_url(self) -> str:
        """The AMQP URL, given or private."""
        return self.rabbitmq.url if self.rabbitmq is not None else self._given_amqp_url or ""

    @property
    def management_url(self) -> str:
        """The management API's base URL with user and password, without `/api`."""
        return self.rabbitmq.management_url if self.rabbitmq is not None else given_management_url(self.amqp_url)

    @property
    def mongodb_uri(self) -> str:
        """The MongoDB connection string, given or private."""
        return self.mongodb.uri if self.mongodb is not None else self._given_mongodb_uri or ""

    def start(self) -> None:
        """Start what is not given.

        Raises:
            LocalNodeError: a server could not be found or started; the other one is stopped again.
        """
        folder = self._directory or self._make_temporary()
        self.rabbitmq = None if self._given_amqp_url else RabbitMqNode(folder / "rabbitmq")
        self.mongodb = None if self._given_mongodb_uri else MongoDbReplicaSet(folder / "mongodb")
        started = [node for node in (self.rabbitmq, self.mongodb) if node is not None]
        try:
            with ThreadPoolExecutor() as threads:
                for starting in [threads.submit(node.start) for node in started]:
                    starting.result()
        except BaseException:
            self.stop()
            raise

    def processes(self) -> dict[str, int]:
        """The process of each private server that runs."""
        return {name: node.process_id for name, node in self._private().items() if node.is_running}

    def start_again(self) -> list[str]:
        """Start the private servers that have ended, with their data and on their ports; returns which.

        Raises:
            LocalNodeError: one does not come up again.
        """
        ended = {name: node for name, node in self._private().items() if not node.is_running}
        for node in ended.values():
            node.start()
        return list(ended)

    def _private(self) -> dict[str, RabbitMqNode | MongoDbMember]:
        members = [] if self.mongodb is None else self.mongodb.members
        private: dict[str, RabbitMqNode | MongoDbMember] = {}
        if self.rabbitmq is not None:
            private["RabbitMQ"] = self.rabbitmq
        return private | {f"MongoDB {number}": member for number, member in enumerate(members, 1)}

    def stop(self) -> None:
        """Stop the private servers; remove their folder unless it was given."""
        started = [node for node in (self.rabbitmq, self.mongodb) if node is not None]
        with ThreadPoolExecutor() as threads:
            # An orderly shutdown takes seconds and keeps the data safe; data about to be removed needs none.
            for stopping in [threads.submit(node.stop if self._temporary is None else node.end) for node in started]:
                stopping.result()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def __enter__(self) -> Self:
        """Start what is not given."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what was started."""
        self.stop()

    async def __aenter__(self) -> Self:
        """Start what is not given, without holding up the event loop."""
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what was started."""
        await asyncio.to_thread(self.stop)

    def _make_temporary(self) -> Path:
        self._temporary = make_run_directory("nodes")
        return self._temporary


def given_management_url(amqp_url: str) -> str:
    """Return the management API's base URL for a broker that was given by its AMQP URL."""
    if given := os.environ.get("TRUEUP_RABBITMQ_MANAGEMENT_URL"):
        return given.rstrip("/")
    parts = urlsplit(amqp_url)
    return f"http://{parts.username or 'guest'}:{parts.password or 'guest'}@{parts.hostname or 'localhost'}:15672"


def _keep_running(nodes: LocalNodes, ends: set[signal.Signals], restart_after: float) -> None:
    """Until one of the signals: start again what ended, a while later, so that its absence can be looked at."""
    running = nodes.processes()
    while signal.sigtimedwait(ends, _LOOK_EVERY) is None:
        if nodes.processes() == running:
            continue
        if signal.sigtimedwait(ends, restart_after) is not None:
            return
        again = nodes.start_again()
        running = nodes.processes()
        told = ", ".join(f"{name}, now process {running[name]}" if name in running else name for name in again)
        print(f"# started again: {told}", flush=True)  # noqa: T201 - the command's output


def main() -> int:
    """Run the command line. Return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.nodes", description=__doc__.partition("\n")[0])
    parser.add_argument("--directory", type=Path, help="keep the data here (default: a folder removed at the end)")
    parser.add_argument(
        "--restart-after", type=float, default=15.0, help="seconds until a server that ended is started again"
    )
    arguments = parser.parse_args()
    # Blocked from the start, so that an early Ctrl-C still stops the servers in order.
    ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        with LocalNodes(arguments.directory) as nodes:
            lines = [
                f"export TRUEUP_AMQP_URL='{nodes.amqp_url}' TRUEUP_MONGODB_URI='{nodes.mongodb_uri}'",
                f"# management: {nodes.management_url}",
                *([f"# metrics of RabbitMQ: {nodes.rabbitmq.prometheus_url}"] if nodes.rabbitmq is not None else []),
                *(f"# {name} is process {process}" for name, process in nodes.processes().items()),
                f"# running; one that ends is started again after {arguments.restart_after:g} s; Ctrl-C stops them",
            ]
            with contextlib.suppress(BrokenPipeError):
                print("\n".join(lines), flush=True)  # noqa: T201 - the command's output
            _keep_running(nodes, ends, arguments.restart_after)
    except LocalNodeError as error:
        print(f"trueup: {error}", file=sys.stderr)  # noqa: T201 - the command's output
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
