"""A relay before a server: what a client sees of one that is frozen, gone and back, and no server has to start."""

from __future__ import annotations

import asyncio
from typing import Self
from urllib.parse import urlsplit

from deploy.local.ports import LOOPBACK

_CHUNK = 2**16


class Relay:
    """Stands between clients and a server on this machine, for an `async with` block."""

    def __init__(self, url: str) -> None:
        """`url`: the server's own, of any kind with a host and a port."""
        self._server_url = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._gone = False
        self.missed = 0
        """Connections that were wanted while it was gone."""
        self._open = asyncio.Event()
        self._open.set()
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The server's URL by way of the relay."""
        user, at, _ = self._server_url.netloc.rpartition("@")
        return self._server_url._replace(netloc=f"{user}{at}{LOOPBACK}:{self._port}").geturl()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._relay, LOOPBACK, 0)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        if self._server is not None:
            self._server.close()
        await self.go()

    def freeze(self) -> None:
        """From now on nothing is answered: connections stay, and new ones are made and get no word."""
        self._open.clear()

    async def go(self) -> None:
        """Cut every connection and take no new one."""
        self._gone = True
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def come_back(self) -> None:
        """Answer again."""
        self._gone = False
        self._open.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._gone:
            self.missed += 1
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            await self._open.wait()
            there = await asyncio.open_connection(self._server_url.hostname, self._server_url.port)
            try:
                ways = [self._forward(reader, there[1]), self._forward(there[0], writer)]
                tasks = [asyncio.ensure_future(way) for way in ways]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for one in tasks:
                        one.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
            finally:
                there[1].transport.abort()
        except asyncio.CancelledError:
            pass  # `go`: a cancelled handler would be reported
        finally:
            writer.transport.abort()
            self._connections.discard(task)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self._open.wait()
            writer.write(data)
            await writer.drain()
