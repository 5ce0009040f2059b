"""A server on this machine that takes outgoing webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from shared.serving.server import start_server
from tests.waiting import until


@dataclass
class Receiver:
    """Takes outcomes, and answers with the statuses it was given, the last one for good; 0: it never answers."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    taken: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """One delivery."""
        self.taken.append((request.headers.copy(), await request.read()))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status == 0:
            await asyncio.Event().wait()
        return web.Response(status=status)

    async def until(self, number: int) -> None:
        """Wait for so many deliveries."""
        await until(lambda: len(self.taken) >= number, what=f"{number} deliveries", progress=lambda: len(self.taken))


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver on this machine."""
    made, app = Receiver(), web.Application()
    app.router.add_post("/hook", made.handle)
    server = await start_server(app, "127.0.0.1", 0, shutdown_timeout=0.1)
    made.url = f"http://127.0.0.1:{server.port}/hook"
    try:
        yield made
    finally:
        await server.close()
