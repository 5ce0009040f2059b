"""Work grows in step with the input: whatever is sent is answered or kept for little processor time, and the process
answers others meanwhile."""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import aio_pika
import aiohttp
import pytest
from ulid import ULID

from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import KeptProcess
from services.preview.api.http.app import ROUTES
from shared.mongodb.connection import Mongo
from shared.mongodb.shops.shops import ShopStore
from shared.rabbitmq.topology import BOM_UPSERT, COMMANDS, JOB_REQUEST
from tests.backends.places import DatabasePool, VhostPool
from tests.chaos.test_killed_worker import ROOT, environment
from tests.integration.api.api_setup import session_token, settings_for
from tests.waiting import arrival, until, work_of, writes_to

T = TypeVar("T")
SHOP = "large-inputs.myshopify.com"
MOST = 0.1
"""Seconds of processor time per 100 kB, and for anything smaller."""
NEARLY_A_MEGABYTE = 1_000_000
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Process:
    """`trueup serve all`, as it runs for a small shop."""

    kept: KeptProcess
    url: str
    port: int
    operations: str
    amqp_url: str
    mongo: Mongo
    client: aiohttp.ClientSession

    @property
    def processor(self) -> float:
        """Seconds of processor time used so far."""
        fields = Path(f"/proc/{self.kept.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    async def alive(self) -> bool:
        """Whether /livez answers."""
        with suppress(aiohttp.ClientError):
            async with self.client.get(f"{self.operations}/livez") as response:
                return response.status == 200
        return False

    async def ready(self) -> bool:
        """Whether everything works."""
        with suppress(aiohttp.ClientError):
            async with self.client.get(f"{self.operations}/readyz") as response:
                return response.status == 200
        return False

    async def cheap(self, size: int, work: Awaitable[T], *, what: str) -> T:
        """Await it; it must not cost more than its size allows, and others must be answered meanwhile."""
        before = self.processor
        doing = asyncio.ensure_future(work)
        assert await arrival(self.alive(), what="/livez", progress=work_of(self.kept.pid))
        done = await arrival(doing, what=what, progress=work_of(self.kept.pid))
        assert self.processor - before < MOST * max(1.0, size / 100_000), what
        return done

    async def raw(self, sent: bytes) -> int:
        """Send bytes as they are; returns the status."""
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        with closing(writer):
            writer.write(sent)
            line = await reader.readline()
            return int(line.split()[1])


@pytest.fixture(scope="module")
async def process(
    amqp_url: str,
    vhosts: VhostPool,
    mongodb_uri: str,
    databases: DatabasePool,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Process]:
    """One process for the module, with one shop."""
    port, operations = free_ports(2)
    vhost, database = vhosts.take(), databases.take()
    vhost_url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    settings = settings_for(vhost_url, mongodb_uri, database)
    program = "from services.command_line.main import main; main()"
    own = {"TRUEUP_PORT": str(port), "TRUEUP_OPERATIONS_PORT": str(operations), "TRUEUP_REQUESTS_PER_SECOND": "10000"}
    kept = await asyncio.to_thread(
        KeptProcess,
        [sys.executable, "-c", program, "serve", "all"],
        environment={**environment(settings), **own},
        directory=ROOT,
        log=tmp_path_factory.mktemp("all") / "all.log",
    )
    mongo = Mongo(mongodb_uri, database)
    client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
    base = f"http://{LOOPBACK}:"
    started = Process(kept, f"{base}{port}", port, f"{base}{operations}", vhost_url, mongo, client)
    try:
        await until(started.ready, what="a process that is ready", progress=work_of(kept.pid))
        await ShopStore(mongo.db, [key.get_secret_value() for key in settings.token_keys]).add(SHOP, "shpat_x")
        yield started
    finally:
        await client.close()
        mongo.close()
        await asyncio.to_thread(kept.kill)
        await vhosts.give_back(vhost)
        databases.give_back(database)


def many(form: bytes, size: int = NEARLY_A_MEGABYTE) -> bytes:
    """Numbered pieces, joined by commas."""
    each = len(form % 100_000) + 1
    return b",".join(form % number for number in range(size // each))


def listed(field: bytes, form: bytes) -> bytes:
    """A selection with a long list."""
    return b'{"selection": {"%s": [%s]}}' % (field, many(form))


BODIES: dict[str, bytes] = {
    "60,000 unknown fields": b"{%s}" % many(b'"unknown %d":1'),
    "unknown fields further in": b'{"selection": {"filter": {%s}}}' % many(b'"%d":1'),
    "wrong cells": listed(b"cells", b'{"bom_id":%d}'),
    "half of the cells wrong": listed(b"cells", b'{"bom_id":"b%d","location_id":"1"},{}'),
    "wrong ids": listed(b"bom_ids", b"%d"),
    "ids": listed(b"bom_ids", b'"b%d"'),
    "tags": b'{"bom_id":"a","inventory_item_id":"1","name":"n","tags":[%s]}' % many(b'"t%d"'),
    "duplicate keys": b"{%s}" % many(b'"selection":%d'),
    "deep lists": b"[" * NEARLY_A_MEGABYTE,
    "deep objects": b'{"a":' * (NEARLY_A_MEGABYTE // 5),
    "a huge number": b'{"delta":' + b"9" * NEARLY_A_MEGABYTE + b"}",
    "a huge fraction": b'{"delta":0.' + b"9" * NEARLY_A_MEGABYTE + b"}",
    "numbers as long as may be": b"{%s}" % many(b'"%d":' + b"9" * 4_000),
    "a huge text": b'{"name":"' + b"a" * NEARLY_A_MEGABYTE + b'"}',
    "a text of escapes": b'{"name":"' + b"\\u00e9" * (NEARLY_A_MEGABYTE // 6) + b'"}',
    "blanks": b" " * NEARLY_A_MEGABYTE + b"{}",
}
SHORT = ("POST /api/previews", "PUT /api/boms")
OPERATIONS = {f"{route.method} {route.path}": route for route in ROUTES if route.body is not None}


@pytest.mark.parametrize("operations", [SHORT, pytest.param(tuple(OPERATIONS), marks=pytest.mark.full, id="full")])
async def test_a_large_body_costs_what_its_size_allows(process: Process, operations: tuple[str, ...]) -> None:
    """Every operation with a body is sent a megabyte of every kind: refused in a short answer."""
    headers = {"Authorization": f"Bearer {session_token(SHOP)}", "Content-Type": "application/json"}

    async def ask(method: str, path: str, body: bytes) -> tuple[int, int]:
        asked = process.client.request(method, process.url + path, data=io.BytesIO(body), headers=headers)
        async with asked as response:
            return response.status, len(await response.read())

    for operation in operations:
        route = OPERATIONS[operation]
        path = re.sub(r"{(?:preview|job|run)_id}", str(ULID()), route.path)
        path = re.sub(r"{\w+}", "1", path)
        for name, body in BODIES.items():
            asked = ask(route.method, path, body)
            status, size = await process.cheap(len(body), asked, what=f"{operation} with {name}")
            assert status in {200, 202, 400, 404, 409, 422}, (operation, name)
            assert size < 20_000, (operation, name)


START = b"%s HTTP/1.1\r\nHost: t\r\n"
HEADS: dict[str, Callable[[bytes], bytes]] = {
    "5,000 parameters": lambda token: (
        START % (b"GET /api/boms?" + b"&".join(b"a%d=1" % n for n in range(5_000))) + token
    ),
    "as many parameters as may be": lambda token: (
        START % (b"GET /api/boms?" + b"&".join(b"a%d=1" % n for n in range(1_800))) + token
    ),
    "one parameter again and again": lambda token: START % (b"GET /api/boms?" + b"limit=1&" * 1_800) + token,
    "a long cursor": lambda token: START % (b"GET /api/boms?cursor=" + b"a" * 15_000) + token,
    "a megabyte of headers": lambda token: (
        START % b"GET /api/boms" + token + b"".join(b"X-%d: y\r\n" % n for n in range(90_000))
    ),
    "a header of a megabyte": lambda token: START % b"GET /api/boms" + token + b"X: " + b"y" * 1_000_000 + b"\r\n",
    "a media type with parameters": lambda token: (
        START % b"PUT /api/boms" + token + b"Content-Length: 2\r\n"
        b"Content-Type: application/json" + b";a=b" * 3_500 + b"\r\n"
    ),
    "a webhook's media type": lambda _: (
        START % b"POST /webhooks/shopify" + b"X-Shopify-Topic: a/b\r\nX-Shopify-Shop-Domain: a.myshopify.com\r\n"
        b"X-Shopify-Webhook-Id: w\r\nX-Shopify-Hmac-Sha256: " + b"a" * 43 + b"=\r\nContent-Length: 2\r\n"
        b"Content-Type: application/json" + b";a=b" * 3_500 + b"\r\n"
    ),
    "a token nested deeply": lambda _: (
        START % b"GET /api/boms" + b"Authorization: Bearer " + b"W1tb" * 3_500 + b".e30.e30\r\n"
    ),
    "cookies": lambda token: START % b"GET /" + token + b"Cookie: " + b"a=b;" * 3_500 + b"\r\n",
    "codings": lambda token: START % b"GET /" + token + b"Accept-Encoding: " + b"gzip;q=0," * 1_500 + b"\r\n",
}  # fmt: skip  # one kind a line


async def test_a_large_head_costs_what_its_size_allows(process: Process) -> None:
    """Many parameters, many headers, huge ones, and those that take the square of their length to read."""
    token = b"Authorization: Bearer " + session_token(SHOP).encode() + b"\r\n"
    for name, head in HEADS.items():
        sent = head(token) + b"\r\n{}"
        assert await process.cheap(len(sent), process.raw(sent), what=name) < 500, name


@pytest.mark.parametrize("keys", [(JOB_REQUEST,), pytest.param((JOB_REQUEST, BOM_UPSERT), marks=pytest.mark.full)])
async def test_a_large_message_costs_what_its_size_allows(process: Process, keys: tuple[str, ...]) -> None:
    """Ten megabytes are kept unread; what is small enough to be looked at is read, and kept with a short reason."""
    letters = process.mongo.db["dead_letters"]
    async with await aio_pika.connect(process.amqp_url) as connection:
        exchange = await (await connection.channel()).get_exchange(COMMANDS, ensure=False)
        for key in keys:
            for size in (10_000_000, 3_000_000):
                body = b"{%s}" % many(b'"unknown %d":1', size)
                before = await letters.count_documents({})

                async def kept(before: int = before) -> bool:
                    return await letters.count_documents({}) > before

                async def handled(body: bytes = body, key: str = key) -> None:
                    await exchange.publish(aio_pika.Message(body), key)
                    await until(kept, what="a message that is kept", progress=writes_to(process.mongo.db))

                await process.cheap(len(body), handled(), what=f"{key} of {size} bytes")
    async for letter in letters.find({}):
        assert len(letter["cause"]) < 10_000
