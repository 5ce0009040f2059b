"""Memory has an owner: a front that thousands of half-sent requests reach stays small, and takes honest webhooks."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import KeptProcess
from tests.chaos.test_killed_worker import ROOT, environment
from tests.integration.ingest.ingest_setup import at, headers_of, settings_for
from tests.waiting import arrival, until, work_of

MB = 2**20
MOST = 250
"""Megabytes; the pods have 512."""
MAX_GROWTH = 140
CPU_OF_ONE = 1.0
"""Seconds of processor time that the front may use, for whatever it is doing, until an honest webhook is answered."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class FrontProcess:
    """A front as it runs in a pod."""

    process: KeptProcess
    port: int
    operations_port: int
    client: aiohttp.ClientSession

    @property
    def memory(self) -> int:
        """Megabytes that are resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) // 1024

    @property
    def processor(self) -> float:
        """Seconds of processor time used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    async def operations(self, path: str) -> int:
        """The status of an operations page."""
        async with self.client.get(f"http://{LOOPBACK}:{self.operations_port}{path}") as response:
            await response.read()
            return response.status

    async def honest(self, shop: str) -> int:
        """Send a webhook over a connection of its own; returns the status."""
        level = {"inventory_item_id": 1, "location_id": 2, "available": 3, "updated_at": at(0).isoformat()}
        body = json.dumps(level).encode()
        headers = headers_of("inventory_levels/update", shop, body) | {"Connection": "close"}
        url = f"http://{LOOPBACK}:{self.port}/webhooks/shopify"
        async with self.client.post(url, data=body, headers=headers) as response:
            return response.status

    async def ready(self) -> bool:
        """Whether it takes webhooks."""
        with suppress(aiohttp.ClientError):
            return await self.operations("/readyz") == 200
        return False


@pytest.fixture
async def front(vhost_url: str, mongodb_uri: str, database_name: str, tmp_path: Path) -> AsyncIterator[FrontProcess]:
    """`trueup serve webhook-ingest --role front`, started as a person starts it."""
    port, operations_port = free_ports(2)
    settings = settings_for(vhost_url, mongodb_uri, database_name)
    program = "from services.command_line.main import main; main()"
    own = {"TRUEUP_PORT": str(port), "TRUEUP_OPERATIONS_PORT": str(operations_port)}
    process = await asyncio.to_thread(
        KeptProcess,
        [sys.executable, "-c", program, "serve", "webhook-ingest", "--role", "front"],
        environment={**environment(settings), **own},
        directory=ROOT,
        log=tmp_path / "front.log",
    )
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as client:
            started = FrontProcess(process, port, operations_port, client)
            await until(started.ready, what="a front that is ready", progress=work_of(process.pid))
            yield started
    finally:
        await asyncio.to_thread(process.kill)


def plausible(number: int) -> bytes:
    """The head of an unsigned webhook that could be right: of a real shop's form, signed for another body."""
    shop = f"shop-{number % 200}.myshopify.com"
    headers = headers_of("products/update", shop, b"another body") | {"Content-Type": "application/json"}
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
    return b"POST /webhooks/shopify HTTP/1.1\r\nHost: t\r\n" + lines


NONSENSE = b"POST /webhooks/shopify HTTP/1.1\r\nHost: t\r\nX-Nonsense: " + b"n" * 1_000 + b"\r\n"
HALVES: dict[str, Callable[[int], bytes]] = {
    "heads": lambda number: plausible(number) + b"X-More: " + b"m" * 10_000,
    "heads of nonsense": lambda _: NONSENSE + b"X-More: " + b"m" * 10_000,
    "bodies": lambda number: plausible(number) + b"Content-Length: 999999\r\n\r\n" + bytes(900_000),
    "small bodies": lambda number: plausible(number) + b"Content-Length: 60000\r\n\r\n" + bytes(50_000),
    "chunked bodies": lambda number: (
        plausible(number) + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + bytes(900_000)
    ),
    "bodies of nonsense": lambda _: NONSENSE + b"Content-Length: 999999\r\n\r\n" + bytes(900_000),
    "requests sent ahead": lambda number: (plausible(number) + b"X-More: " + b"m" * 4_000 + b"\r\n\r\n") * 50,
}


@asynccontextmanager
async def half_sent(front: FrontProcess, sent: bytes) -> AsyncIterator[None]:
    """A client that sends as much of it as is taken, says nothing more, and reads nothing."""
    _, writer = await asyncio.open_connection(LOOPBACK, front.port)
    with closing(writer):
        writer.write(sent)
        yield


@pytest.mark.parametrize("clients", [150, pytest.param(1_000, marks=pytest.mark.full, id="full")])
async def test_half_sent_requests_hold_little_and_keep_nobody_out(front: FrontProcess, clients: int) -> None:
    """Heads and bodies, plausible and nonsense, all at once and none ever finished: the front's memory stays below half
    of a pod's, honest webhooks are taken (of a shop whose name the others use, too), and the operations port answers.
    """
    before = front.memory
    async with AsyncExitStack() as stack:
        for name, half in HALVES.items():
            for number in range(clients):
                await stack.enter_async_context(half_sent(front, half(number)))
            used = front.processor
            for shop in ("honest.myshopify.com", "shop-1.myshopify.com"):
                webhook = front.honest(shop)
                assert await arrival(webhook, what="an answer", progress=work_of(front.process.pid)) == 200, name
            assert front.processor - used < CPU_OF_ONE * 2, name
            assert await front.operations("/livez") == 200
            assert front.memory < min(MOST, before + MAX_GROWTH), name
