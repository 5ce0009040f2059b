"""What the Admin API answers, and how an answer is sent or broken off."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any, Final

from aiohttp import web

from simulator.graphql.cost import MAXIMUM_QUERY_COST
from simulator.simulation import Simulator

SIMULATOR: Final = web.AppKey("simulator", Simulator)
DOCUMENTATION: Final = "https://shopify.dev/api/usage/rate-limits"


@dataclass(slots=True)
class Reply:
    """What a call is answered. `outcome` goes into the call log."""

    body: dict[str, Any]
    status: int = 200
    outcome: str = "ok"
    requested: int = 0
    actual: int = 0
    headers: dict[str, str] = field(default_factory=dict)


def too_dear(requested: int) -> Reply:
    """A query that may cost more than a single one may."""
    message = (
        f"Query cost is {requested}, which exceeds the single query max cost limit ({MAXIMUM_QUERY_COST}).\n\n"
        "See https://shopify.dev/concepts/about-apis/rate-limits for more information on how the\n"
        "cost of a query is calculated.\n\n"
        "To query larger amounts of data with fewer limits, bulk operations should be used instead.\n"
        "See https://shopify.dev/tutorials/perform-bulk-operations-with-admin-api for usage details.\n"
    )
    extensions = {
        "code": "MAX_COST_EXCEEDED",
        "cost": requested,
        "maxCost": MAXIMUM_QUERY_COST,
        "documentation": DOCUMENTATION,
    }
    body = {"errors": [{"message": message, "extensions": extensions}]}
    return Reply(body, 200, "MAX_COST_EXCEEDED", requested)


def throttled(requested: int, cost: dict[str, Any]) -> Reply:
    """Too few points left: HTTP 200, told by the code."""
    extensions = {"code": "THROTTLED", "documentation": DOCUMENTATION}
    body = {
        "errors": [{"message": "Throttled", "extensions": extensions}],
        "extensions": cost,
    }
    return Reply(body, 200, "throttled", requested)


def broken(requested: int) -> Reply:
    """Shopify's own failure."""
    request_id = str(uuid.uuid4())
    message = (
        "Internal error. Looks like something went wrong on our end.\n"
        f"Request ID: {request_id} (include this in support requests)."
    )
    extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    return Reply({"errors": [{"message": message, "extensions": extensions}]}, 200, "internal", requested)


def send(simulator: Simulator, reply: Reply) -> web.Response:
    """The HTTP response of a reply, dated by the simulator's clock."""
    body = json.dumps(reply.body, separators=(",", ":"), ensure_ascii=False).encode()
    response = web.Response(body=body, status=reply.status, content_type="application/json", headers=reply.headers)
    response.headers["Date"] = date_header(simulator)
    response.headers["X-Request-Id"] = str(uuid.uuid4())
    return response


def date_header(simulator: Simulator) -> str:
    """The time by the simulator's clock, as HTTP has it."""
    return format_datetime(simulator.clock.now(), usegmt=True)


def cut(request: web.Request) -> web.Response:
    """End the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def truncated(request: web.Request, reply: Reply, simulator: Simulator) -> web.StreamResponse:
    """Half of the body, then the end of the connection."""
    body = json.dumps(reply.body, separators=(",", ":")).encode()
    return await broken_off(request, body, {"Content-Type": "application/json", "Date": date_header(simulator)})


async def broken_off(
    request: web.Request, body: bytes, headers: dict[str, str] | None = None
) -> web.StreamResponse | web.Response:
    """Half of what was promised, then the end of the connection; of nothing not even a status."""
    if not body:
        return cut(request)
    response = web.StreamResponse(headers={**(headers or {}), "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
