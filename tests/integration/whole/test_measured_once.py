"""All services in one process: each request is measured as that of the service that answers it."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
from aiohttp import web

from services.webhook_ingest.front.front import PATH, Front
from services.webhook_ingest.front.signature import Signatures
from shared import metrics
from shared.observing.operations import http_metrics
from shared.serving.server import start_server


class _Nowhere:
    async def webhook(self, topic_key: str, body: bytes, headers: Mapping[str, str]) -> None:
        """What is not signed comes to no publisher."""
        raise AssertionError((topic_key, body, headers))


def answered(service: str) -> float:
    """Webhooks refused with 401 so far, as this service's."""
    labels = {"service": service, "route": PATH, "status": "401"}
    return metrics.REGISTRY.get_sample_value("trueup_http_requests_seconds_count", labels) or 0.0


async def test_a_webhook_is_not_counted_as_a_request_of_the_page() -> None:
    """Webhooks that fail must not raise the alert that merchants see errors."""
    app = web.Application(middlewares=[http_metrics("preview")])
    app.add_routes(Front(Signatures(("secret",)), _Nowhere()).routes())
    before = answered("webhook-ingest"), answered("preview")
    server = await start_server(app, "127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as http, http.post(f"http://127.0.0.1:{server.port}{PATH}") as response:
            assert response.status == 401
    finally:
        await server.close()
    assert (answered("webhook-ingest"), answered("preview")) == (before[0] + 1, before[1])
