"""The HTTP front: verify the bytes, hand them to the broker, answer 200 only once it has confirmed."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): hook.headers, hook.retries.

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from time import monotonic
from typing import Protocol

import structlog
from aiohttp import web

from services.webhook_ingest.envelope import SIGNATURE, TOPIC, Envelope, HeaderError
from services.webhook_ingest.front.personal import reduced
from services.webhook_ingest.front.problems import WebhookProblem
from services.webhook_ingest.front.signature import Signatures, can_be_signature
from services.webhook_ingest.topics import TOPICS, can_be_topic, routing_key, topic_label
from shared import metrics
from shared.errors import BrokerUnavailable
from shared.observing.operations import MEASURED
from shared.serving.bodies import UNNAMED, BodyRefused, media_type, read_body
from shared.setting_groups import WEBHOOK_PATH

log = structlog.get_logger()

PATH = WEBHOOK_PATH
BODY_LIMIT = 1_000_000
"""Bytes. The largest body we know has a few kilobytes."""
DEADLINE = 4.5
"""Seconds for everything; Shopify gives a webhook five, its connection included."""
SERVICE = "webhook-ingest"
NOT_KEPT = "the webhook cannot be kept now: send it again"
NOT_SIGNED = "X-Shopify-Hmac-Sha256 does not sign this body"

# "Some bytes" is what is sent by who names no type: no reason to lose a webhook.
_MEDIA_TYPES = frozenset({"application/json", UNNAMED})


class WebhookPublisher(Protocol):
    """Where verified webhooks go."""

    async def webhook(self, topic_key: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Return once the broker has confirmed. Raises BrokerUnavailable."""


class Front:
    """Takes webhooks. It neither judges bodies nor recognises repeats: both are the indexer's.

    Of a body only what its topic uses goes on (`personal.py`), so that nobody's data wait in a queue.
    """

    def __init__(self, signatures: Signatures, publisher: WebhookPublisher) -> None:
        self._signatures = signatures
        self._publisher = publisher

    def routes(self) -> list[web.RouteDef]:
        """What to add to an application."""
        return [web.post(PATH, self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        """`POST /webhooks/shopify`: 200, or a problem document with 400, 401, 408, 413, 415, 429 or 503."""
        began = monotonic()
        label = topic_label(request.headers.get(TOPIC, ""))
        try:
            outcome = await self._take(request)
            response = web.Response(status=HTTPStatus.OK)
        except WebhookProblem as problem:
            outcome = "bad_hmac" if problem.status == HTTPStatus.UNAUTHORIZED else "refused"
            response = problem.response()
        except Exception:  # whatever it is, Shopify must send the webhook again
            log.exception("webhook_failed")
            outcome = "refused"
            response = WebhookProblem(HTTPStatus.SERVICE_UNAVAILABLE, NOT_KEPT).response()
        metrics.WEBHOOKS.labels(label, outcome).inc()
        metrics.HTTP_REQUESTS.labels(SERVICE, PATH, str(response.status)).observe(monotonic() - began)
        request[MEASURED] = True
        return response

    async def _take(self, request: web.Request) -> str:
        """Take one webhook; returns the outcome to count. Raises ProblemError."""
        waiting_for = HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive in time: send it again"
        try:
            async with asyncio.timeout(DEADLINE):
                envelope = _plausible(request)
                body = await read_body(request, shop=envelope.shop, max_bytes=BODY_LIMIT)
                if not self._signatures.valid(body, request.headers.get(SIGNATURE, "")):
                    raise WebhookProblem(HTTPStatus.UNAUTHORIZED, NOT_SIGNED)
                topic = TOPICS.get(envelope.topic)
                if topic is None:
                    log.info("webhook_of_unknown_topic", shop=envelope.shop, topic=envelope.topic)
                    return "unknown_topic"
                body = reduced(body, topic.body)
                waiting_for = HTTPStatus.SERVICE_UNAVAILABLE, NOT_KEPT
                await self._publisher.webhook(routing_key(envelope.topic), body, envelope.to_headers())
        except BodyRefused as error:
            raise WebhookProblem(error.status, error.detail, error.headers) from None
        except TimeoutError:
            raise WebhookProblem(*waiting_for) from None
        except BrokerUnavailable as error:
            log.warning("webhook_not_kept", error=str(error))
            raise WebhookProblem(*waiting_for) from None
        if envelope.lag is not None:
            metrics.WEBHOOK_LAG.labels(envelope.topic).observe(envelope.lag)
        return "accepted"


def _plausible(request: web.Request) -> Envelope:
    """The envelope of a request whose body is worth reading. Raises ProblemError, with nothing read of it."""
    if not can_be_signature(request.headers.get(SIGNATURE, "")):
        raise WebhookProblem(HTTPStatus.UNAUTHORIZED, NOT_SIGNED)
    envelope = _envelope(request)
    if not can_be_topic(envelope.topic):
        raise WebhookProblem(HTTPStatus.BAD_REQUEST, "X-Shopify-Topic must be a topic, such as inventory_levels/update")
    if media_type(request) not in _MEDIA_TYPES:
        raise WebhookProblem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a webhook is JSON: send Content-Type: application/json"
        )
    return envelope


def _envelope(request: web.Request) -> Envelope:
    if not request.headers.get(TOPIC):
        raise WebhookProblem(HTTPStatus.BAD_REQUEST, "X-Shopify-Topic is missing")
    try:
        return Envelope.of_request(request.headers, datetime.now(UTC))
    except HeaderError as error:
        raise WebhookProblem(HTTPStatus.BAD_REQUEST, str(error)) from None
