"""Every HTTP server's bounds: whatever clients send or leave out, what they make a process hold has a largest size."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web

from shared.metrics import REGISTRY
from shared.serving.bodies import BodyRefused, read_body
from shared.serving.connections import Connection, Connections
from shared.serving.limits import PUBLIC, SEGMENT, ServerLimits
from shared.serving.open_files import open_files, raise_open_files
from shared.serving.server import RunningServer, start_server
from tests.waiting import arrival, until

HOST = "127.0.0.1"
START = b"POST / HTTP/1.1\r\nHost: t\r\nShop: %s\r\n"
WHOLE = START % b"a" + b"Content-Length: 2\r\n\r\n{}"
QUICK = replace(PUBLIC, head_seconds=0.3, linger_seconds=0.3)
ENDLESS = 20_000_000


@dataclass
class Served:
    """A server, and what its handlers saw."""

    server: RunningServer
    bodies: list[bytes] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def client(self, sent: bytes = b"") -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection over which something has been sent."""
        reader, writer = await asyncio.open_connection(HOST, self.server.port)
        with closing(writer):
            writer.write(sent)
            yield reader, writer

    async def asked(self, sent: bytes) -> bytes:
        """What is answered to it, until the end of the connection or of the first answer."""
        async with self.client(sent) as (reader, _):
            return await answer(reader)


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The next answer, head and body; nothing where the connection ends."""

    async def read() -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        return head + await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))

    return await arrival(read(), what="an answer")


async def end(reader: asyncio.StreamReader) -> None:
    """Wait until the server has closed."""

    async def read() -> None:
        try:
            while await reader.read(65_536):
                pass
        except ConnectionError:
            pass

    await arrival(read(), what="the end of the connection")


@asynccontextmanager
async def serving(limits: ServerLimits = PUBLIC) -> AsyncIterator[Served]:
    """A server with one handler that reads a body, one that holds its request, and one with a large answer."""

    async def take(request: web.Request) -> web.Response:
        try:
            body = await read_body(request, shop=request.headers["Shop"], max_bytes=1_000_000)
        except BodyRefused as error:
            return web.Response(status=error.status, text=error.detail, headers=error.headers)
        served.bodies.append(body)
        if request.path == "/held":
            await served.held.wait()
        return web.Response(text=str(len(body)))

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=bytes(ENDLESS))

    app = web.Application()
    app.router.add_post("/", take)
    app.router.add_post("/held", take)
    app.router.add_get("/large", large)
    served = Served(await start_server(app, HOST, 0, shutdown_timeout=0.1, limits=limits))
    try:
        yield served
    finally:
        await served.server.close()


def cut(reason: str) -> float:
    """Connections cut for it so far."""
    return REGISTRY.get_sample_value("trueup_connections_cut_total", {"reason": reason}) or 0.0


@pytest.mark.parametrize(
    "sent",
    [
        START % b"a",
        b"POST / HT",
        b"\r\n\r\n\r\nPOST / HTTP/1.1\r\n",
        WHOLE + b"POST",
        WHOLE + b"POST / HTTP/1.1\r\nA: b",
    ],
    ids=["headers", "line", "empty-lines-first", "second-line", "second-headers"],
)
async def test_a_head_that_does_not_end_is_cut(sent: bytes) -> None:
    """The client is told so by 408, and the connection ends."""
    async with serving(QUICK) as served, served.client(sent) as (reader, _):
        if sent.startswith(WHOLE):
            assert b"200 OK" in await answer(reader)
        assert (await answer(reader)).startswith(b"HTTP/1.1 408 Request Timeout")
        await end(reader)
        await until(lambda: not len(served.server.connections), what="no connection")


async def test_a_head_that_grows_byte_by_byte_is_cut_all_the_same() -> None:
    """It is the whole head that has a time, not each byte."""
    async with serving(QUICK) as served, served.client(START % b"a") as (reader, writer):
        answered = asyncio.ensure_future(answer(reader))

        async def drip() -> None:
            while not answered.done():
                writer.write(b"a")
                await asyncio.sleep(0)

        dripping = asyncio.ensure_future(drip())
        got = await arrival(answered, what="408")
        await dripping
        assert got.startswith((b"HTTP/1.1 408", b"HTTP/1.1 431"))


async def test_a_connection_that_says_nothing_is_closed_and_one_between_requests_is_not() -> None:
    """A proxy keeps its connections for longer than a head may take."""
    async with serving(QUICK) as served, served.client(WHOLE) as (kept, writer):
        assert b"200 OK" in await answer(kept)
        async with served.client() as (silent, _):
            await end(silent)
        writer.write(WHOLE)
        assert b"200 OK" in await answer(kept)
    assert served.bodies == [b"{}", b"{}"]


@pytest.mark.parametrize(
    "head",
    [
        START % b"a" + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n",
        START % b"a" + b"".join(b"X-%d: y\r\n" % number for number in range(100_000)) + b"\r\n",
        b"POST /?" + b"&".join(b"a%d=1" % number for number in range(5_000)) + b" HTTP/1.1\r\nHost: t\r\n\r\n",
        b"X" * 1_000_000,
        START % b"a" + b"Y" * 1_000_000 + b": 1\r\n\r\n",
    ],
    ids=["one-value", "many-fields", "parameters", "no-line", "one-name"],
)
async def test_a_head_that_is_too_large_is_refused(head: bytes) -> None:
    """431 (or 400 where it is no head at all), told to a client that is still sending; the next one is served."""
    async with serving() as served:
        got = await served.asked(head)
        assert got.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
        assert b"200 OK" in await served.asked(WHOLE)


async def test_a_head_may_come_in_any_pieces() -> None:
    """Byte by byte, with empty lines before it, with the next one in the same segment, up to the limit."""
    full = START % b"a" + b"Content-Length: 2\r\nX: "
    full += b"y" * (PUBLIC.head_bytes - len(full) - 4) + b"\r\n\r\n{}"
    async with serving() as served, served.client() as (reader, writer):
        for sent in (WHOLE, b"\r\n" + WHOLE, full):
            for place in range(0, len(sent), 1 if sent is not full else 1_000):
                writer.write(sent[place : place + (1 if sent is not full else 1_000)])
                await writer.drain()
            assert b"200 OK" in await answer(reader)
        writer.write(WHOLE * 5)
        for _ in range(5):
            assert b"200 OK" in await answer(reader)
    assert served.bodies == [b"{}"] * 8


async def test_requests_sent_ahead_are_few() -> None:
    """While one is being answered, as much may wait as one head may hold; of small ones, aiohttp's own number."""
    before = cut("sent_ahead")
    async with serving() as served, served.client(START.replace(b"/ ", b"/held ") % b"a" + b"\r\n") as (reader, writer):
        await until(lambda: bool(served.bodies), what="a request under way")
        large = START % b"a" + b"X: " + b"y" * 4_000 + b"\r\n\r\n"
        writer.write(large * 100)
        await end(reader)
    assert cut("sent_ahead") == before + 1
    assert served.bodies == [b""]


async def test_of_many_half_sent_requests_the_oldest_give_way() -> None:
    """Heads, bodies and silent connections fill the places: an honest request finds one, again and again."""
    few = replace(PUBLIC, connections=8)
    halves = [b"", START % b"a", START % b"b" + b"Content-Length: 9\r\n\r\n{"]
    async with serving(few) as served, AsyncExitStack() as stack:
        before = cut("displaced")
        for number in range(30):
            await stack.enter_async_context(served.client(halves[number % 3]))
            await until(lambda: bool(len(served.server.connections)), what="a connection")
            assert b"200 OK" in await served.asked(WHOLE)
            assert len(served.server.connections) <= 8
        assert cut("displaced") > before


async def test_a_request_under_way_keeps_its_place() -> None:
    """Where all places are at work, a new connection is told to come again."""
    few = replace(PUBLIC, connections=3)
    holding = START.replace(b"/ ", b"/held ") % b"a" + b"\r\n"
    async with serving(few) as served, AsyncExitStack() as stack:
        readers = [(await stack.enter_async_context(served.client(holding)))[0] for _ in range(3)]
        await until(lambda: len(served.bodies) == 3, what="three requests under way")
        refused = await served.asked(b"")
        assert refused.startswith(b"HTTP/1.1 503")
        assert b"Retry-After: " in refused
        served.held.set()
        for reader in readers:
            assert b"200 OK" in await answer(reader)


@pytest.mark.parametrize(("shops", "status"), [(1, b"429"), (50, b"503")])
async def test_bodies_under_way_have_a_largest_size(shops: int, status: bytes) -> None:
    """What has been arriving for longest makes way, of its shop or of all, with 429 or 503 and a time to come again;
    a body that is whole finds room."""
    small = replace(PUBLIC, body_bytes=200_000, shop_body_bytes=200_000 if shops > 1 else 100_000)
    most = small.shop_body_bytes
    async with serving(small) as served, AsyncExitStack() as stack:
        readers = []
        for number in range(20):
            head = START % b"shop%d" % (number % shops) + b"Content-Length: 90000\r\n\r\n"
            reader, _ = await stack.enter_async_context(served.client(head + bytes(80_000)))
            readers.append(reader)
            assert b"200 OK" in await served.asked(WHOLE.replace(b"Shop: a", b"Shop: shop0"))
            assert served.server.bodies.held <= most
        first = await answer(readers[0])
        assert first.startswith(b"HTTP/1.1 " + status)
        assert b"Retry-After: " in first
    await until(lambda: not served.server.bodies.held, what="room for bodies")


async def test_a_whole_body_is_not_given_up_for_another() -> None:
    """While it is worked on it keeps its room, and the one that comes is refused unread; then there is room again."""
    small = replace(PUBLIC, body_bytes=100_000)
    whole = START.replace(b"/ ", b"/held ") % b"a" + b"Content-Length: 90000\r\n\r\n" + bytes(90_000)
    async with serving(small) as served, served.client(whole) as (reader, _):
        await until(lambda: bool(served.bodies), what="a body that is whole")
        more = START % b"b" + b"Content-Length: 20000\r\n\r\n" + bytes(20_000)
        assert (await served.asked(more)).startswith(b"HTTP/1.1 503")
        served.held.set()
        assert b"200 OK" in await answer(reader)
        assert b"200 OK" in await served.asked(more)


@pytest.mark.parametrize("limits", [replace(PUBLIC, body_seconds=0.3), replace(PUBLIC, body_still_seconds=0.3)])
async def test_a_body_that_stalls_is_refused(limits: ServerLimits) -> None:
    """408, whether it has stopped or goes on too slowly."""
    async with serving(limits) as served:
        got = await served.asked(START % b"a" + b"Content-Length: 100\r\n\r\n{")
        assert got.startswith(b"HTTP/1.1 408")
        assert served.server.bodies.held == 0


async def test_a_body_cut_off_is_nobodys_fault() -> None:
    """A client that leaves in the middle of a body makes no error, and gives its room back."""
    async with serving() as served:
        async with served.client(START % b"a" + b"Content-Length: 100\r\n\r\n{"):
            await until(lambda: bool(served.server.bodies.held), what="a body under way")
        await until(lambda: not served.server.bodies.held, what="room for bodies")
        assert served.bodies == []


@pytest.mark.parametrize("size", [1, 5, 1_000, 100_000])
async def test_a_body_in_chunks_is_taken(size: int) -> None:
    """Of any size; the next request follows, unless the chunks' frames were larger than what was in them."""
    body = bytes(range(256)) * 100
    pieces = [body[place : place + size] for place in range(0, len(body), size)]
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    head = START % b"a" + b"Transfer-Encoding: chunked\r\n\r\n"
    async with serving() as served, served.client(head + chunked) as (reader, writer):
        assert (await answer(reader)).endswith(b"%d" % len(body))
        writer.write(WHOLE)
        assert (b"200 OK" in await answer(reader)) == (size > 1)
    assert served.bodies == [body, b"{}"][: 1 + (size > 1)]


async def test_answers_that_nobody_reads_have_a_largest_size() -> None:
    """Clients that ask for much and take nothing are cut, the first of them first."""
    small = replace(PUBLIC, unread_bytes=ENDLESS)
    before = cut("answer_unread")
    async with serving(small) as served, AsyncExitStack() as stack:
        for _ in range(8):
            await stack.enter_async_context(served.client(b"GET /large HTTP/1.1\r\nHost: t\r\n\r\n"))
        await until(lambda: cut("answer_unread") >= before + 5, what="five clients that are cut")
        assert b"200 OK" in await served.asked(WHOLE)


async def test_an_answer_of_which_nothing_is_taken_is_given_up() -> None:
    """After a while without a byte."""
    asked = b"GET /large HTTP/1.1\r\nHost: t\r\n\r\n"
    async with serving(replace(QUICK, unread_seconds=0.3)) as served, served.client(asked):
        await until(lambda: bool(len(served.server.connections)), what="a connection")
        await until(lambda: not len(served.server.connections), what="no connection")


@pytest.mark.parametrize("sent", [WHOLE, b"NONSENSE\r\n\r\n"], ids=["request", "nonsense"])
async def test_bytes_and_the_end_in_one_turn_raise_nothing(sent: bytes) -> None:
    """A client may be gone in the turn of the loop in which its request came, whatever loop it is."""
    unhandled: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unhandled.append(context.get("exception", context["message"])))

    async def answered(_: web.BaseRequest) -> web.Response:
        return web.Response()

    connections = Connections(PUBLIC, 10)
    connections.server = web.Server(answered)
    connection = Connection(connections)
    ours, theirs = socket.socketpair()
    with theirs:
        await loop.connect_accepted_socket(lambda: connection, ours)
        for _ in range(3):  # until aiohttp waits for a request
            await asyncio.sleep(0)
        connection.get_buffer(0)[: len(sent)] = sent
        connection.buffer_updated(len(sent))
        connection.connection_lost(None)
        for _ in range(5):
            await asyncio.sleep(0)
        gc.collect()  # of a task that failed unseen it is told when it goes
    connections.close()
    assert not unhandled


async def test_a_refusal_is_a_problem_document() -> None:
    """Also where no request could be made of what came."""
    async with serving() as served:
        head, _, body = (await served.asked(b"X" * 2 * SEGMENT)).partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == 431


def test_as_many_files_may_be_open_as_the_system_allows() -> None:
    """The soft limit becomes the hard one."""
    assert raise_open_files() == open_files() >= 1_024
