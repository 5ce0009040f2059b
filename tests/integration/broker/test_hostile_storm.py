"""Hostile messages by the thousand on every queue of real processes: nothing is left behind, nothing grows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import aio_pika
import aiohttp
import pytest
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError

from deploy.local.ports import free_ports
from deploy.local.process import KeptProcess
from shared.contract.messages import BomUpsert
from shared.domain.comparison import Direction
from shared.rabbitmq.topology import BOM_UPSERT, JOB_PROGRESS, JOB_REQUEST, MAX_MESSAGE, PREVIEW_REQUEST, QUEUES
from tests.backends.management import Management
from tests.integration.broker.hostile_messages import Hostile, hostile_messages, nested
from tests.integration.command_line.command_line_runs import TRUEUP, environment_of
from tests.integration.shop_world import SHOP, ShopWorld, shop_world
from tests.waiting import until, writes_to

SERVICES = ("preview", "webhook-ingest", "reconciler")
_AGE = re.compile(r"^trueup_message_oldest_seconds\S* (\S+)$", re.MULTILINE)
MAX_GROWN = 50.0
"""MB that a process may have more in memory than before the storm."""


@dataclass
class Process:
    """A service as its operators run it."""

    kept: KeptProcess
    operations: str

    def resident(self) -> float:
        """MB in memory."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.kept.pid}/status").read_text())
        assert found is not None
        return int(found[1]) / 1024

    async def figures(self, http: aiohttp.ClientSession) -> str:
        """Its metrics."""
        async with http.get(f"{self.operations}/metrics") as response:
            return await response.text()

    async def is_ready(self, http: aiohttp.ClientSession) -> bool:
        """Whether it serves."""
        assert self.kept.is_running, self.kept.last_words()
        try:
            async with http.get(f"{self.operations}/readyz") as response:
                return response.ok
        except aiohttp.ClientError:
            return False


@dataclass
class Besieged:
    """A shop, and every service in a process of its own."""

    world: ShopWorld
    processes: dict[str, Process]
    management: Management
    vhost: str

    async def nothing_is_left(self) -> bool:
        """Whether no queue holds a message, by the broker, and no process one unanswered, by its own metrics."""
        queues = await asyncio.to_thread(self.management.queues, self.vhost)
        if any(queue.get("messages", 1) for queue in queues.values()):
            return False
        texts = [await process.figures(self.world.http) for process in self.processes.values()]
        ages = [float(age) for text in texts for age in _AGE.findall(text)]
        assert len(ages) >= len(QUEUES)
        return not any(ages)

    async def honest_work(self, name: str) -> dict[str, float]:
        """A record, a preview, a job both ways: each is done, told by the documents; returns the seconds they took."""
        took: dict[str, float] = {}
        begun = monotonic()  # told, not judged
        await self.world.publisher.command(
            BOM_UPSERT, BomUpsert(shop=SHOP, bom_id=name, inventory_item_id=self.world.items["A"] + name, name=name)
        )
        await self.world.document("boms", name, lambda bom: bom["name"] == name)
        took["record"], begun = monotonic() - begun, monotonic()  # told, not judged
        await self.world.preview({"bom_ids": ["A"]})
        took["preview"], begun = monotonic() - begun, monotonic()  # told, not judged
        job = await self.world.run(Direction.TO_LOCAL, {"bom_ids": ["A"]})
        assert job["state"] == "completed", job
        took["job"] = monotonic() - begun  # told, not judged
        return took


@pytest.fixture
async def world(amqp_url: str, fresh_vhost: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with one BOM."""
    url = urlsplit(amqp_url)._replace(path=f"/{fresh_vhost}").geturl()
    async with shop_world(url, mongodb_uri, database_name, locations=1) as made:
        await made.add_boms({"A": [7]}, tracks=True)
        await made.agree()
        yield made


@pytest.fixture
async def besieged(
    world: ShopWorld, fresh_vhost: str, management: Management, tmp_path: Path
) -> AsyncIterator[Besieged]:
    """All of it, ready."""
    async with AsyncExitStack() as stack:
        processes: dict[str, Process] = {}
        for service in SERVICES:
            port, operations = free_ports(2)
            ports = {"TRUEUP_PORT": str(port), "TRUEUP_OPERATIONS_PORT": str(operations), "TRUEUP_LOG_LEVEL": "error"}
            kept = await asyncio.to_thread(
                KeptProcess,
                [str(TRUEUP), "serve", service],
                environment=environment_of(world.settings, **ports),
                directory=tmp_path,
                log=tmp_path / f"{service}.log",
            )
            stack.push_async_callback(asyncio.to_thread, kept.kill)
            processes[service] = Process(kept, f"http://127.0.0.1:{operations}")
        made = Besieged(world, processes, management, fresh_vhost)
        for process in processes.values():
            await until(
                lambda process=process: process.is_ready(world.http),  # type: ignore[misc]  # a bound default
                what="a service that is ready",
                progress=lambda process=process: process.kept.processor_seconds,  # type: ignore[misc]  # the same
            )
        yield made


async def publish(connection: AbstractConnection, messages: list[Hostile]) -> None:
    """Publish them all, confirmed, a hundred at a time; nobody may be listening."""
    channel = await connection.channel()
    exchanges = {name: await channel.get_exchange(name, ensure=False) for name in {one.exchange for one in messages}}
    for start in range(0, len(messages), 100):
        await asyncio.gather(
            *(
                exchanges[one.exchange].publish(
                    aio_pika.Message(
                        one.body,
                        headers=dict(one.headers),
                        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        **one.properties,
                    ),
                    one.key,
                    mandatory=False,
                )
                for one in messages[start : start + 100]
            )
        )
    await channel.close()


async def publish_too_large(connection: AbstractConnection, key: str) -> None:
    """17 MB: the broker refuses it, and closes the channel of who sent it."""
    channel = await connection.channel()
    exchange = await channel.get_exchange("trueup.commands", ensure=False)
    with pytest.raises(AMQPError, match="larger than configured max size"):
        await exchange.publish(aio_pika.Message(b"x" * 17_000_000), key)


@pytest.mark.parametrize(
    "messages",
    [pytest.param(500, id="short"), pytest.param(5_000, marks=[pytest.mark.full, pytest.mark.long], id="full")],
)
async def test_thousands_of_hostile_messages_leave_no_trace(besieged: Besieged, messages: int) -> None:
    """Over all queues; then nothing is unacknowledged, honest work is done, and memory is within 50 MB of before."""
    world = besieged.world
    before_work = await besieged.honest_work("1")
    before = {name: process.resident() for name, process in besieged.processes.items()}
    storm = list(islice(hostile_messages(), messages))
    large = b'"' + b"x" * (MAX_MESSAGE - 10) + b'"'
    storm += [Hostile("trueup.commands", key, large, {}) for key in (PREVIEW_REQUEST, JOB_REQUEST)]
    storm += [Hostile(one.exchange, one.key, large[:4_000_000], {}) for one in storm[: len(QUEUES)]]
    storm += [Hostile("trueup.events", JOB_PROGRESS, nested(220), {}) for _ in range(50)]
    begun = monotonic()  # told, not judged
    async with await aio_pika.connect(world.settings.amqp_url.get_secret_value()) as connection:
        await publish(connection, storm)
        await publish_too_large(connection, JOB_REQUEST)
    await until(besieged.nothing_is_left, what="every queue empty", progress=writes_to(world.mongo.db), every=0.5)
    drained = monotonic() - begun  # told, not judged
    after_work = await besieged.honest_work("2")
    grown = {name: round(process.resident() - before[name], 1) for name, process in besieged.processes.items()}
    figures: dict[str, object] = {
        "messages": len(storm) + 1,
        "kept": (kept := await world.mongo.db["dead_letters"].count_documents({})),
        "seconds until all was gone": round(drained, 1),
        "MB before": {name: round(size, 1) for name, size in before.items()},
        "MB grown": grown,
        "seconds of honest work before": {name: round(seconds, 2) for name, seconds in before_work.items()},
        "seconds of honest work after": {name: round(seconds, 2) for name, seconds in after_work.items()},
    }
    print(figures)  # noqa: T201  # shown by `pytest -s`: it is measured, not judged
    assert kept > messages / 2
    assert all(process.kept.is_running for process in besieged.processes.values())
    assert max(grown.values()) < MAX_GROWN, figures
    shop = await world.mongo.db["shops"].find_one({"_id": SHOP})
    assert shop is not None
    assert shop["status"] == "active"
