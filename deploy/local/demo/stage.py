"""Everything the demo runs: RabbitMQ, MongoDB, the simulator, and Trueup's services, each a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from cryptography.fernet import Fernet
from pydantic import SecretStr

from deploy.local.demo.waiting import until
from deploy.local.errors import LocalNodeError
from deploy.local.nodes import LocalNodes
from deploy.local.ports import free_ports
from deploy.local.process import KeptProcess
from deploy.local.run_directory import RUN_DIRECTORY
from shared.settings import Settings

SHOP = "trueup-demo.myshopify.com"
TOKEN = "shpat_demo"  # noqa: S105  # the simulator's own
CLIENT_ID = "trueup-demo"
CLIENT_SECRET = "secret of the demo"  # noqa: S105  # the simulator's own
GRACE_SECONDS = "2"
SERVICES = ("webhook-ingest", "preview", "reconciler")

_PROJECT = Path(__file__).resolve().parents[3]
_TRUEUP = Path(sys.executable).with_name("trueup")
_STOP_TIME = 25.0


class Stage:
    """For an `async with` block. Everything it starts ends with it, also when this process is killed."""

    def __init__(self, directory: Path) -> None:
        """`directory` takes the logs and the environment; what an earlier run left there is removed."""
        self.directory = directory
        self.nodes = LocalNodes()
        self.simulator = ""
        self.ports: dict[str, int] = {}
        self.operations_ports: dict[str, int] = {}
        self._processes: dict[str, KeptProcess] = {}
        self._token_key = Fernet.generate_key().decode()
        # A given MongoDB may hold other things: a database of this run's own, dropped at the end.
        self.database = f"trueup_demo_{os.getpid()}"

    async def __aenter__(self) -> Self:
        """Start everything; raises LocalNodeError with one line where something does not start."""
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        await self._stop()

    async def _start(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        (self.directory / "logs").mkdir(parents=True)
        await asyncio.gather(asyncio.to_thread(self.nodes.start), self._start_simulator())
        free = free_ports(2 * len(SERVICES))
        self.ports = dict(zip(SERVICES, free, strict=False))
        self.operations_ports = dict(zip(SERVICES, free[len(SERVICES) :], strict=True))
        async with aiohttp.ClientSession() as http:
            await asyncio.gather(*(self._start_service(http, name) for name in SERVICES))
        self._write_environment()

    async def _start_simulator(self) -> None:
        ready = self.directory / "simulator.json"
        command = [sys.executable, "-m", "simulator", "--port", "0", "--ready-file", str(ready)]
        await self._keep(
            "simulator", [*command, "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET], dict(os.environ)
        )

        async def serves() -> bool:
            return ready.exists()

        await self._until("simulator", serves)
        self.simulator = json.loads(ready.read_text())["url"]

    async def _start_service(self, http: aiohttp.ClientSession, name: str) -> None:
        await self._keep(name, [str(_TRUEUP), "serve", name], self.environment(name))
        url = f"http://127.0.0.1:{self.operations_ports[name]}/readyz"

        async def is_ready() -> bool:
            try:
                async with http.get(url) as response:
                    return response.ok
            except aiohttp.ClientError:
                return False

        await self._until(name, is_ready)

    async def _keep(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        log = self.directory / "logs" / f"{name}.log"
        self._processes[name] = await asyncio.to_thread(
            KeptProcess, command, environment=environment, directory=_PROJECT, log=log
        )

    async def _until(self, name: str, ready: Callable[[], Awaitable[bool]]) -> None:
        """Wait until a process is ready. Raises LocalNodeError where it ends before, or stands still."""
        process = self._processes[name]

        async def is_ready() -> bool:
            if await ready():
                return True
            if not process.is_running:
                raise LocalNodeError(f"{name} ended: {process.last_words()}")
            return False

        await until(f"{name} is ready (see {process.log})", is_ready, lambda: process.processor_seconds)

    def environment(self, service: str | None = None) -> dict[str, str]:
        """The environment of a service, or of a command."""
        settings = {
            "AMQP_URL": self.nodes.amqp_url,
            "MONGODB_URI": self.nodes.mongodb_uri,
            "MONGODB_DATABASE": self.database,
            "SHOPIFY_CLIENT_ID": CLIENT_ID,
            "SHOPIFY_CLIENT_SECRET": CLIENT_SECRET,
            "SHOPIFY_URL": f"{self.simulator}/{{shop}}",
            "TOKEN_KEYS": self._token_key,
        }
        if service is not None:
            settings["PORT"] = str(self.ports[service])
            settings["OPERATIONS_PORT"] = str(self.operations_ports[service])
            settings["DEMO_SIGN_IN"] = SHOP
            # Nobody watches a demo for the two minutes that a webhook may take in earnest.
            settings["WEBHOOK_GRACE_SECONDS"] = GRACE_SECONDS
        return {**os.environ, **{f"TRUEUP_{name}": value for name, value in settings.items()}}

    @property
    def settings(self) -> Settings:
        """The settings of a client in this process."""
        return Settings(
            amqp_url=SecretStr(self.nodes.amqp_url),
            mongodb_uri=SecretStr(self.nodes.mongodb_uri),
            mongodb_database=self.database,
            shopify_client_id=CLIENT_ID,
            shopify_client_secret=SecretStr(CLIENT_SECRET),
            shopify_url=f"{self.simulator}/{{shop}}",
            token_keys=[SecretStr(self._token_key)],
        )

    @property
    def webhook_url(self) -> str:
        """Where Shopify sends its webhooks."""
        return f"http://127.0.0.1:{self.ports['webhook-ingest']}/webhooks/shopify"

    @property
    def page_url(self) -> str:
        """The admin page, signed in to the demo's shop."""
        return f"http://127.0.0.1:{self.ports['preview']}/"

    @property
    def environment_file(self) -> Path:
        """A file to source in another terminal; for this user only, since it holds the key of the tokens."""
        return self.directory / "environment.sh"

    def _write_environment(self) -> None:
        known = {name: value for name, value in self.environment().items() if name.startswith("TRUEUP_")}
        known |= {"TRUEUP_DEMO_SIMULATOR": self.simulator, "TRUEUP_DEMO_SHOP": SHOP}
        self.environment_file.touch(mode=0o600)
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(known.items())]
        self.environment_file.write_text("".join(lines))

    async def command(self, *arguments: str, words: str = "") -> str:
        """Run `trueup` with `words` on its standard input; returns its output. Raises LocalNodeError."""
        process = await asyncio.create_subprocess_exec(
            str(_TRUEUP),
            *arguments,
            env=self.environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate(words.encode())
        if process.returncode:
            raise LocalNodeError(f"trueup {arguments[0]}: {errors.decode().strip()}")
        return output.decode()

    async def _stop(self) -> None:
        """Services first, so that they end in good order; then what they stand on."""
        services = [self._processes.pop(name) for name in list(self._processes) if name in SERVICES]
        await asyncio.gather(*(asyncio.to_thread(service.stop, _STOP_TIME) for service in services))
        await asyncio.gather(
            *(asyncio.to_thread(process.stop, _STOP_TIME) for process in self._processes.values()),
            asyncio.to_thread(self._stop_nodes),
        )
        self._processes.clear()
        self.environment_file.unlink(missing_ok=True)

    def _stop_nodes(self) -> None:
        if self.nodes.mongodb is None and self.nodes.mongodb_uri:
            from pymongo import MongoClient  # noqa: PLC0415  # only for a server that stays

            with MongoClient[dict[str, object]](self.nodes.mongodb_uri) as client:
                client.drop_database(self.database)
        self.nodes.stop()


def default_directory() -> Path:
    """Where the demo writes; its report stands beside it."""
    return RUN_DIRECTORY / "demo"
