"""A private RabbitMQ node: its own data, ports, cookie and epmd, beside any other node of the machine."""

import os
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.errors import LocalNodeError
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import KeptProcess
from deploy.local.rabbitmq_probe import amqp_answers, management_answers
from shared.rabbitmq.topology import MAX_MESSAGE

# The command in /usr/sbin drops the environment and switches the user, so Debian's inner script comes first.
_SERVER_SCRIPTS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server")
_NO_SERVER = "no rabbitmq-server here: run `apt-get install rabbitmq-server` or set TRUEUP_AMQP_URL"
_PORT_TAKEN = ("eaddrinuse", "address already in use", "address_in_use")
_START_SECONDS = 300.0
"""A fault ends the process, which is seen at once; only one that hangs, or a very busy machine, takes long."""


class RabbitMqNode:
    """One broker with the management and Prometheus plugins, user and password `guest`.

    Its folder keeps the data, so `stop` or `kill` followed by `start` brings back durable queues and their messages,
    on the same ports. All methods block; from a coroutine call them with `asyncio.to_thread`.
    """

    def __init__(self, directory: Path) -> None:
        """Use `directory` (made if missing) for everything the node writes. Nothing is started yet."""
        self.directory = directory.resolve()
        self._server: KeptProcess | None = None
        self._epmd: KeptProcess | None = None
        self._ports_proven = False
        self._take_ports()

    @property
    def url(self) -> str:
        """The AMQP URL of the default vhost, for `TRUEUP_AMQP_URL`."""
        return f"amqp://guest:guest@{LOOPBACK}:{self.amqp_port}/"

    @property
    def management_url(self) -> str:
        """The management API's base URL with user and password, without `/api`."""
        return f"http://guest:guest@{LOOPBACK}:{self.management_port}"

    @property
    def prometheus_url(self) -> str:
        """Where Prometheus reads the broker's counters."""
        return f"http://{LOOPBACK}:{self.prometheus_port}/metrics"

    @property
    def is_running(self) -> bool:
        """Whether the node's process runs."""
        return self._server is not None and self._server.is_running

    @property
    def process_id(self) -> int:
        """The process of the node that runs."""
        return self._running().pid

    def start(self) -> None:
        """Start the node, or start it again with its data, and wait until clients can connect.

        Raises:
            LocalNodeError: there is no RabbitMQ on this machine, or it does not come up.
        """
        for _ in range(3):
            self._launch()
            try:
                self._wait_until_ready()
            except LocalNodeError as error:
                self.stop()
                # Another program may have taken a port in the meantime. Ports that clients know are never changed.
                if self._ports_proven or not any(sign in str(error).lower() for sign in _PORT_TAKEN):
                    raise
                self._take_ports()
            else:
                self._ports_proven = True
                return
        message = "RabbitMQ found its ports taken three times: see what listens on this machine (ss -ltnp)"
        raise LocalNodeError(message)

    def stop(self) -> None:
        """Shut the node down in order and end its epmd."""
        if self._server is not None:
            self._server.stop()
        if self._epmd is not None:
            self._epmd.kill()

    def end(self) -> None:
        """End all processes at once, for data that nobody needs any more."""
        for process in (self._server, self._epmd):
            if process is not None:
                process.kill()

    def kill(self) -> None:
        """End the broker as a crash would (SIGKILL).

        RabbitMQ 3.10 writes its list of quorum queues to disk half a second after a declaration: a queue declared later
        than that comes back without its data and answers nothing.
        """
        self._running().kill()

    def freeze(self) -> None:
        """Stop the broker's clock (SIGSTOP): connections stay open, nothing answers."""
        self._running().freeze()

    def thaw(self) -> None:
        """Let a frozen broker run on."""
        self._running().thaw()

    def restart(self) -> None:
        """Shut down in order and start again, keeping data and ports."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        """Start the node."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the node."""
        self.stop()

    def _take_ports(self) -> None:
        self.amqp_port, self.management_port, self.prometheus_port, self._dist_port, self._epmd_port = free_ports(5)

    def _running(self) -> KeptProcess:
        if self._server is None:
            message = "this RabbitMQ node has not been started"
            raise LocalNodeError(message)
        return self._server

    def _launch(self) -> None:
        script = next((found for name in _SERVER_SCRIPTS if (found := shutil.which(name))), None)
        epmd = shutil.which("epmd")
        if script is None or epmd is None:
            raise LocalNodeError(_NO_SERVER)
        self._write_files()
        environment = self._environment()
        if self._epmd is None or not self._epmd.is_running:
            # Started here and in the foreground: the node would leave one behind in the background.
            self._epmd = KeptProcess(
                [epmd], environment=environment, directory=self.directory, log=self.directory / "epmd.log"
            )
        if self._server is not None and self._server.is_running:
            message = "this RabbitMQ node is running already"
            raise LocalNodeError(message)
        log = self.directory / "console.log"
        log.unlink(missing_ok=True)
        self._server = KeptProcess([script], environment=environment, directory=self.directory, log=log)

    def _write_files(self) -> None:
        (self.directory / "log").mkdir(parents=True, exist_ok=True)
        (self.directory / "enabled_plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].\n")
        (self.directory / "rabbitmq.conf").write_text(
            f"listeners.tcp.local = {LOOPBACK}:{self.amqp_port}\n"
            f"management.tcp.ip = {LOOPBACK}\n"
            f"management.tcp.port = {self.management_port}\n"
            f"prometheus.tcp.ip = {LOOPBACK}\n"
            f"prometheus.tcp.port = {self.prometheus_port}\n"
            "log.file.level = warning\n"
            # Bytes; RabbitMQ 4's default, 128 MB before it.
            f"max_message_size = {MAX_MESSAGE}\n"
            # A nearly full disk must not block publishers of a demo.
            "disk_free_limit.absolute = 50MB\n"
            # Milliseconds; the management API tells queue lengths that are at most this old. Default: 5000.
            "collect_statistics_interval = 1000\n"
            # Quorum queues: the write-ahead log's file, 512 MB by default.
            "raft.wal_max_size_bytes = 64000000\n"
        )

    def _environment(self) -> dict[str, str]:
        folder = self.directory
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        return inherited | {
            "HOME": str(folder),  # the Erlang cookie lies there
            "ERL_CRASH_DUMP_SECONDS": "0",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_NODENAME": "trueup@localhost",
            # Two nodes on one machine would pin their threads to the same cores.
            "RABBITMQ_SCHEDULER_BIND_TYPE": "u",
            # Idle threads sleep instead of spinning: the tests need the cores.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none"
            " -kernel inet_dist_use_interface {127,0,0,1}",
            # Makes the script become the broker (exec) instead of standing between it and our signals.
            "RUNNING_UNDER_SYSTEMD": "1",
        }

    def _wait_until_ready(self) -> None:
        server = self._running()
        deadline = time.monotonic() + _START_SECONDS
        while not (amqp_answers(self.amqp_port) and management_answers(self.management_port)):
            if not server.is_running:
                message = f"RabbitMQ ended as it started: {server.last_words()} (log: {server.log})"
                raise LocalNodeError(message)
            if time.monotonic() > deadline:
                message = f"RabbitMQ was not ready after {_START_SECONDS:.0f} s (log: {server.log})"
                raise LocalNodeError(message)
            # A starting broker announces itself to nobody but systemd: ask again soon.
            time.sleep(0.1)
