"""Trueup as its operators have it: `trueup serve all` as a process of its own, and a simulator to connect to."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from deploy.local.ports import free_ports
from tests.waiting import ended, until, work_of

PROJECT = Path(__file__).resolve().parents[1]
SHOP = "trial.myshopify.com"
TOKEN = "shpat_trial"
CLIENT_ID = "trial"
CLIENT_SECRET = "secret of the trial"
_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@dataclass(frozen=True)
class Trial:
    """What runs: addresses, and the environment of every command."""

    port: int
    operations_port: int
    simulator_port: int
    environment: dict[str, str]

    @property
    def url(self) -> str:
        """The public port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def operations_url(self) -> str:
        """The operations port."""
        return f"http://127.0.0.1:{self.operations_port}"

    @property
    def simulator_url(self) -> str:
        """The simulator."""
        return f"http://127.0.0.1:{self.simulator_port}"


@asynccontextmanager
async def trial(
    amqp_url: str,
    mongodb_uri: str,
    database: str,
    directory: Path,
    *,
    trueup: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Trial]:
    """A simulator, and `trueup serve all`, started in `directory`, where their logs are; both ready.

    `settings`: variables beside the trial's own.
    """
    program = trueup or Path(sys.executable).with_name("trueup")
    port, operations_port, simulator_port = free_ports(3)
    own = {
        "TRUEUP_AMQP_URL": amqp_url,
        "TRUEUP_MONGODB_URI": mongodb_uri,
        "TRUEUP_MONGODB_DATABASE": database,
        "TRUEUP_SHOPIFY_CLIENT_ID": CLIENT_ID,
        "TRUEUP_SHOPIFY_CLIENT_SECRET": CLIENT_SECRET,
        "TRUEUP_SHOPIFY_URL": f"http://127.0.0.1:{simulator_port}/{{shop}}",
        "TRUEUP_WEBHOOK_URL": f"http://127.0.0.1:{port}/webhooks/shopify",
        "TRUEUP_TOKEN_KEYS": _KEY,
        "TRUEUP_PORT": str(port),
        "TRUEUP_OPERATIONS_PORT": str(operations_port),
    }
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TRUEUP_", "OTEL_"))}
    here = Trial(port, operations_port, simulator_port, bare | own | dict(settings or {}))
    simulator = [sys.executable, "-m", "simulator", "--port", str(simulator_port)]
    simulator += ["--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET]
    async with (
        _running(simulator, bare, PROJECT, directory / "simulator.log") as shopify,
        _running([str(program), "serve", "all"], here.environment, directory, directory / "trueup.log") as process,
        aiohttp.ClientSession() as http,
    ):
        await _answers(http, f"{here.simulator_url}/control/open_points", shopify)
        await _answers(http, f"{here.operations_url}/readyz", process)
        yield here


async def make_shop(here: Trial) -> None:
    """The trial's shop on the simulator's side, as a merchant's shop would be there before the app is installed."""
    body = {"domain": SHOP, "access_token": TOKEN, "locations": [{"name": "Main"}, {"name": "Store"}]}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{here.simulator_url}/control/shops", json=body) as made:
            places = [place["id"] for place in (await made.json())["locations"]]
        levels = [{"location_id": place, "available": 10} for place in places]
        items = [{"sku": f"KIT-{n}", "title": f"Kit {n}", "levels": levels} for n in range(1, 4)]
        async with http.post(f"{here.simulator_url}/control/shops/{SHOP}/items", json={"items": items}) as made:
            assert made.ok, await made.text()


@asynccontextmanager
async def _running(
    command: list[str], environment: dict[str, str], directory: Path, log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, cwd=directory, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(http: aiohttp.ClientSession, url: str, process: asyncio.subprocess.Process) -> None:
    """Wait until a process serves; it announces itself to nobody."""

    async def answers() -> bool:
        assert process.returncode is None, f"it ended with {process.returncode}; its log says why"
        try:
            async with http.get(url) as response:
                return response.ok
        except aiohttp.ClientError:
            return False

    await until(answers, what=f"an answer of {url}", progress=work_of(process.pid))


async def run(here: Trial, *command: str, directory: Path, words: str = "") -> str:
    """Run a command to its end; returns its output. It must end with 0."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=here.environment,
        cwd=directory,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await ended(process, words.encode(), what=json.dumps(command))
    assert process.returncode == 0, f"{json.dumps(command)}: {errors.decode()}"
    return output.decode()
