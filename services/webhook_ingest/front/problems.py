"""Errors as answers: RFC 9457 problem documents, small enough for Shopify's log of failed deliveries."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

from shared.errors import TrueupError


class WebhookProblem(TrueupError):
    """A request that is refused: its status, and one line on what is wrong and how to mend it."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """The answer."""
        document = {"type": "about:blank", "title": self.status.phrase, "status": self.status, "detail": self.detail}
        return web.Response(
            status=self.status,
            text=json.dumps(document),
            content_type="application/problem+json",
            charset="utf-8",
            headers=self.headers,
        )


@web.middleware
async def http_errors_as_problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """aiohttp's own refusals (404, 405) as problem documents, too."""
    try:
        return await handler(request)
    except web.HTTPError as error:
        response = WebhookProblem(HTTPStatus(error.status), "webhooks are sent by POST to /webhooks/shopify").response()
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
