"""The demo's stage with as many reconcilers as wanted, and its processes by name."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import aiohttp

from benchmarks.measuring.counters import Counters
from deploy.local.demo.stage import Stage
from deploy.local.errors import LocalNodeError
from deploy.local.ports import free_ports
from shared.mongodb.connection import Mongo

_HELD = re.compile(r"^trueup_partitions_held\S* (\S+)$", re.MULTILINE)


class Crew(Stage):
    """For an `async with` block, as the stage is."""

    def processes(self) -> dict[str, int]:
        """All that run: services, simulator, both servers."""
        return {name: process.pid for name, process in self._processes.items()} | self.nodes.processes()

    def judge_processes(self) -> None:
        """Raises LocalNodeError with the last words of a process that has ended."""
        for name, process in self._processes.items():
            if not process.is_running:
                raise LocalNodeError(f"{name} ended: {process.last_words()}")

    def counters(self, mongo: Mongo, http: aiohttp.ClientSession) -> Counters:
        """Of all of them."""
        rabbitmq = self.nodes.rabbitmq
        return Counters(self.processes, mongo, http, None if rabbitmq is None else rabbitmq.prometheus_url)

    async def add_reconciler(self, http: aiohttp.ClientSession) -> None:
        """One more, beside those that run; returns once it is ready. Raises LocalNodeError."""
        name = f"reconciler {len(self._reconcilers()) + 1}"
        port, operations = free_ports(2)
        environment = self.environment("reconciler")
        environment |= {"TRUEUP_PORT": str(port), "TRUEUP_OPERATIONS_PORT": str(operations)}
        await self._keep(name, [str(Path(sys.executable).with_name("trueup")), "serve", "reconciler"], environment)
        self.operations_ports[name] = operations

        async def is_ready() -> bool:
            try:
                async with http.get(f"http://127.0.0.1:{operations}/readyz") as response:
                    return response.ok
            except aiohttp.ClientError:
                return False

        await self._until(name, is_ready)

    async def partitions_held(self, http: aiohttp.ClientSession) -> dict[str, int]:
        """Of each reconciler, by its own metric."""
        held = {}
        for name in self._reconcilers():
            async with http.get(f"http://127.0.0.1:{self.operations_ports[name]}/metrics") as response:
                found = _HELD.search(await response.text())
            held[name] = int(float(found[1])) if found else 0
        return held

    def _reconcilers(self) -> list[str]:
        return [name for name in self._processes if name.startswith("reconciler")]
