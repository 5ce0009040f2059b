"""Keeping what nobody can handle: the last catch of every queue, so nothing in a message may make it fail.

What a message says of itself is not believed: its shop counts only in the form of one, headers go along only where
they are Trueup's own, texts are cut and made fit to be stored, and of a body above a size the beginning is kept.

Nobody's data are kept with it. Of a webhook that bears no seal of the front nothing is known, a customer's data may be
in it: its body is not kept. From any other body secrets and people's addresses are taken away
(`shared/observing/hiding.py`). What is not as it was sent cannot be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from pydantic_core import from_json

from shared.contract.mistakes import cut
from shared.contract.seal import Seals, sealed_headers
from shared.domain.shop import is_shop_domain
from shared.mongodb.inbox.dead_letters import DeadLetterStore
from shared.observing.hiding import without_secrets
from shared.rabbitmq.consuming.delivery import MAX_KEPT_BODY, Delivery
from shared.rabbitmq.topology import WEBHOOKS, exchange_of

log = structlog.get_logger()

MAX_REASON = 2_000

_SHOP_HEADER = "x-shopify-shop-domain"
_MAX_READ = 64 * 1024


class KeptMessages:
    """Keeps deliveries in the store of dead letters."""

    def __init__(self, letters: DeadLetterStore, seals: Seals) -> None:
        self._letters = letters
        self._seals = seals

    async def keep(self, delivery: Delivery, cause: str | None, *, reason: str | None = None) -> None:
        """Keep one. `cause`: what is wrong with it; `reason`: who took it away, by default its consumer.

        Raises what the store raises when it is away.
        """
        taken = storable(reason or f"rejected by {delivery.queue}", MAX_REASON)
        body, altered = self._keepable(delivery)
        letter_id = await self._letters.keep(
            shop=shop_of(delivery),
            key=storable(delivery.key, 255),
            body=body,
            size=delivery.size,
            altered=altered,
            headers={name: storable(value) for name, value in sealed_headers(delivery.headers).items()},
            reason=taken,
            cause=None if cause is None else storable(cause, MAX_REASON),
        )
        log.error("dead_letter_kept", letter=letter_id, key=delivery.key, reason=taken, cause=cause)

    def _keepable(self, delivery: Delivery) -> tuple[bytes, bool]:
        """What may be kept of a body, and whether that is something else than its beginning."""
        body = delivery.body[:MAX_KEPT_BODY]
        is_webhook = exchange_of(delivery.key) == WEBHOOKS
        if is_webhook and not self._seals.valid(delivery.key, delivery.body, delivery.headers):
            return b"", True
        # Byte by byte, whatever they are: no cut and no strange encoding hides a token.
        kept = without_secrets(body.decode("latin-1"), max_length=MAX_KEPT_BODY).encode("latin-1")
        return kept, kept != body


def shop_of(delivery: Delivery) -> str | None:
    """The shop that a message names, in its body or, for a webhook, in its headers, where it has the form of one."""
    named: object = delivery.headers.get(_SHOP_HEADER)
    if named is None and len(delivery.body) <= _MAX_READ:
        try:
            content = from_json(delivery.body)
        except ValueError:
            return None
        named = content.get("shop") if isinstance(content, Mapping) else None
    return named if isinstance(named, str) and is_shop_domain(named) else None


def storable(text: str, max_length: int = 1_000) -> str:
    """A text that any store takes: no lone surrogate, no NUL, not too long."""
    return without_secrets(cut(text, max_length)).encode("utf-8", "backslashreplace").decode().replace("\x00", "\\0")
