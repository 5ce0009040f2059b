"""The operations port of every service: /livez, /readyz and /metrics, apart from the public port."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from time import monotonic

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared import metrics
from shared.observing import tracing
from shared.observing.spans import CARRIED
from shared.serving.limits import OPERATIONS
from shared.serving.server import RunningServer, start_server

log = structlog.get_logger()

Ready = Callable[[], Awaitable[dict[str, bool]]]
"""Returns part → whether it works now; the service is ready when all do."""

Reasons = Callable[[], dict[str, str]]
"""Returns part → why it does not work, of those that say so. Asked after `Ready`."""


def reasons_of(**refusals: str | None) -> dict[str, str]:
    """Reasons of the parts that have one."""
    return {part: reason for part, reason in refusals.items() if reason is not None}


MEASURED: web.RequestKey[bool] = web.RequestKey("measured", bool)
"""Set on a request that its own service has measured, in an application that several share."""


async def start_operations(host: str, port: int, ready: Ready, reasons: Reasons = reasons_of) -> RunningServer:
    """Serve /livez (the process runs), /readyz (200 or 503, with what works, what does not and why) and /metrics."""

    async def livez(_: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def readyz(_: web.Request) -> web.Response:
        parts = await ready()
        works = all(parts.values())
        status = HTTPStatus.OK if works else HTTPStatus.SERVICE_UNAVAILABLE
        return web.Response(
            status=status.value,
            text=json.dumps({"ready": works, "parts": parts} | ({} if works else {"reasons": reasons()})),
            content_type="application/json",
        )

    async def show_metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/livez", livez)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", show_metrics)
    return await start_server(app, host, port, shutdown_timeout=1.0, limits=OPERATIONS)


@web.middleware
async def http_traces(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A middleware that traces every request under the path of its route, going on from the caller's trace."""
    if not tracing.on():
        return await handler(request)
    route = _route_of(request)
    parent = request.headers.get(CARRIED)
    with tracing.span(f"{request.method} {route}", kind="server", parent=parent) as span:
        span.set("http.request.method", request.method)
        span.set("http.route", route)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            span.set("http.response.status_code", error.status)
            raise
        span.set("http.response.status_code", response.status)
        return response


def _route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return "unmatched" if resource is None else resource.canonical


def http_metrics(service: str) -> Middleware:
    """A middleware that measures every request under the path of its route, never the path as sent."""

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = monotonic()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            seconds = monotonic() - started
            if not request.get(MEASURED, False):
                metrics.HTTP_REQUESTS.labels(service, _route_of(request), str(status)).observe(seconds)
        return response

    return measure
