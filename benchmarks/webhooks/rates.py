"""Webhooks a second: the front beside raw confirmed publishes to its queue, the indexer alone, and both in one process.

`python -m benchmarks.webhooks.rates [--webhooks 5000]`. The front is asked over 32 connections that stay open, each
with one webhook at a time; beside it 32 publishers of one channel, each with one message at a time, publish the same
messages to the same quorum queue, persistent and confirmed. What is in the queue is counted afterwards. The indexer
then empties queues of its own: of one shop with 400 cells, and of fifty with eight each.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aio_pika
import aiohttp
from ulid import ULID

from benchmarks.measuring.counters import Counters, Counts
from benchmarks.stages.crew import Crew
from benchmarks.stages.drifted_shops import DriftedShops, shop_store
from benchmarks.stages.place import opened
from deploy.local.demo.stage import CLIENT_SECRET, TOKEN
from deploy.local.ports import free_ports
from deploy.local.process import KeptProcess
from services.webhook_ingest.envelope import Envelope
from shared.contract.seal import Seals
from shared.mongodb.connection import Mongo
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import INDEXING, WEBHOOKS
from shared.setting_groups import WEBHOOK_PATH
from tests.backends.management import Management
from tests.waiting import until, writes_to

AT_ONCE = 32
CELLS = 400
RAW, FRONT, BOTH = "raw confirmed publishes", "front", "front and indexer in one"
ONE_SHOP, FIFTY_SHOPS = "indexer, one shop", "indexer, 50 shops"
_TOPIC, _KEY = "inventory_levels/update", "inventory_levels.update"
_LOOK = 0.02
_PROJECT = Path(__file__).resolve().parents[2]

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Webhook:
    """One, as Shopify sends it."""

    cell: tuple[str, str, str]
    """Shop, item and location."""
    available: int
    at: datetime
    body: bytes
    headers: Mapping[str, str]

    def request(self, port: int) -> bytes:
        """Its bytes on the wire: a client library would cost more than the front."""
        lines = [f"POST {WEBHOOK_PATH} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def webhooks(number: int, cells: Sequence[tuple[str, str, str]]) -> list[Webhook]:
    """So many, of these cells (shop, item, location) in turn, each a tenth of a second later than the one before."""
    made, begin = [], datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    for count in range(number):
        shop, item, place = cell = cells[count % len(cells)]
        available, at = 40 + count % 19, begin + timedelta(seconds=count / 10)
        told = at.isoformat(timespec="milliseconds")
        body = {
            "inventory_item_id": int(item),
            "location_id": int(place),
            "available": available,
            "updated_at": told,
        }
        data = json.dumps(body).encode()
        digest = hmac.new(CLIENT_SECRET.encode(), data, hashlib.sha256).digest()
        headers = {
            "X-Shopify-Topic": _TOPIC,
            "X-Shopify-Shop-Domain": shop,
            "X-Shopify-Webhook-Id": str(ULID()),
            "X-Shopify-Event-Id": str(ULID()),
            "X-Shopify-Triggered-At": told,
            "X-Shopify-API-Version": "2026-10",
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        }
        made.append(Webhook(cell, available, at, data, headers))
    return made


class Ingest:
    """A vhost and a database of their own, the shops in it, and the webhook service's processes."""

    def __init__(self, stage: Crew, mongo: Mongo, http: aiohttp.ClientSession, vhost: str) -> None:
        self._stage = stage
        self._http = http
        self.mongo = mongo
        self.amqp_url = urlsplit(stage.nodes.amqp_url)._replace(path=f"/{vhost}").geturl()
        self._processes: dict[str, KeptProcess] = {}
        rabbitmq = stage.nodes.rabbitmq
        self.counters = Counters(self._pids, mongo, http, None if rabbitmq is None else rabbitmq.prometheus_url)

    @classmethod
    @asynccontextmanager
    async def open(cls, stage: Crew, http: aiohttp.ClientSession) -> AsyncIterator[Ingest]:
        """For an `async with` block; all of it goes at the end."""
        name = f"webhooks_{ULID()}".lower()
        management = Management(stage.nodes.management_url)
        await asyncio.to_thread(management.make_vhost, name)
        mongo = Mongo(stage.nodes.mongodb_uri, name)
        ingest = cls(stage, mongo, http, quote(name, safe=""))
        try:
            await mongo.prepare()
            await declare_topology(ingest.amqp_url)
            yield ingest
        finally:
            await ingest.stop()
            await mongo.db.client.drop_database(name)
            mongo.close()
            await asyncio.to_thread(management.delete_vhost, name)

    def _pids(self) -> dict[str, int]:
        return {name: one.pid for name, one in self._processes.items()} | self._stage.nodes.processes()

    async def shops(self, number: int) -> list[tuple[str, str, str]]:
        """So many shops with 400 cells between them, without Shopify: the indexer asks nobody. Returns the cells."""
        drifted = DriftedShops(self._stage, self.mongo, self._http)
        store = shop_store(self._stage.settings, self.mongo)
        cells = []
        for count in range(number):
            shop = f"webhooks-{count}.myshopify.com"
            await store.add(shop, TOKEN)
            places = [str(700 + place) for place in range(4)]
            items = {f"BOM-{one:05}": str(100_000 * (count + 1) + one) for one in range(CELLS // number // 4)}
            await drifted.record(shop, items, places, pull=True)
            cells += [(shop, item, place) for item in items.values() for place in places]
        # Side by side, as webhooks of many shops come.
        return sorted(cells, key=lambda cell: (cell[1][-5:], cell[2], cell[0]))

    async def start(self, *roles: str) -> int:
        """A process with these roles; returns its port once it is ready."""
        port, operations = free_ports(2)
        name = " and ".join(roles)
        environment = self._stage.environment("webhook-ingest") | {
            "TRUEUP_AMQP_URL": self.amqp_url,
            "TRUEUP_MONGODB_DATABASE": self.mongo.db.name,
            "TRUEUP_PORT": str(port),
            "TRUEUP_OPERATIONS_PORT": str(operations),
            "TRUEUP_LOG_LEVEL": "warning",
        }
        command = [str(Path(sys.executable).with_name("trueup")), "serve", "webhook-ingest"]
        command += [word for role in roles for word in ("--role", role)]
        log = self._stage.directory / "logs" / f"{name.replace(' ', '-')}.log"
        process = await asyncio.to_thread(KeptProcess, command, environment=environment, directory=_PROJECT, log=log)
        self._processes[name] = process

        async def ready() -> bool:
            if not process.is_running:
                raise SystemExit(f"{name} ended: {process.last_words()}")
            return await self._is_ready(operations)

        await until(ready, what=f"{name} is ready (log in {log})", progress=lambda: process.processor_seconds)
        return port

    async def _is_ready(self, port: int) -> bool:
        try:
            async with self._http.get(f"http://127.0.0.1:{port}/readyz") as response:
                return response.ok
        except aiohttp.ClientError:
            return False

    async def stop(self) -> None:
        """End its processes."""
        for process in self._processes.values():
            await asyncio.to_thread(process.stop, 10)
        self._processes.clear()

    async def waiting(self) -> int:
        """Messages in the queue that are ready, by the queue itself."""
        connection = await aio_pika.connect(self.amqp_url)
        async with connection:
            channel = await connection.channel()
            declared = await channel.declare_queue(INDEXING.name, passive=True)
            return declared.declaration_result.message_count or 0

    async def purge(self, expected: int) -> None:
        """Empty the queue. Raises SystemExit where it does not hold what it should."""
        waits = await self.waiting()
        if waits != expected:
            raise SystemExit(f"{expected} webhooks were taken, and {waits} are in the queue")
        connection = await aio_pika.connect(self.amqp_url)
        async with connection:
            channel = await connection.channel()
            await (await channel.get_queue(INDEXING.name)).purge()


async def front(ingest: Ingest, sent: Sequence[Webhook]) -> Figures:
    """The front alone; nobody empties the queue."""
    port = await ingest.start("front")
    await _post(port, sent[:AT_ONCE])
    figures = await _measured(ingest.counters, len(sent), lambda: _post(port, sent))
    await ingest.stop()
    await ingest.purge(len(sent) + AT_ONCE)
    return figures


async def raw(ingest: Ingest, sent: Sequence[Webhook]) -> Figures:
    """The same messages published without a front, as the front would have published them."""
    connection = await aio_pika.connect(ingest.amqp_url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange(WEBHOOKS, ensure=False)

        async def publish_all() -> list[float]:
            left, took = iter(sent), []

            async def publisher() -> None:
                for one in left:
                    message = aio_pika.Message(
                        one.body,
                        content_type="application/json",
                        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        headers=dict(one.headers),
                    )
                    began = time.perf_counter()
                    await exchange.publish(message, _KEY, mandatory=True)
                    took.append(time.perf_counter() - began)

            await asyncio.gather(*(publisher() for _ in range(AT_ONCE)))
            return took

        figures = await _measured(ingest.counters, len(sent), publish_all)
    await ingest.purge(len(sent))
    return figures


async def indexer(ingest: Ingest, sent: Sequence[Webhook]) -> Figures:
    """The indexer alone, from the first event it acknowledges to the last: the queue is full before it starts."""
    seals = Seals([CLIENT_SECRET])
    publisher = await Publisher.open(ingest.amqp_url, "benchmark", seals)
    now = datetime.now(UTC)
    for begin in range(0, len(sent), 250):
        await asyncio.gather(
            *(
                publisher.webhook(_KEY, one.body, Envelope.of_request(_lowered(one.headers), now).to_headers())
                for one in sent[begin : begin + 250]
            )
        )
    await publisher.close()
    start = asyncio.create_task(ingest.start("indexer"))
    await _moving(ingest.mongo, sent)
    first, began = await ingest.counters.now(), time.perf_counter()
    ingest.counters.forget_peaks()
    await _applied(ingest.mongo, sent)
    seconds, used = time.perf_counter() - began, (await ingest.counters.now()).since(first)
    await start
    # Some had been applied before the first look.
    figures = _figures(round(used.amqp.get("acknowledged", len(sent))), seconds, used, ingest.counters)
    await ingest.stop()
    return figures


async def both(ingest: Ingest, sent: Sequence[Webhook]) -> Figures:
    """Front and indexer in one process, until the last is applied."""
    port = await ingest.start("front", "indexer")

    async def all_applied() -> list[float]:
        took = await _post(port, sent)
        await _applied(ingest.mongo, sent)
        return took

    figures = await _measured(ingest.counters, len(sent), all_applied)
    await ingest.stop()
    return figures


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def _moving(mongo: Mongo, sent: Sequence[Webhook]) -> None:
    """Wait until one has been applied."""
    any_of_them = {"index_time": {"$gte": sent[0].at}}

    async def moved() -> bool:
        return await mongo.db["stock"].find_one(any_of_them, {"_id": 1}) is not None

    await until(moved, what="a first webhook applied", progress=writes_to(mongo.db), every=_LOOK)


async def _applied(mongo: Mongo, sent: Sequence[Webhook]) -> None:
    """Wait until every cell has its last webhook. Raises SystemExit where the value is another one."""
    last = sent[-CELLS:]
    before = {"index_time": {"$lt": last[0].at}}

    async def none_before() -> bool:
        return await mongo.db["stock"].find_one(before, {"_id": 1}) is None

    await until(none_before, what="every webhook applied", progress=writes_to(mongo.db), every=_LOOK)
    values = {
        (one["shop"], one["item_id"], one["location_id"]): one["index"]
        async for one in mongo.db["stock"].find({}, {"shop": 1, "item_id": 1, "location_id": 1, "index": 1})
    }
    if wrong := [one for one in last if values[one.cell] != one.available]:
        raise SystemExit(f"{len(wrong)} cells do not have the value of their last webhook")


async def _post(port: int, sent: Sequence[Webhook]) -> list[float]:
    """Over 32 connections, one webhook at a time on each; returns the seconds of each. Raises SystemExit if refused."""
    left: Iterator[bytes] = iter([one.request(port) for one in sent])
    took: list[float] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in left:
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"a webhook was refused: {head[:200]!r}")
            took.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(AT_ONCE)))
    return took


async def _measured(counters: Counters, number: int, act: Callable[[], Any]) -> Figures:
    counters.forget_peaks()
    before, at = await counters.now(), time.perf_counter()
    took: list[float] = sorted(await act())
    seconds = time.perf_counter() - at
    used = (await counters.now()).since(before)
    return _figures(number, seconds, used, counters) | {
        "p50_ms": round(1000 * statistics.median(took), 1),
        "p99_ms": round(1000 * took[int(len(took) * 0.99) - 1], 1),
    }


def _figures(number: int, seconds: float, used: Counts, counters: Counters) -> Figures:
    per = used.per(number)
    return {
        "webhooks": number,
        "seconds": round(seconds, 2),
        "per_second": round(number / seconds),
        "ms_per_webhook": per["ms"],
        "peak_mb": counters.peaks(),
        "per_webhook": per["mongodb"],
        "amqp_per_webhook": per["amqp"],
    }


async def run_all(stage: Crew, http: aiohttp.ClientSession, number: int) -> Figures:
    """Every case in turn."""
    figures: Figures = {}
    async with Ingest.open(stage, http) as ingest:
        sent = webhooks(number, await ingest.shops(1))
        figures[RAW] = await raw(ingest, sent)
        figures[FRONT] = await front(ingest, webhooks(number, [("webhooks-0.myshopify.com", "1", "1")]))
        figures[ONE_SHOP] = await indexer(ingest, sent)
    async with Ingest.open(stage, http) as ingest:
        sent = webhooks(number, await ingest.shops(50))
        figures[FIFTY_SHOPS] = await indexer(ingest, sent)
    async with Ingest.open(stage, http) as ingest:
        sent = webhooks(number, await ingest.shops(1))
        figures[BOTH] = await both(ingest, sent)
    return figures


async def _alone(number: int) -> Figures:
    async with opened({}) as place:
        return await run_all(place.stage, place.http, number)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--webhooks", type=int, default=5000)
    sys.stdout.write(json.dumps(asyncio.run(_alone(parser.parse_args().webhooks)), indent=2) + "\n")


if __name__ == "__main__":
    main()
