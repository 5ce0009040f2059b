"""Brings deploy/compose.yaml up with the simulator, on the engine of DOCKER_HOST, and takes it down with its data."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.waiting import until

DEPLOY = Path(__file__).parents[2] / "deploy"
CLIENT_SECRET = "the client secret of the stack's own test"
OURS = ("webhook-front", "webhook-indexer", "preview", "planner", "worker", "aggregator", "sweeper")
NEEDED = ("rabbitmq", "mongodb", "simulator", *OURS, "prometheus")
WITH_IMAGE = {"grafana": "TRUEUP_GRAFANA_IMAGE", "mongodb-exporter": "TRUEUP_MONGODB_EXPORTER_IMAGE"}
"""Services that are left out unless the variable names an image to use."""

_DOCKER = shutil.which("docker") or "docker"
_LISTENING = ("PAGE", "WEBHOOK", "PROMETHEUS", "GRAFANA", "SIMULATOR")


class Stack:
    """The running stack."""

    def __init__(self, secrets: Path) -> None:
        """Take the images of the environment; `secrets` is a folder that make_secrets.py has filled."""
        files = [DEPLOY / "compose.yaml", DEPLOY / "compose.simulator.yaml"]
        program = ["docker-compose"] if shutil.which("docker-compose") else [_DOCKER, "compose"]
        self._compose = [*program, *(word for file in files for word in ("--file", str(file)))]
        self._environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": f"trueup-{uuid.uuid4().hex[:8]}",
            "TRUEUP_SECRETS": str(secrets),
            "TRUEUP_SHOPIFY_CLIENT_ID": "stack",
            "TRUEUP_SIMULATOR_CLIENT_SECRET": CLIENT_SECRET,
            **{f"TRUEUP_{name}_LISTEN": "127.0.0.1:0" for name in _LISTENING},
        }
        self.services = [*NEEDED, *(name for name, variable in WITH_IMAGE.items() if os.environ.get(variable))]

    def compose(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of compose."""
        return subprocess.run(
            [*self._compose, *words], capture_output=True, text=True, check=False, env=self._environment, input=stdin
        )

    def must(self, *words: str, stdin: str | None = None) -> str:
        """Run one that has to go well; returns what it printed."""
        answer = self.compose(*words, stdin=stdin)
        assert answer.returncode == 0, f"{words}: {answer.stdout[-2000:]}{answer.stderr[-2000:]}"
        return answer.stdout

    def trueup(self, *words: str, stdin: str | None = None) -> str:
        """A `trueup` command, in a container of its own with the users of the command line."""
        return self.must("run", "--rm", "-T", "trueup", *words, stdin=stdin)

    def inspect(self, service: str) -> Any:
        """What the engine tells of a service's container."""
        name = self.must("ps", "--quiet", service).strip()
        return json.loads(subprocess.run([_DOCKER, "inspect", name], capture_output=True, check=True).stdout)[0]

    def url(self, service: str, port: int) -> str:
        """Where a published port is reached."""
        return f"http://{self.must('port', service, str(port)).strip()}"

    async def wait_healthy(self, services: Sequence[str]) -> None:
        """Wait until the engine finds them healthy. It announces nothing to compose, so it is asked again."""
        for service in services:

            async def is_healthy(service: str = service) -> bool:
                told = await asyncio.to_thread(self.inspect, service)
                return bool(told["State"]["Health"]["Status"] == "healthy")

            async def said(service: str = service) -> str:
                return await asyncio.to_thread(self.must, "logs", "--tail", "20", service)

            await until(is_healthy, what=f"{service} is healthy", progress=said)


@asynccontextmanager
async def stack(secrets: Path) -> AsyncIterator[Stack]:
    """The stack, up and healthy."""
    made = Stack(secrets)
    try:
        await asyncio.to_thread(made.must, "up", "--detach", *made.services)
        await made.wait_healthy([name for name in NEEDED if name != "prometheus"])
        yield made
    finally:
        await asyncio.to_thread(made.compose, "down", "--volumes", "--timeout", "5")


def call(url: str, body: Any = None) -> Any:
    """A request with JSON, to an address of this machine; a body makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310  # always http
    with urllib.request.urlopen(request) as response:  # noqa: S310  # always http
        return json.loads(response.read())


def status_of(url: str) -> int:
    """The status of a GET."""
    try:
        with urllib.request.urlopen(url) as response:  # noqa: S310  # always http
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
