"""/api/openapi.json and /api/asyncapi.json: what the service understands, open to everyone."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from services.preview.api.openapi import openapi_document
from services.preview.api.routes import AnyRoute
from shared.rabbitmq.described import document as asyncapi_document


def _fixed(text: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    return answer


def add_documents(app: web.Application, routes: Sequence[AnyRoute]) -> None:
    """Make both documents once and serve them."""
    app.router.add_route("GET", "/api/openapi.json", _fixed(json.dumps(openapi_document(routes))))
    app.router.add_route("GET", "/api/asyncapi.json", _fixed(json.dumps(asyncapi_document())))
