"""What is known of a webhook beside its body: Shopify's headers, checked once, carried on the message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.contract.messages import parse_time
from shared.domain.shop import named_shop
from shared.errors import TrueupError

# Visible ASCII without "|": ids become parts of keys, joined by it.
_ID = re.compile(r"[!-{}~]{1,128}")
_VERSION = re.compile(r"[0-9a-z-]{1,20}")

TOPIC = "x-shopify-topic"
SHOP = "x-shopify-shop-domain"
SIGNATURE = "x-shopify-hmac-sha256"
_WEBHOOK_ID = "x-shopify-webhook-id"
_EVENT_ID = "x-shopify-event-id"
_TRIGGERED_AT = "x-shopify-triggered-at"
_API_VERSION = "x-shopify-api-version"
_RECEIVED_AT = "x-trueup-received-at"


class HeaderError(TrueupError):
    """A header is missing or malformed; the message names it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A webhook's headers. They are **not** signed: the item must belong to the shop, the body must fit the topic.

    `triggered_at` is Shopify's clock, `received_at` ours; both UTC.
    """

    topic: str
    shop: str
    webhook_id: str
    received_at: datetime
    event_id: str | None = None
    triggered_at: datetime | None = None
    api_version: str | None = None

    @classmethod
    def of_request(cls, headers: Mapping[str, str], received_at: datetime) -> Envelope:
        """The envelope of a request; `headers` ignores case. Raises HeaderError."""
        shop = named_shop(headers.get(SHOP, ""))
        if shop is None:
            raise HeaderError("X-Shopify-Shop-Domain must be a domain under myshopify.com")
        webhook_id = headers.get(_WEBHOOK_ID, "")
        if not _ID.fullmatch(webhook_id):
            raise HeaderError("X-Shopify-Webhook-Id must be 1 to 128 visible ASCII characters other than |")
        event_id = headers.get(_EVENT_ID) or None
        if event_id is not None and not _ID.fullmatch(event_id):
            raise HeaderError("X-Shopify-Event-Id must be at most 128 visible ASCII characters other than |")
        version = headers.get(_API_VERSION, "")
        return cls(
            topic=headers.get(TOPIC, ""),
            shop=shop,
            webhook_id=webhook_id,
            received_at=received_at,
            event_id=event_id,
            # Of use for metrics and for the order of locations only: no reason to refuse a webhook.
            triggered_at=_time(headers.get(_TRIGGERED_AT, "")),
            api_version=version if _VERSION.fullmatch(version) else None,
        )

    @classmethod
    def of_message(cls, headers: Mapping[str, str]) -> Envelope:
        """The envelope that `to_headers` put on a message. Raises HeaderError."""
        received_at = _time(headers.get(_RECEIVED_AT, ""))
        if received_at is None:
            raise HeaderError(f"{_RECEIVED_AT} must be an ISO 8601 time with its zone")
        return cls.of_request(headers, received_at)

    def to_headers(self) -> dict[str, str]:
        """The message's headers: Shopify's names in lower case, and when we received it."""
        headers = {
            TOPIC: self.topic,
            SHOP: self.shop,
            _WEBHOOK_ID: self.webhook_id,
            _RECEIVED_AT: self.received_at.isoformat(),
            _EVENT_ID: self.event_id,
            _TRIGGERED_AT: self.triggered_at.isoformat() if self.triggered_at else None,
            _API_VERSION: self.api_version,
        }
        return {name: value for name, value in headers.items() if value is not None}

    @property
    def reported_at(self) -> datetime:
        """When Shopify reported it: by its own clock, but never after we heard it.

        No header is signed: a time to come would outdate everything that is reported until then.
        """
        return min(self.triggered_at or self.received_at, self.received_at)

    @property
    def lag(self) -> float | None:
        """Seconds from Shopify's trigger to our receipt; clocks that disagree make no negative lag."""
        if self.triggered_at is None:
            return None
        return max(0.0, (self.received_at - self.triggered_at).total_seconds())


def _time(text: str) -> datetime | None:
    try:
        return parse_time(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
