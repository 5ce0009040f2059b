"""Event streams (SSE): the present state first, then each newer one, the last one closes the stream.

A stream also ends with its session token, and after some minutes: whoever follows opens it again with a new token.

An event from the broker only says that something has changed; the state itself is read from the document. So a lost
event delays a state by one heartbeat at most, and a slow reader gets the latest state, never a growing queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import BaseModel

from services.preview.api.http.hub import EventHub, Key
from services.preview.api.http.responses.problem import ProblemError
from services.preview.api.http.server_keys import KNOWN_FOR
from shared.mongodb.connection import STORE_AWAY

if TYPE_CHECKING:
    from services.preview.api.http.route import Call

HEARTBEAT = 15.0
"""Seconds between signs of life; the state is read again at each."""

LAST_WRITE = 30.0
"""Seconds that a reader has for the last of a stream whose time is over."""

SHORTEST_PAUSE = 0.1
"""Seconds between two states of one stream."""

AT_ONCE = 5
"""States of a stream that come without that pause: as many as something short has, for which a person waits."""

State = tuple[BaseModel, bool]
"""A state and whether it is the last one."""


async def stream(
    call: Call[Any, Any], key: Key, name: str, read: Callable[[], Awaitable[State | None]]
) -> web.StreamResponse:
    """Answer the states of one document as events called `name` until its last one, or the stream's time is over."""
    hub, request = call.deps.hub, call.request
    until = monotonic() + call.deps.limits.stream_life(call.caller)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    with hub.listening(key) as changed, suppress(ConnectionResetError), _revocation(call, changed) as revoked:
        try:
            async with asyncio.timeout(max(0.0, until - monotonic()) + LAST_WRITE):
                async for text in _texts(hub, changed, name, read, until=until, revoked=revoked):
                    # write() waits for a slow reader; meanwhile newer states replace older ones in the document.
                    await response.write(text.encode())
                await response.write_eof()
        except TimeoutError:
            # A reader that takes nothing would keep its place for ever.
            if request.transport is not None:
                request.transport.abort()
    return response


@contextmanager
def _revocation(call: Call[Any, Any], changed: asyncio.Event) -> Iterator[asyncio.Event]:
    """An event that is set once the key of a server that follows works no more; `changed` is then set, too."""
    revoked = asyncio.Event()
    key, callers = call.caller.key, call.deps.key_callers
    if key is None:
        yield revoked
        return

    async def watch() -> None:
        while True:
            await asyncio.sleep(KNOWN_FOR)
            with suppress(*STORE_AWAY, ProblemError):  # it is looked at again
                if not await callers.still(key):
                    break
        revoked.set()
        changed.set()

    watching = asyncio.create_task(watch())
    try:
        yield revoked
    finally:
        watching.cancel()


async def _texts(
    hub: EventHub,
    changed: asyncio.Event,
    name: str,
    read: Callable[[], Awaitable[State | None]],
    *,
    until: float = inf,
    revoked: asyncio.Event | None = None,
) -> AsyncIterator[str]:
    last = ""
    looks = 0
    sent = monotonic()
    while not hub.closed:
        if revoked is not None and revoked.is_set():
            yield ": the key works no more\n\n"
            return
        changed.clear()
        state = await read()
        if state is None:
            return  # removed meanwhile
        model, ended = state
        text = model.model_dump_json(by_alias=True)
        if text != last:
            last = text
            sent = monotonic()
            yield f"event: {name}\ndata: {text}\n\n"
        elif monotonic() - sent >= HEARTBEAT:
            sent = monotonic()
            yield ": still here\n\n"
        if ended:
            return
        looks += 1
        if looks >= AT_ONCE:
            await asyncio.sleep(SHORTEST_PAUSE)
        left = until - monotonic()
        if left <= 0:
            yield ": open it again\n\n"
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(min(HEARTBEAT, left)):
                await changed.wait()
