"""The one way in which Trueup serves HTTP: every server within the bounds of `limits.py`."""

from __future__ import annotations

import asyncio
import os

from aiohttp import web, web_response
from aiohttp.typedefs import Handler, Middleware

from shared.serving.bodies import BODIES, Bodies
from shared.serving.connections import Connection, Connections
from shared.serving.limits import PUBLIC, RESERVED_FILES, SEGMENT, ServerLimits
from shared.serving.open_files import open_files
from shared.serving.refusals import RefusingRunner
from shared.serving.shared_port import foreigners, must_be_ours

NAME = "Trueup"
"""All that an answer's `Server` header says."""

_FEWEST = 16
"""Connections that are taken however few files may be open."""
_BACKLOG = 1_024
"""Connections that the kernel keeps until we take them."""


class RunningServer:
    """A web server that runs. `port` is the one it listens on, also where the system chose it."""

    def __init__(
        self, runner: web.AppRunner, listening: asyncio.Server, connections: Connections, bodies: Bodies
    ) -> None:
        self._runner = runner
        self._listening = listening
        self.connections = connections
        self.bodies = bodies
        self.port = int(listening.sockets[0].getsockname()[1])

    def is_ours_alone(self) -> bool:
        """Whether nobody but fronts of ours listens on the port: one of the same user could have joined since."""
        own = [os.fstat(listening.fileno()).st_ino for listening in self._listening.sockets]
        return not foreigners(self.port, own=own)

    async def close(self) -> None:
        """Take no further requests, let those under way end, and close."""
        self._listening.close()
        await self._runner.cleanup()
        self.connections.close()


async def start_server(
    app: web.Application,
    host: str,
    port: int,
    *,
    shutdown_timeout: float = 10.0,
    shared_port: bool = False,
    limits: ServerLimits = PUBLIC,
) -> RunningServer:
    """Serve an application; port 0 lets the system choose. Raises OSError where the port is taken.

    The port is this process's alone, or with `shared_port` also that of other fronts of ours, and of nobody else.
    Bodies stay as they were sent: a webhook's signature is over the raw bytes, compressed ones included.
    """
    # aiohttp has no setting for the name it gives itself, with its version and Python's, in whatever it answers.
    vars(web_response)["SERVER_SOFTWARE"] = NAME
    shared_port = shared_port and port != 0
    if shared_port:
        must_be_ours(port)
    max_open = min(limits.connections, max(_FEWEST, open_files() - RESERVED_FILES))
    connections = Connections(limits, max_open)
    bodies = app[BODIES] = Bodies(limits)
    app.middlewares.insert(0, _accounts(connections, bodies))
    runner = RefusingRunner(
        app,
        access_log=None,
        shutdown_timeout=shutdown_timeout,
        auto_decompress=False,
        keepalive_timeout=limits.idle_seconds,
        lingering_time=limits.linger_seconds,
        read_bufsize=SEGMENT,
        # Our own bound is on the whole head, and comes first.
        max_line_size=limits.head_bytes,
        max_field_size=limits.head_bytes,
        max_headers=limits.head_fields,
    )
    await runner.setup()
    connections.server = runner.server
    try:
        listening = await asyncio.get_running_loop().create_server(
            lambda: Connection(connections), host, port, reuse_port=shared_port or None, backlog=_BACKLOG
        )
    except OSError:
        await runner.cleanup()
        raise
    return RunningServer(runner, listening, connections, bodies)


def _accounts(connections: Connections, bodies: Bodies) -> Middleware:
    """The outermost middleware: tells a connection of its requests, and gives back what their bodies held."""

    @web.middleware
    async def account(request: web.Request, handler: Handler) -> web.StreamResponse:
        connection = connections.of(request)
        if connection is not None:
            connection.begun(request)
        try:
            return await handler(request)
        finally:
            bodies.release(request)
            if connection is not None:
                connection.ended()

    return account
