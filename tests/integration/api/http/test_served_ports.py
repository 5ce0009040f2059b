"""What every HTTP server of ours does alike: it tells no versions, and shares its port with no stranger."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from deploy.local.ports import free_ports
from services.command_line.all_services import AllServices
from services.preview.bootstrap import PreviewService
from services.reconciler.bootstrap import ReconcilerService
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.mongodb.connection import Mongo
from shared.mongodb.shops.shops import ShopStore
from shared.settings import Settings
from tests.integration.api.access.session_tokens import session_token
from tests.integration.ingest.ingest_setup import headers_of, sign
from tests.integration.shop_world import CLIENT_SECRET, SHOP, settings_for
from tests.waiting import arrival

STARTS: dict[str, Callable[[Settings], Awaitable[Any]]] = {
    "webhook-ingest": WebhookIngestService.start,
    "preview": PreviewService.start,
    "reconciler": ReconcilerService.start,
    "all": AllServices.start,
}
PORTS = dict.fromkeys(STARTS, ("port", "operations_port")) | {"reconciler": ("operations_port",)}

REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"POST /webhooks/shopify HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    b"GET /api/boms HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET /nothing/at/all HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"NONSENSE\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
    b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
)


KEYS = [Fernet.generate_key().decode()]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def settings(vhost_url: str, mongodb_uri: str, database_name: str) -> Settings:
    """Settings with free ports."""
    return settings_for(vhost_url, mongodb_uri, database_name, "http://127.0.0.1:1")


@pytest.fixture
def foreign() -> Iterator[socket.socket]:
    """A port on which somebody else listens who would share it."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


@pytest.mark.parametrize(("name", "port"), [(name, port) for name, ports in PORTS.items() for port in ports])
async def test_a_port_of_somebody_else_stops_the_start(
    settings: Settings, foreign: socket.socket, name: str, port: str
) -> None:
    """Also of one that would share: half of the webhooks would go to it."""
    taken = settings.model_copy(update={port: foreign.getsockname()[1]})
    with pytest.raises(OSError, match="in use"):
        await STARTS[name](taken)


async def answer_to(request: bytes, port: int) -> bytes:
    """The answer to a request as bytes."""

    async def talk() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer

    return await arrival(talk(), what=f"an answer to {request[:40]!r}")


@pytest.mark.parametrize("name", ["webhook-ingest", "preview"])
async def test_nobody_is_told_versions_and_nobody_joins_the_port(settings: Settings, name: str) -> None:
    """Good requests, bad ones, and what is no request at all: no answer names Python, aiohttp or a version."""
    service = await STARTS[name](settings)
    try:
        for port in (service.port, service.operations_port):
            for request in REQUESTS:
                head = (await answer_to(request, port)).partition(b"\r\n\r\n")[0].lower()
                assert head.startswith(b"http/1."), request[:40]
                assert b"aiohttp" not in head, head
                assert b"python" not in head, head
            with socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with pytest.raises(OSError, match="in use"):
                    other.bind(("127.0.0.1", port))
    finally:
        await service.stop()


BODY = json.dumps({"id": 5, "name": "New", "active": True}).encode()
COMPRESSED = gzip.compress(BODY)
BOMB = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
WEBHOOKS: dict[str, tuple[bytes, bytes]] = {
    "plain": (BODY, BODY),
    "compressed, signed as sent": (COMPRESSED, COMPRESSED),
    "compressed, signed before": (COMPRESSED, BODY),
    "a bomb, signed as sent": (BOMB, BOMB),
}
"""A body and what its signature is over."""


async def test_a_compressed_body_is_taken_alike_wherever_it_is_served(
    settings: Settings, http: aiohttp.ClientSession
) -> None:
    """Nothing of ours unpacks a request: a signature is over the bytes as sent, alone or beside the API."""
    statuses: list[dict[str, int]] = []
    for name in ("webhook-ingest", "all"):
        free = settings.model_copy(update={"port": free_ports(1)[0]})
        service = await STARTS[name](free)
        try:
            found: dict[str, int] = {}
            for what, (body, signed) in WEBHOOKS.items():
                headers = headers_of("locations/create", SHOP, body, hmac_sha256=sign(signed, CLIENT_SECRET))
                if what != "plain":
                    headers["Content-Encoding"] = "gzip"
                url = f"http://127.0.0.1:{free.port}/webhooks/shopify"
                async with http.post(url, data=body, headers=headers) as response:
                    found[what] = response.status
            statuses.append(found)
        finally:
            await service.stop()
    assert statuses[0] == statuses[1]
    assert (statuses[0]["plain"], statuses[0]["compressed, signed before"]) == (200, 401)


async def test_the_api_takes_no_compressed_body(settings: Settings, http: aiohttp.ClientSession) -> None:
    """It is refused before it is read, whatever it would unpack to, with what to do."""
    mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
    await ShopStore(mongo.db, KEYS).add(SHOP, "t")
    mongo.close()
    service = await PreviewService.start(settings.model_copy(update={"token_keys": [SecretStr(KEYS[0])]}))
    try:
        headers = {"Authorization": f"Bearer {session_token()}", "Content-Type": "application/json"}
        for coding in ("gzip", "deflate", "br", "identity, gzip"):
            named = headers | {"Content-Encoding": coding}
            async with http.put(f"http://127.0.0.1:{service.port}/api/boms", data=BOMB, headers=named) as response:
                problem = await response.json()
            assert (response.status, problem["errors"][0]["field"]) == (415, "header.Content-Encoding"), coding
    finally:
        await service.stop()


async def test_a_stranger_who_joins_a_shared_port_is_noticed(settings: Settings) -> None:
    """A process of the same user may join at any time: the front is not ready from then on, until it has gone."""
    service = await WebhookIngestService.start(settings.model_copy(update={"port": free_ports(1)[0]}))
    try:
        assert (await service.ready())["port"]
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            other.bind(("127.0.0.1", service.port))
            other.listen()
            assert not (await service.ready())["port"]
        assert (await service.ready())["port"]
    finally:
        await service.stop()
