"""A real Prometheus for a test, with the project's own configuration and rules, reading once a second."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import yaml

from deploy.local.ports import free_ports
from deploy.local.process import KeptProcess
from tests.waiting import until

DEPLOYED = Path(__file__).parents[3] / "deploy" / "prometheus"
_MAX_READINGS = 60
"""What an expression has not become after so many readings of all jobs, it does not become."""


@dataclass
class Prometheus:
    """Asks a running Prometheus."""

    url: str
    http: aiohttp.ClientSession

    async def get(self, path: str, **parameters: str) -> Any:
        """The data of an API call."""
        async with self.http.get(f"{self.url}/api/v1/{path}", params=parameters) as response:
            answer = await response.json()
            assert answer["status"] == "success", answer
            return answer["data"]

    async def values(self, expression: str) -> list[float]:
        """The present values of an expression; what is no number is left out."""
        found = await self.get("query", query=expression)
        values = [float(series["value"][1]) for series in found["result"]]
        return [value for value in values if not math.isnan(value)]

    async def until(self, expression: str) -> None:
        """Wait until an expression has a value, for as many readings as it may take. Prometheus announces nothing."""
        readings: set[float] = set()

        async def read() -> int:
            readings.update(await self.values("max(timestamp(up))"))
            return min(len(readings), _MAX_READINGS)

        async def has_value() -> bool:
            return bool(await self.values(expression))

        await until(has_value, what=expression, progress=read)

    async def scraped(self, jobs: int) -> None:
        """Wait until every job has been read after now."""
        await self.until(f"count((timestamp(up) > {time.time()}) and up == 1) == {jobs}")


@asynccontextmanager
async def prometheus(
    directory: Path, http: aiohttp.ClientSession, targets: Mapping[str, str], vhost: str
) -> AsyncIterator[Prometheus]:
    """Prometheus as deployed, but for its pace and its targets: job → base URL; `rabbitmq-queues` is held to a vhost.

    `directory` exists, and takes its files.
    """
    config = yaml.safe_load((DEPLOYED / "prometheus.yaml").read_text())
    config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(DEPLOYED / "rules" / "*.yaml")]
    del config["alerting"]
    for job in config["scrape_configs"]:
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": [urlsplit(targets[job["job_name"]]).netloc]}]
        if "params" in job:
            job["params"]["vhost"] = [vhost]
    (directory / "prometheus.yaml").write_text(yaml.safe_dump(config))
    program = shutil.which("prometheus")
    assert program is not None, "no prometheus here: run deploy/local/install.sh"
    port = free_ports(1)[0]
    command = [
        program,
        f"--config.file={directory / 'prometheus.yaml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    process = await asyncio.to_thread(
        KeptProcess, command, environment=os.environ, directory=directory, log=directory / "prometheus.log"
    )
    try:
        made = Prometheus(f"http://127.0.0.1:{port}", http)

        async def is_ready() -> bool:
            assert process.is_running, process.last_words()
            return await _ready(made)

        await until(is_ready, what="Prometheus is ready", progress=lambda: process.processor_seconds)
        yield made
    finally:
        await asyncio.to_thread(process.kill)


async def _ready(server: Prometheus) -> bool:
    try:
        async with server.http.get(f"{server.url}/-/ready") as response:
            return response.ok
    except aiohttp.ClientError:
        return False
