"""A marker in the queue of webhooks: once it is processed, so is every webhook of the shop that was before it."""

from __future__ import annotations

from datetime import datetime

MARKER_TOPIC = "trueup/marker"
"""No topic of Shopify's: the front refuses it, so that only we can send one."""

MARKER_KEY = "trueup.marker"


def marker_headers(shop: str, marker_id: str, at: datetime) -> dict[str, str]:
    """The message's headers: those of a webhook. `marker_id` is a ULID, so that markers have an order."""
    return {
        "x-shopify-topic": MARKER_TOPIC,
        "x-shopify-shop-domain": shop,
        "x-shopify-webhook-id": marker_id,
        "x-trueup-received-at": at.isoformat(),
    }
