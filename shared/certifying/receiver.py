"""Takes the webhooks of one certification at an address of its own; what comes is kept and judged by the probe."""

from __future__ import annotations

import base64
import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from shared.running.clock import Clock
from shared.shopify.calls.answers import json_in

_LARGEST_BODY = 2**20
_MOST = 1000
"""Webhooks that are kept: a stranger may find the address, too."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One webhook as it came. `headers` by their names in small letters; `signed`: by one of the client secrets."""

    at: datetime
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    signed: bool

    @property
    def topic(self) -> str:
        """What it says that it is of."""
        return self.headers.get("x-shopify-topic", "")


@dataclass(slots=True)
class Receiver:
    """`uri` is the public address that Shopify is given."""

    uri: str
    secrets: Sequence[str]
    clock: Clock
    arrivals: list[Arrival] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Keep it and answer at once."""
        raw = await request.read()
        try:
            body = json_in(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict) or len(self.arrivals) >= _MOST:
            return web.Response(status=400)
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = headers.get("x-shopify-hmac-sha256", "")
        self.arrivals.append(Arrival(self.clock.now(), headers, body, self._signs(raw, given)))
        return web.Response()

    def _signs(self, raw: bytes, given: str) -> bool:
        sent = given.encode("utf-8", "surrogateescape")
        right = [base64.b64encode(hmac.digest(secret.encode(), raw, "sha256")) for secret in self.secrets]
        found = [hmac.compare_digest(one, sent) for one in right]
        return any(found)

    def of(self, topic: str, item_id: str, location_id: str) -> list[Arrival]:
        """Signed ones of a topic about a level."""
        return [
            one
            for one in self.arrivals
            if one.signed
            and one.topic == topic
            and str(one.body.get("inventory_item_id")) == item_id
            and str(one.body.get("location_id")) == location_id
        ]


@asynccontextmanager
async def receiving(receiver: Receiver, host: str, port: int, paths: Sequence[str]) -> AsyncIterator[int]:
    """Serve it; answers the port. Raises OSError where that is taken."""
    app = web.Application(client_max_size=_LARGEST_BODY)
    for path in paths:
        app.router.add_post(path, receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
