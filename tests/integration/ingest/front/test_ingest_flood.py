"""Many bad requests, bodies cut at every byte, and several processes on one port."""

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import KeptProcess
from tests.chaos.test_killed_worker import ROOT, environment
from tests.integration.ingest.front.test_ingest_front import NAME, TRICKY, raw_headers
from tests.integration.ingest.ingest_setup import World, at, counted, headers_of, settings_for, sign
from tests.waiting import until, work_of

AT_ONCE = 20
_START = b"POST /webhooks/shopify HTTP/1.1\r\nHost: t\r\n"


async def test_a_body_may_be_cut_at_every_byte(world: World) -> None:
    """Each cut of the tricky body, a segment of its own before and after it, verifies and is applied (case 5)."""
    shop = await world.shop()
    accepted = counted("webhooks_total", topic="locations/update", outcome="accepted")
    reader, writer = await asyncio.open_connection("127.0.0.1", world.service.port)
    with closing(writer):
        for cut in range(1, len(TRICKY)):
            headers = raw_headers(headers_of("locations/update", shop.domain, TRICKY))
            head = b"".join(b"%s: %s\r\n" % pair for pair in headers) + b"Content-Length: %d\r\n\r\n" % len(TRICKY)
            writer.write(_START + head + TRICKY[:cut])
            await writer.drain()
            await asyncio.sleep(0.002)  # lets the segment leave before the next is written
            writer.write(TRICKY[cut:])
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), (cut, answer)
    assert counted("webhooks_total", topic="locations/update", outcome="accepted") == accepted + len(TRICKY) - 1
    await shop.settled()
    location = await world.mongo.db["locations"].find_one({"shop": shop.domain, "location_id": "655441491"})
    assert location is not None
    assert location["name"] == NAME


def forgeries(seed: int) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Bodies with signatures that do not sign them, without end: guesses, other bodies' and other secrets' ones."""
    chance = random.Random(seed)  # noqa: S311  # nothing secret
    while True:
        body = chance.randbytes(chance.randrange(200)) if chance.random() < 0.5 else TRICKY
        given = chance.choice(
            [
                "",
                sign(body + b" "),
                sign(body, "another"),
                sign(body)[:-1],
                sign(body) + "=",
                sign(body).lower(),
                " ".join(sign(body)),
                chance.randbytes(32).hex(),
                "é" * 44,
            ]
        )
        if given != sign(body):
            yield body, headers_of("inventory_levels/update", "a.myshopify.com", body, hmac_sha256=given)


@pytest.mark.parametrize("requests", [1000, pytest.param(10_000, marks=pytest.mark.full)])
async def test_of_many_forged_requests_none_is_taken_and_none_is_a_fault(world: World, requests: int) -> None:
    """Every one is answered 401: none 200, none 5xx, nothing published."""
    forged = forgeries(1)
    answers: Counter[int] = Counter()
    accepted = counted("webhooks_total", topic="inventory_levels/update", outcome="accepted")

    async def forge() -> None:
        """One connection's share, over a plain socket: an HTTP client would take longer than what it asks."""
        reader, writer = await asyncio.open_connection("127.0.0.1", world.service.port)
        with closing(writer):
            for _ in range(requests // AT_ONCE):
                body, headers = next(forged)
                lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
                writer.write(_START + b"Content-Length: %d\r\n" % len(body) + lines + b"\r\n" + body)
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
                answers[int(head.split()[1])] += 1

    await asyncio.gather(*(forge() for _ in range(AT_ONCE)))
    assert answers == {401: requests}
    assert counted("webhooks_total", topic="inventory_levels/update", outcome="accepted") == accepted


async def test_several_processes_share_the_port(
    vhost_url: str, mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    """Two fronts on one port both take webhooks; when one is stopped the other takes them all."""
    port, *operations = free_ports(3)
    settings = settings_for(vhost_url, mongodb_uri, database_name)
    url = f"http://{LOOPBACK}:{port}/webhooks/shopify"
    program = "from services.command_line.main import main; main()"
    command = [sys.executable, "-c", program, "serve", "webhook-ingest", "--role", "front"]
    processes = [
        await asyncio.to_thread(
            KeptProcess,
            command,
            environment={
                **environment(settings),
                "TRUEUP_PORT": str(port),
                "TRUEUP_OPERATIONS_PORT": str(own),
            },
            directory=ROOT,
            log=tmp_path / f"{own}.log",
        )
        for own in operations
    ]

    async def ready(own: int) -> bool:
        try:
            async with client.get(f"http://{LOOPBACK}:{own}/readyz") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def both_ready() -> bool:
        return all([await ready(own) for own in operations])

    async def taken(own: int) -> float:
        async with client.get(f"http://{LOOPBACK}:{own}/metrics") as response:
            lines = (await response.text()).splitlines()
        label = 'trueup_webhooks_total{outcome="accepted",topic="inventory_levels/update"} '
        return sum(float(line.removeprefix(label)) for line in lines if line.startswith(label))

    async def post(number: int) -> int:
        body = json.dumps(
            {"inventory_item_id": 1, "location_id": 2, "available": number, "updated_at": at(number).isoformat()}
        ).encode()
        headers = headers_of("inventory_levels/update", "a.myshopify.com", body)
        async with client.post(url, data=body, headers=headers) as response:
            return response.status

    try:
        # A connection for each webhook: the kernel spreads connections, not requests.
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as client:
            await until(both_ready, what="two fronts that are ready", progress=work_of(os.getpid()))
            assert [await post(number) for number in range(60)] == [200] * 60
            shares = [await taken(own) for own in operations]
            assert sum(shares) == 60
            assert min(shares) > 0
            await asyncio.to_thread(processes[0].stop)
            assert [await post(number) for number in range(20)] == [200] * 20
            assert await taken(operations[1]) == shares[1] + 20
    finally:
        for process in processes:
            await asyncio.to_thread(process.kill)
