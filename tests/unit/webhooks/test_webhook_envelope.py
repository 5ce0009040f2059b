"""The headers of a webhook."""

from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from services.webhook_ingest.envelope import Envelope, HeaderError

NOW = datetime(2026, 9, 3, 12, 44, 11, tzinfo=UTC)
HEADERS = {
    "X-Shopify-Topic": "inventory_levels/update",
    "X-Shopify-Shop-Domain": "Demo.MyShopify.com",
    "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    "X-Shopify-Event-Id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
    "X-Shopify-Triggered-At": "2026-09-03T12:44:10.123456789Z",
    "X-Shopify-API-Version": "2026-10",
}


def of(headers: dict[str, str]) -> Envelope:
    """An envelope of these headers."""
    return Envelope.of_request(CIMultiDict(headers), NOW)


def test_headers_survive_the_message() -> None:
    """What the front read is what the indexer reads, whatever the case of the names."""
    envelope = of({name.upper(): value for name, value in HEADERS.items()})
    assert envelope.shop == "demo.myshopify.com"
    assert Envelope.of_message(envelope.to_headers()) == envelope


def test_lag_is_never_negative() -> None:
    """The lag is measured from Shopify's trigger; a clock that is behind gives zero, a missing trigger nothing."""
    assert of(HEADERS).lag == pytest.approx(0.876544)
    ahead = HEADERS | {"X-Shopify-Triggered-At": (NOW + timedelta(seconds=5)).isoformat()}
    assert of(ahead).lag == 0.0
    assert of(HEADERS | {"X-Shopify-Triggered-At": "yesterday"}).lag is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Shopify-Shop-Domain", ""),
        ("X-Shopify-Shop-Domain", "demo.example.com"),
        ("X-Shopify-Shop-Domain", "demo.myshopify.com.example.com"),
        ("X-Shopify-Shop-Domain", "demo.myshopify.com\n"),
        ("X-Shopify-Shop-Domain", "a|b.myshopify.com"),
        ("X-Shopify-Shop-Domain", "démo.myshopify.com"),
        ("X-Shopify-Webhook-Id", ""),
        ("X-Shopify-Webhook-Id", "a|b"),
        ("X-Shopify-Webhook-Id", "é"),
        ("X-Shopify-Webhook-Id", "a" * 129),
        ("X-Shopify-Event-Id", "a|b"),
    ],
)
def test_a_malformed_header_is_named(name: str, value: str) -> None:
    """Ids become parts of keys, the shop's domain scopes them: neither is taken as it comes."""
    with pytest.raises(HeaderError, match=name):
        of(HEADERS | {name: value})
