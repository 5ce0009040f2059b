"""Answers go out as small as the client takes them: what a phone loads over a slow line."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from services.preview.api.http.failures import problems
from services.preview.api.http.responses.compressed import compressed
from shared.serving.server import start_server
from tests.waiting import arrival

LONG = json.dumps([{"bom_id": f"B{n:05}", "cells": [n, n + 1]} for n in range(4_000)]).encode()
SHORT = b'{"boms": 3}'

Ask = Callable[[str, str], Awaitable[tuple[aiohttp.ClientResponse, bytes]]]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """An application whose answers are made by the path; none is unpacked."""

    async def answer(request: web.Request) -> web.StreamResponse:
        kind = request.match_info["kind"]
        if kind == "stream":
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            await response.write(LONG)
            return response
        bodies = {"long": (LONG, "application/json"), "short": (SHORT, "application/json"), "csv": (LONG, "text/csv")}
        body, media_type = bodies[kind]
        return web.Response(body=body, content_type=media_type)

    app = web.Application(middlewares=[compressed, problems])
    app.router.add_get("/{kind}", answer)
    server = await start_server(app, "127.0.0.1", 0)
    async with aiohttp.ClientSession(auto_decompress=False) as http:

        async def asked(kind: str, accepts: str) -> tuple[aiohttp.ClientResponse, bytes]:
            url = f"http://127.0.0.1:{server.port}/{kind}"
            async with http.get(url, headers={"Accept-Encoding": accepts}) as response:
                return response, await response.read()

        yield lambda kind, accepts: arrival(asked(kind, accepts), what="an answer")
    await server.close()


async def test_a_long_answer_is_packed_for_who_takes_it(ask: Ask) -> None:
    """With gzip among what the client takes the same JSON comes in a fraction of its bytes, and its length is right."""
    response, body = await ask("long", "br, gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers["Content-Length"] == str(len(body))
    assert gzip.decompress(body) == LONG
    assert len(body) < len(LONG) / 4
    assert (await ask("long", "br, gzip"))[1] == body


@pytest.mark.parametrize(
    ("kind", "accepts", "sent"),
    [("long", "identity", LONG), ("short", "gzip", SHORT), ("csv", "gzip", LONG), ("stream", "gzip", LONG)],
)
async def test_what_is_short_streamed_or_not_wanted_so_goes_out_as_it_is(
    ask: Ask, kind: str, accepts: str, sent: bytes
) -> None:
    """A client that takes no gzip, an answer of one packet, a table for download and a stream are left alone."""
    response, body = await ask(kind, accepts)
    assert "Content-Encoding" not in response.headers
    assert body == sent
