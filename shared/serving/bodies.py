"""Bodies under way, counted in bytes per process and per shop.

A body counts from its first byte until its request is answered. Where there is no room, the body that has been arriving
for longest makes way, not the one that comes: an honest body is whole in a moment, one that is sent by halves is not.
Bodies that are whole are being worked on and stay; when they alone fill the room, the new one is refused unread.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from shared.errors import TrueupError
from shared.serving.limits import ServerLimits

RETRY_AFTER = 5
"""Seconds after which a client that found no room tries again."""


class BodyRefused(TrueupError):
    """A body that is not taken: the status of the answer, and one line on why and what to do."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says beside its text."""
        again = self.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
        return {"Retry-After": str(RETRY_AFTER)} if again else {}


# What is raised is made where it is raised: one that a variable holds would keep the body until the next search for
# garbage, by its traceback.
_Refusal = tuple[HTTPStatus, str]
_SLOW: _Refusal = (HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive in time: send it again")
_SHOP_FULL: _Refusal = (HTTPStatus.TOO_MANY_REQUESTS, "too much of this shop is under way: send it again later")
_FULL: _Refusal = (HTTPStatus.SERVICE_UNAVAILABLE, "too much is under way: send it again later")


def _too_large(max_bytes: int) -> BodyRefused:
    return BodyRefused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {max_bytes} bytes: send it in several requests"
    )


@dataclass(eq=False, slots=True)
class _Held:
    shop: str
    size: int = 0
    limit: asyncio.Timeout | None = None
    refusal: _Refusal | None = None


class Bodies:
    """The bodies that one server's requests hold."""

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self.held = 0
        self._of_shop: Counter[str] = Counter()
        # In the order in which they began.
        self._arriving: dict[_Held, None] = {}

    async def read(self, request: web.Request, shop: str, max_bytes: int) -> bytes:
        """The raw body, whole. `shop`: whose share it counts in; `max_bytes`: its largest size.

        Raises BodyRefused (400, 408, 413, 429, 503).
        """
        if (request.content_length or 0) > max_bytes:
            raise _too_large(max_bytes)
        held = _Held(shop)
        self._make_room(held)
        request[_HELD] = held
        if request.content.is_eof() and request.content.exception() is None:
            # It came with its head, as nearly all do: nothing is waited for.
            whole = request.content.read_nowait(-1)
            if len(whole) > max_bytes:
                raise _too_large(max_bytes)
            self._grow(held, len(whole))
            return whole
        self._arriving[held] = None
        loop, body = asyncio.get_running_loop(), bytearray()
        end = loop.time() + self._limits.body_seconds
        try:
            async with asyncio.timeout_at(min(end, loop.time() + self._limits.body_still_seconds)) as held.limit:
                async for piece in request.content.iter_any():
                    if held.refusal is not None:
                        raise BodyRefused(*held.refusal)
                    if len(body) + len(piece) > max_bytes:
                        raise _too_large(max_bytes)
                    self._grow(held, len(piece))
                    body += piece
                    held.limit.reschedule(min(end, loop.time() + self._limits.body_still_seconds))
        except TimeoutError:
            raise BodyRefused(*(held.refusal or _SLOW)) from None
        except (web.RequestPayloadError, ConnectionError):
            raise BodyRefused(HTTPStatus.BAD_REQUEST, "the body is not whole: send it again") from None
        finally:
            self._arriving.pop(held, None)
            held.limit = None
        return bytes(body)

    def release(self, request: web.Request) -> None:
        """The request is answered: its body counts no more."""
        if (held := request.get(_HELD)) is not None:
            self._give_back(held)

    def _grow(self, held: _Held, more: int) -> None:
        held.size += more
        self.held += more
        self._of_shop[held.shop] += more
        self._make_room(held)

    def _make_room(self, held: _Held) -> None:
        """Let others make way for it. Raises BodyRefused where it is itself the one to give way."""
        while refusal := self._no_room(held.shop):
            of_shop = refusal is _SHOP_FULL
            first = next((other for other in self._arriving if not of_shop or other.shop == held.shop), held)
            self._arriving.pop(first, None)
            self._give_back(first)
            if first is held:
                raise BodyRefused(*refusal)
            first.refusal = refusal
            if first.limit is not None and not first.limit.expired():
                first.limit.reschedule(0)

    def _no_room(self, shop: str) -> _Refusal | None:
        if self._of_shop[shop] > self._limits.shop_body_bytes:
            return _SHOP_FULL
        if self.held > self._limits.body_bytes:
            return _FULL
        return None

    def _give_back(self, held: _Held) -> None:
        self.held -= held.size
        self._of_shop[held.shop] -= held.size
        held.size = 0
        if not self._of_shop[held.shop]:
            del self._of_shop[held.shop]


_HELD: web.RequestKey[_Held] = web.RequestKey("held", _Held)
UNNAMED = "application/octet-stream"
"""The type of a body whose sender names none."""

BODIES: web.AppKey[Bodies] = web.AppKey("bodies", Bodies)
"""Where a server keeps its own."""


def media_type(request: web.BaseRequest) -> str:
    """The type of the body, without parameters.

    aiohttp's own reading takes the square of the header's length in time: a quarter of a second for 15 kB.
    """
    return request.headers.get("Content-Type", UNNAMED).partition(";")[0].strip().lower()


async def read_body(request: web.Request, *, shop: str, max_bytes: int) -> bytes:
    """See `Bodies.read`."""
    return await request.app[BODIES].read(request, shop, max_bytes)
