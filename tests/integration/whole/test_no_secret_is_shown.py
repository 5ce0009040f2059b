"""Marked values go in by every door; they come out in no line, document, queue, metric or answer."""

from __future__ import annotations

import asyncio
import base64
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import product

import aio_pika
import aiohttp
import pytest
from pydantic import SecretStr

from deploy.local.ports import free_ports
from shared.contract.messages import PreviewRequest
from shared.contract.selection import SelectionBody
from shared.domain.server_key import Scope, read
from shared.mongodb.server_keys.server_keys import ServerKeys
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.topology import EXCHANGES, PREVIEW_REQUEST
from tests.integration.command_line.command_line_runs import TRUEUP, environment_of, trueup_process
from tests.integration.ingest.test_compliance import everything
from tests.integration.shop_world import SHOP, ShopWorld, new_id, shop_world
from tests.waiting import arrival, ended, stored, until, work_of

MARK = "c4n4ry7Q1zX"
MARKS = (MARK, base64.b64encode(MARK.encode()).decode().rstrip("="), MARK.lower(), MARK.encode().hex())

_LONG = MARK * 10_000
_HEAD = b"Host: a\r\nAuthorization: Bearer %b\r\nCookie: s=%b\r\nConnection: close\r\n" % (MARK.encode(), MARK.encode())


def _request(line: str, *fields: str, body: str = "", head: bytes = _HEAD) -> bytes:
    """A request whose head is as given."""
    lines = "".join(f"{field}\r\n" for field in fields).encode("latin-1")
    return line.encode("latin-1") + b"\r\n" + head + lines + b"\r\n" + body.encode("latin-1")


_TARGET = f"/webhooks/shopify?id_token={MARK}&hmac={MARK}&code={MARK}"
_CHUNKED = "Transfer-Encoding: chunked"
_JSON = "Content-Type: application/json"

# One line a request.
# fmt: off
MALFORMED: dict[str, bytes] = {
    "no HTTP": f"{MARK} {MARK}\r\n\r\n".encode(),
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00" + MARK.encode() + b"\r\n\r\n",
    "a method of other signs": _request(f"G@T{MARK} {_TARGET} HTTP/1.1"),
    "a method of control signs": _request(f"GE\x01{MARK} {_TARGET} HTTP/1.1"),
    "a method of lower case": _request(f"get{MARK} {_TARGET} HTTP/1.1"),
    "a method without end": _request(f"{_LONG} / HTTP/1.1"),
    "another version": _request(f"GET {_TARGET} HTTP/{MARK}"),
    "a version of the future": _request(f"GET {_TARGET} HTTP/9.9"),
    "no version": _request(f"GET {_TARGET}"),
    "a target with a NUL": _request(f"GET {_TARGET}\x00 HTTP/1.1"),
    "a target with a blank": _request(f"GET {_TARGET} {MARK} HTTP/1.1"),
    "a target with bytes above": _request(f"GET {_TARGET}\xff\xfe HTTP/1.1"),
    "a target that is an address": _request(f"GET http://u:{MARK}@[{MARK}/ HTTP/1.1"),
    "a target with a port that is none": _request(f"GET http://u:{MARK}@host:{MARK}/ HTTP/1.1"),
    "a target without end": _request(f"GET /{_LONG} HTTP/1.1"),
    "CONNECT": _request(f"CONNECT {MARK}:{MARK} HTTP/1.1"),
    "a header without a colon": _request("GET / HTTP/1.1", f"Authorization Bearer {MARK}"),
    "a header without a name": _request("GET / HTTP/1.1", f": {MARK}"),
    "a header's name with a blank": _request("GET / HTTP/1.1", f"Authorization : Bearer {MARK}"),
    "a header's name with other signs": _request("GET / HTTP/1.1", f"X@{MARK}: {MARK}"),
    "a header with a NUL": _request("GET / HTTP/1.1", f"X-Any: {MARK}\x00"),
    "a header with a bare return": _request("GET / HTTP/1.1", f"X-Any: {MARK}\r{MARK}: x"),
    "a header with a bare line feed": _request("GET / HTTP/1.1", f"X-Any: {MARK}\n {MARK}\n\x01: x"),
    "a folded header": _request("GET / HTTP/1.1", f"X-Any: {MARK}", f" {MARK}"),
    "a header with control signs": _request("GET / HTTP/1.1", f"Authorization: Bearer \x01\x02{MARK}"),
    "a header without end": _request("GET / HTTP/1.1", f"X-Any: {_LONG}"),
    "too many headers": _request("GET / HTTP/1.1", *(f"X-{number}: {MARK}" for number in range(500))),
    "two hosts": _request("GET / HTTP/1.1", f"Host: {MARK}"),
    "a host that is none": _request("GET / HTTP/1.1", head=f"Host: {MARK}@/\\{MARK}\r\nConnection: close\r\n".encode()),
    "a length that is none": _request(f"POST {_TARGET} HTTP/1.1", f"Content-Length: {MARK}"),
    "a negative length": _request(f"POST {_TARGET} HTTP/1.1", "Content-Length: -1", f"X-Any: {MARK}"),
    "two lengths": _request(f"POST {_TARGET} HTTP/1.1", "Content-Length: 1", "Content-Length: 2", body=MARK),
    "a length and chunks": _request(f"POST {_TARGET} HTTP/1.1", "Content-Length: 5", _CHUNKED, body=MARK),
    "an unknown coding": _request(f"POST {_TARGET} HTTP/1.1", f"Transfer-Encoding: {MARK}", body=MARK),
    "a chunk's size that is none": _request(f"POST {_TARGET} HTTP/1.1", _CHUNKED, body=f"{MARK}\r\n{MARK}\r\n"),
    "a chunk longer than its size": _request(f"POST {_TARGET} HTTP/1.1", _CHUNKED, body=f"1\r\n{MARK}\r\n0\r\n\r\n"),
    "a chunk's size without end": _request(f"POST {_TARGET} HTTP/1.1", _CHUNKED, body=f"1;{_LONG}\r\nx\r\n0\r\n\r\n"),
    "a bad chunk towards the API": _request("POST /api/jobs HTTP/1.1", _CHUNKED, _JSON, body=f"x{MARK}\r\n"),
    "an upgrade": _request(f"GET {_TARGET} HTTP/1.1", "Connection: Upgrade", f"Upgrade: {MARK}", body=MARK),
    "a coding that does not fit": _request(
        f"POST {_TARGET} HTTP/1.1", "Content-Encoding: gzip", f"Content-Length: {len(MARK)}", _JSON, body=MARK
    ),
    "an expectation": _request(f"POST {_TARGET} HTTP/1.1", f"Expect: {MARK}", "Content-Length: 0"),
    "a second request that is none": b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" + _request(f"\x01{MARK} / HTTP/1.1"),
    "a token that is none": _request(f"GET /api/jobs?id_token={MARK} HTTP/1.1"),
    "a token of another form": _request("GET /api/jobs HTTP/1.1", f"Authorization: Basic {MARKS[1]}"),
    "a server's key that is none": _request("GET /api/jobs HTTP/1.1", f"Authorization: Bearer trueup_live_{MARK}"),
    "a server's key elsewhere": _request(f"GET /api/jobs?key=trueup_live_{MARK} HTTP/1.1", f"Trueup-Shop: {MARK}"),
    "the page with a token": _request(f"GET /?id_token={MARK}&hmac={MARK}&shop=a.myshopify.com HTTP/1.1"),
    "an unsigned webhook": _request(
        "POST /webhooks/shopify HTTP/1.1", f"X-Shopify-Hmac-Sha256: {MARK}", f"X-Shopify-Topic: {MARK}",
        f"Content-Length: {len(MARK)}", body=MARK,
    ),
    "a body of a wrong form": _request(
        "POST /api/jobs HTTP/1.1", _JSON, f"Content-Length: {len(MARK) + 2}", body=f'"{MARK}"'
    ),
}
# fmt: on


async def answer_to(port: int, sent: bytes) -> bytes:
    """What a server says to these bytes until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        await writer.drain()
        return await reader.read()
    except ConnectionError:
        return b""  # cut off, which says nothing either
    finally:
        writer.close()


@asynccontextmanager
async def served(world: ShopWorld, *words: str, **more: str) -> AsyncIterator[tuple[int, int, bytearray]]:
    """A service as a process: its two ports, and, once it has ended, what it has said."""
    port, operations = free_ports(2)
    ports = {"TRUEUP_PORT": str(port), "TRUEUP_OPERATIONS_PORT": str(operations), "TRUEUP_LOG_LEVEL": "debug"}
    process = await asyncio.create_subprocess_exec(
        str(TRUEUP),
        "serve",
        *words,
        env=environment_of(world.settings, **ports, **more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said = bytearray()
    end = asyncio.create_task(ended(process, what="the end of the service"))
    try:
        await until(lambda: _ready(world.http, operations), what="readiness", progress=work_of(process.pid))
        yield port, operations, said
    finally:
        process.send_signal(signal.SIGTERM)
        said += b"".join(await end)


async def _ready(http: aiohttp.ClientSession, operations: int) -> bool:
    try:
        async with http.get(f"http://127.0.0.1:{operations}/readyz") as response:
            return response.ok
    except aiohttp.ClientError:
        return False  # it does not listen yet


def marks_in(shown: object) -> list[str]:
    """The marks that stand in a text, in whatever form."""
    return [mark for mark in MARKS if mark in str(shown)]


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made:
        yield made


@asynccontextmanager
async def nothing_kept(world: ShopWorld) -> AsyncIterator[None]:
    """At the end no document holds a mark, and no message that was published meanwhile to any exchange did."""
    url = world.settings.amqp_url.get_secret_value()
    await declare_topology(url)
    connection = await aio_pika.connect(url)
    async with connection, connection.channel() as channel:
        tap = await channel.declare_queue(exclusive=True)
        for exchange in EXCHANGES:
            await tap.bind(exchange, "#")
        yield
        for name, documents in (await everything(world)).items():
            assert not [document for document in documents if marks_in(document)], name
        while (message := await tap.get(fail=False)) is not None:
            await message.ack()
            assert not marks_in(f"{message.body!r} {message.headers}"), message.routing_key


@pytest.mark.parametrize(
    "words", [("all",), ("webhook-ingest", "--role", "front"), ("preview",)], ids=["all", "front", "preview"]
)
async def test_what_is_no_request_is_repeated_nowhere(world: ShopWorld, words: tuple[str, ...]) -> None:
    """Every malformed form at every port: refused in words of ours, and few lines, though anybody can send them."""
    async with nothing_kept(world), served(world, *words) as (port, operations, said):
        for name, sent in MALFORMED.items():
            for where in (port, operations):
                answer = await arrival(answer_to(where, sent), what=f"an answer to {name}")
                assert not marks_in(answer.decode("latin-1")), (name, answer[:2_000])
                assert b"Traceback" not in answer, name
        async with world.http.get(f"http://127.0.0.1:{operations}/metrics") as response:
            assert not marks_in(await response.text())
    text = said.decode()
    assert not [line for line in text.splitlines() if marks_in(line)]
    assert "request_not_understood" in text
    assert text.count("request_not_understood") <= 20
    assert "Traceback" not in text, text


def with_password(url: str, *, user: str = "trueup", host: str | None = None) -> SecretStr:
    """The same address with a marked password, and perhaps another server."""
    scheme, _, rest = url.partition("://")
    server, slash, path = rest.rpartition("@")[2].partition("/")
    return SecretStr(f"{scheme}://{user}:{MARK}@{host or server}{slash}{path}")


_SHORT = {
    ("serve preview", "amqp_url", "refuses"),
    ("serve preview", "mongodb_uri", "refuses"),
    ("jobs cancel 0", "amqp_url", "has no name"),
    ("jobs list", "mongodb_uri", "is nowhere"),
}
"""One of each kind; the rest in the long run."""


@pytest.mark.parametrize(
    ("command", "server", "away"),
    [
        pytest.param(*case, marks=[] if case in _SHORT else pytest.mark.full)
        for case in product(
            ["serve preview", "serve all", "jobs cancel 0", "jobs list"],
            ["amqp_url", "mongodb_uri"],
            ["refuses", "is nowhere", "has no name"],
        )
    ],
)
async def test_a_server_that_is_away_tells_no_password(world: ShopWorld, command: str, server: str, away: str) -> None:
    """Whatever a library says of an address that does not answer, or of a password that is wrong."""
    hosts = {"refuses": None, "is nowhere": f"127.0.0.1:{free_ports(1)[0]}", "has no name": "nowhere.invalid:1"}
    url = with_password(getattr(world.settings, server).get_secret_value(), host=hosts[away])
    done = await trueup_process(world.settings.model_copy(update={server: url}), *command.split())
    assert not marks_in(done.errors + done.output), done.errors
    if (command, server) != ("jobs list", "amqp_url"):
        assert done.code == (2 if away == "refuses" else 3), done.errors


FAILING = """
import asyncio, os, sys
import aiohttp
from shared.observing.logs import configure_logs
from shared.settings import load_settings
settings = load_settings()
configure_logs("trial", "debug")
from services.preview.bootstrap import PreviewService
from services.preview.computing.previewer import Previewer

MARK = os.environ["MARK"]

async def fails(*_, **__):
    told = f"Authorization: Bearer {MARK} at amqp://user:{MARK}@broker/ with shpat_{MARK} of ann.{MARK}@example.com"
    raise LookupError(told)

Previewer._read = fails

async def main():
    service = await PreviewService.start(settings)
    print(service.port, service.operations_port, flush=True)
    asyncio.get_running_loop().create_task(fails())
    session = aiohttp.ClientSession()
    del session
    await asyncio.to_thread(sys.stdin.read)
    await service.stop()

asyncio.run(main())
"""


async def test_what_a_broken_handler_says_is_told_without_secrets(world: ShopWorld) -> None:
    """A failure in a message's work, in a task that nobody awaits, and a connection that nobody closes."""
    await world.add_boms({"A": [1]})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        FAILING,
        env=environment_of(world.settings, MARK=MARK, TRUEUP_PORT="0", TRUEUP_OPERATIONS_PORT="0"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with nothing_kept(world):
        ports = await arrival(process.stdout.readline(), what="its ports", progress=work_of(process.pid))
        asked = PreviewRequest(shop=SHOP, preview_id=new_id(), selection=SelectionBody(bom_ids="all"))
        await world.publisher.command(PREVIEW_REQUEST, asked)
        await stored(world.mongo.db["previews"], {"preview_id": asked.preview_id, "state": "failed"})
        async with world.http.get(f"http://127.0.0.1:{int(ports.split()[1])}/metrics") as response:
            assert not marks_in(await response.text())
        output, errors = await ended(process, what="the end of the service")
    assert not marks_in((output + errors).decode())
    assert b"preview_broke" in errors
    assert b"Task exception was never retrieved" in errors
    assert b"Unclosed client session" in errors


async def test_a_servers_key_is_told_nowhere(world: ShopWorld) -> None:
    """One that works, sent where it belongs and where it does not: no line, answer, document or metric holds it."""
    soon = datetime.now(UTC) + timedelta(days=1)
    _, text = await ServerKeys(world.mongo.db).add(SHOP, name="ERP", scopes=list(Scope), expires_at=soon, by="test")
    parts = read(text)
    assert parts is not None
    pieces = (parts.secret, text[-20:])
    asked: tuple[tuple[str, str, object], ...] = (
        ("GET", "/api/boms", None),
        ("GET", f"/api/{text}", None),
        ("GET", f"/api/jobs/{text}", None),
        ("GET", f"/api/boms?key={text}", None),
        ("GET", f"/api/boms?search={text}", None),
        ("DELETE", f"/api/keys/{text}", None),
        ("POST", "/api/known-boms", {"bom_ids": text, text: text}),
        ("POST", "/api/jobs", {"direction": text}),
    )
    async with served(world, "all") as (port, operations, said):
        for method, path, body in asked:
            headers = {"Authorization": f"Bearer {text}"}
            url = f"http://127.0.0.1:{port}{path}"
            async with world.http.request(method, url, json=body, headers=headers) as response:
                answer = await response.text()
                assert response.status != 401, answer
            assert not [piece for piece in pieces if piece in answer], (path, answer)
        async with world.http.get(f"http://127.0.0.1:{operations}/metrics") as response:
            metrics = await response.text()
    documents = await everything(world)
    for shown in (said.decode(), metrics, repr(documents)):
        assert not [piece for piece in pieces if piece in shown]
    assert f"key:{parts.key_id} (ERP)" in said.decode() or parts.key_id in repr(documents)
