"""The connections of one server: how many, how long a head may take, how large it may be, who takes no answer.

aiohttp bounds a header, not a head; reads up to a megabyte of a body that nobody asks for; and lets a connection wait
for an hour. So its protocol is wrapped in one of ours, which hands it the bytes and sees what comes of them.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import cast

from aiohttp import web
from aiohttp.web import Server

from shared import metrics
from shared.serving.bodies import RETRY_AFTER
from shared.serving.limits import SEGMENT, ServerLimits

_HEAD_END = b"\r\n\r\n"
_HIGH_WATER = 32 * 1024
"""Bytes of an answer that wait for a client before it counts as one that does not read."""
_FRAMING = 1_024
_BEFORE_ITS_TURN = 4 * SEGMENT
"""Bytes that may come between a head's end and its request's beginning: a segment in each turn of the loop."""


REASONS = ("full", "displaced", "head_slow", "head_large", "sent_ahead", "answer_unread")
"""Why connections are cut, as their metric has it."""


class Connections:
    """Those that are open, in the order in which they began to wait for their clients."""

    def __init__(self, limits: ServerLimits, max_open: int) -> None:
        self.server: Server | None = None
        self.limits = limits
        self.loop = asyncio.get_running_loop()
        # One for all: what arrives is copied out of it before anything else is read.
        self.segment = memoryview(bytearray(SEGMENT))
        self._max_open = max_open
        self._open: dict[Connection, None] = {}
        self._by_handler: dict[object, Connection] = {}
        self._unread: dict[Connection, None] = {}
        self._look: asyncio.TimerHandle | None = None
        metrics.begin_at_zero(metrics.CONNECTIONS_CUT, REASONS)

    def __len__(self) -> int:
        return len(self._open)

    def of(self, request: web.BaseRequest) -> Connection | None:
        """The connection that a request came by; None: it is gone."""
        return self._by_handler.get(request.protocol)

    def admit(self, connection: Connection) -> bool:
        """Take a new one, in the place of another where all are taken; returns whether there was a place."""
        if len(self._open) >= self._max_open:
            waiting = next((other for other in self._open if other.waits_for_its_client), None)
            if waiting is None:
                count_cut("full")
                return False
            self.drop(waiting, "displaced")
        self._open[connection] = None
        if self._look is None:
            self._look_later()
        return True

    def drop(self, connection: Connection, reason: str) -> None:
        """Cut a connection without a word."""
        count_cut(reason)
        self.forget(connection)
        connection.abort()

    def handler_of(self, connection: Connection) -> web.RequestHandler:
        """Make aiohttp's part of a connection."""
        if self.server is None:
            raise RuntimeError("a connection before the server was set up")
        handler = self.server()
        self._by_handler[handler] = connection
        return handler

    def waits_anew(self, connection: Connection) -> None:
        """It begins to wait for its client: it is the last to give way."""
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None

    def forget(self, connection: Connection) -> None:
        """It is closed."""
        self._open.pop(connection, None)
        self._unread.pop(connection, None)
        self._by_handler.pop(connection.handler, None)

    def takes_nothing(self, connection: Connection) -> None:
        """Its client does not take its answer; where such answers fill their room, the first of them goes."""
        self._unread[connection] = None
        while sum(other.unread for other in self._unread) > self.limits.unread_bytes:
            self.drop(next(iter(self._unread)), "answer_unread")

    def takes_again(self, connection: Connection) -> None:
        """Its client has taken its answer."""
        self._unread.pop(connection, None)

    def close(self) -> None:
        """Look no more."""
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _look_later(self) -> None:
        self._look = self.loop.call_later(min(1.0, self.limits.head_seconds / 10), self._look_at_all)

    def _look_at_all(self) -> None:
        now = self.loop.time()
        for connection in list(self._open):
            connection.look(now)
        self._look = None
        if self._open:
            self._look_later()


class Connection(asyncio.BufferedProtocol):
    """One connection: its bytes go to aiohttp's protocol, unless they are too many or too slow."""

    def __init__(self, connections: Connections) -> None:
        self._all = connections
        self.handler: web.RequestHandler | None = None
        self._transport: asyncio.Transport | None = None
        self._since = 0.0
        # Bytes received that no request has accounted for: of a head, or of requests sent ahead.
        self._ahead = 0
        # Of the head under way: its last three bytes, and its size once it is whole.
        self._last = b""
        self._head = 0
        # It began in a segment with another request's end, so its own end may have been there, too.
        self._began_unseen = False
        self._request: web.BaseRequest | None = None
        self._working = False
        self._asked_before = False
        self._refused = False
        self._unread_since: float | None = None
        self._unread_left = 0

    @property
    def waits_for_its_client(self) -> bool:
        """Whether nothing is being done here that the client could not do sooner."""
        if self._refused or self._unread_since is not None:
            return True
        if self._request is None:
            return not self._head
        return not (self._working and self._request.content.is_eof())

    @property
    def unread(self) -> int:
        """Bytes of answers that the client has not taken."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it, or say that there is no place."""
        socket = self._transport = cast("asyncio.Transport", transport)
        self._since = self._all.loop.time()
        if not self._all.admit(self):
            self._refused = True
            socket.write(_answer(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections: try again later"))
            socket.close()
            return
        socket.set_write_buffer_limits(high=_HIGH_WATER)
        self.handler = self._all.handler_of(self)
        self.handler.connection_made(socket)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        del sizehint  # asyncio knows no better
        return self._all.segment

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come."""
        data = bytes(self._all.segment[:nbytes])
        if self._refused or self.handler is None:
            return
        self._account()
        if self._request is None:
            if not self._ahead:
                # Empty lines before a request mean nothing.
                data = data.lstrip(b"\r\n")
                if self._asked_before:
                    self._since = self._all.loop.time()
            if not self._is_head(data):
                self._refuse(
                    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                    f"the request's line and headers have at most {self._all.limits.head_bytes} bytes: shorten them",
                    "head_large",
                )
                return
        if self._sent_ahead > self._all.limits.head_bytes:
            self._all.drop(self, "sent_ahead")
            return
        self._ahead += len(data)
        if data:
            self.handler.data_received(data)

    def eof_received(self) -> None:
        """The client sends no more: asyncio closes the connection."""
        if self.handler is not None:
            self.handler.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._all.forget(self)
        if self.handler is not None:
            self._part_from(self.handler, exc)
        self._transport = self._request = None

    def pause_writing(self) -> None:
        """The client takes less than it is given."""
        self._unread_since, self._unread_left = self._all.loop.time(), self.unread
        if self.handler is not None:
            self.handler.pause_writing()
        self._all.takes_nothing(self)

    def resume_writing(self) -> None:
        """The client has taken what there was."""
        self._unread_since = None
        self._all.takes_again(self)
        if self.handler is not None:
            self.handler.resume_writing()

    # What its requests tell.

    def begun(self, request: web.BaseRequest) -> None:
        """The head is whole, its request begins."""
        self._account()
        self._request, self._working = request, True
        self._ahead = max(0, self._ahead - (self._head or _size_of_head(request)))
        self._head, self._last, self._began_unseen = 0, b"", False
        self._asked_before = True
        self._now_waits()

    def ended(self) -> None:
        """The request has its answer."""
        self._working = False
        self._now_waits()

    # What its bounds demand.

    def look(self, now: float) -> None:
        """Cut it where it has taken too long."""
        limits = self._all.limits
        self._account()
        if self._unread_since is not None:
            if self.unread < self._unread_left:
                self._unread_since, self._unread_left = now, self.unread
            elif now - self._unread_since > limits.unread_seconds:
                self._all.drop(self, "answer_unread")
        elif self._refused:
            if now - self._since > limits.linger_seconds:
                self.abort()
        elif self._request is None and now - self._since > limits.head_seconds:
            if self._ahead:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT, "the request did not arrive in time", "head_slow")
            elif not self._asked_before:
                self._all.drop(self, "head_slow")
            # Between two requests: aiohttp closes it when that has lasted.

    def abort(self) -> None:
        """Close it now, whatever is under way."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def _sent_ahead(self) -> int:
        """Bytes of requests that came before they were their turn."""
        if self._request is None:
            whole = self._head or self._began_unseen
            return self._ahead - self._head - _BEFORE_ITS_TURN if whole else 0
        return self._ahead - _bytes_of(self._request) if self._request.content.is_eof() else 0

    def _account(self) -> None:
        """A request that is answered, and whose body is whole, accounts for its bytes."""
        request = self._request
        if request is not None and not self._working and request.content.is_eof():
            self._ahead = max(0, self._ahead - _bytes_of(request))
            self._request = None
            self._began_unseen = self._ahead > 0

    def _is_head(self, data: bytes) -> bool:
        """Whether what has come of a head, with these bytes, is within bounds."""
        if self._head or self._began_unseen:
            return True  # it is whole, or may be: its request begins in a moment
        text = self._last + data
        end = text.find(_HEAD_END)
        size = self._ahead + len(data) if end < 0 else self._ahead - len(self._last) + end + len(_HEAD_END)
        if end < 0:
            self._last = text[-len(_HEAD_END) + 1 :]
        else:
            self._head = size
        return size <= self._all.limits.head_bytes

    def _refuse(self, status: HTTPStatus, detail: str, reason: str) -> None:
        """Answer, and throw away what still comes: closed at once, the client would see no answer."""
        count_cut(reason)
        self._refused = True
        self._since = self._all.loop.time()
        handler = self.handler
        if handler is not None:
            # It may be about to answer, too, with what it thinks of the request: to it the client is gone. What it
            # does not have it cannot close.
            handler.transport = None
            self._part_from(handler, None)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_answer(status, detail))
            self._transport.write_eof()

    def _part_from(self, handler: web.RequestHandler, exc: Exception | None) -> None:
        """Let aiohttp's part see the end, a turn of the loop later: what came before, in the same turn, may just have
        woken it, or made it, and it takes for granted that its connection is still there."""
        self.handler = None
        self._all.loop.call_soon(handler.connection_lost, exc)

    def _now_waits(self) -> None:
        self._since = self._all.loop.time()
        self._all.waits_anew(self)


def count_cut(reason: str) -> None:
    """Count a connection that is cut."""
    metrics.CONNECTIONS_CUT.labels(reason).inc()


def _bytes_of(request: web.BaseRequest) -> int:
    """Bytes that a request's body was sent in; of a chunked one at most as many again went into its frame."""
    size = request.content.total_bytes
    return 2 * size + _FRAMING if "Transfer-Encoding" in request.headers else size


def _size_of_head(request: web.BaseRequest) -> int:
    """Bytes of a head that came behind another request."""
    line = len(request.method) + len(request.raw_path) + len("  HTTP/1.1\r\n")
    return line + sum(len(name) + len(value) + len(": \r\n") for name, value in request.raw_headers) + len("\r\n")


def _answer(status: HTTPStatus, detail: str) -> bytes:
    """A problem document for a client that no request can be made of."""
    document = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    body = json.dumps(document).encode()
    again = f"Retry-After: {RETRY_AFTER}\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n{again}\r\n"
    )
    return head.encode() + body
