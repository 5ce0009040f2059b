"""/api/openapi.json and /api/asyncapi.json: what the service understands, open to everyone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any

from aiohttp import web

from services.preview.api.http.reference.openapi import openapi_document
from services.preview.api.http.route import AnyRoute
from shared.rabbitmq.described import document as asyncapi_document


def _made_once(document: Callable[[], dict[str, Any]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Made when it is first asked for: a tenth of a second of work, which no start and no other request waits for."""

    @cache
    def text() -> str:
        return json.dumps(document())

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=await asyncio.to_thread(text), content_type="application/json")

    return answer


def add_documents(app: web.Application, routes: Sequence[AnyRoute]) -> None:
    """Serve both documents."""
    app.router.add_route("GET", "/api/openapi.json", _made_once(lambda: openapi_document(routes)))
    app.router.add_route("GET", "/api/asyncapi.json", _made_once(asyncapi_document))
