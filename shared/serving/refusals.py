"""Requests that are no HTTP: refused without repeating a byte of them, in the answer or in a line.

aiohttp answers and logs the line it stumbled over: a header's value with a token in it, say. Anybody can send one, so
the lines are few as well.
"""

from __future__ import annotations

import json
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from shared.observing.rate_limit import RateLimit

log = structlog.get_logger()

_LINES = RateLimit(limit=10, seconds=60.0)
"""Lines about refused requests, of the process: a scanner sends thousands."""


class RefusingProtocol(web.RequestHandler):
    """One connection of a server."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # aiohttp's words repeat what was sent
    ) -> web.StreamResponse:
        """The answer to what could not be read, or to a failure that no middleware has seen."""
        self.log_exception(exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun; cutting it off is the only way to say that it is not whole")
        answer = _problem(HTTPStatus(status))
        answer.force_close()
        return answer

    def log_exception(self, *_: object, exc_info: BaseException | None = None, **__: object) -> None:
        """A line about what went wrong: of what could not be read its kind alone, and not about every one."""
        if not isinstance(exc_info, (HttpProcessingError, web.RequestPayloadError)):
            log.error("request_failed", exc_info=exc_info)
        elif (held_back := _LINES.now()) is not None:
            log.info("request_not_understood", kind=type(exc_info).__name__, more_before=held_back)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer. One of aiohttp's own, raised outside of all middlewares, may repeat a header (Expect)."""
        if isinstance(resp, web.HTTPError):
            allowed = resp.headers.get("Allow")
            resp = _problem(HTTPStatus(resp.status))
            if allowed is not None:
                resp.headers["Allow"] = allowed
        return await super().finish_response(request, resp, start_time)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return RefusingProtocol(self, loop=self._loop, **self._kwargs)


class RefusingRunner(web.AppRunner):
    """Runs an application on connections of this kind."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,  # noqa: SLF001  # as it was made, but for the protocol
            **made._kwargs,  # noqa: SLF001  # as above
        )


def _problem(status: HTTPStatus) -> web.Response:
    refused = status < HTTPStatus.INTERNAL_SERVER_ERROR
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        detail = "There is nothing to be had here in this way."
    elif status == HTTPStatus.EXPECTATION_FAILED:
        detail = "The only expectation that is met is 100-continue: leave the header Expect out."
    else:
        detail = (
            "The request is no valid HTTP/1.1: correct it." if refused else "Something went wrong here; it is logged."
        )
    document = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    return web.Response(status=status.value, text=json.dumps(document), content_type="application/problem+json")
