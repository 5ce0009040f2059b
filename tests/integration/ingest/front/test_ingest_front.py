"""The HTTP front: what it takes, what it refuses, and that the bytes are the sender's own."""

import asyncio
import json
from contextlib import closing
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.webhook_ingest.front.front import BODY_LIMIT
from tests.integration.ingest.ingest_setup import (
    LOCATION,
    PREVIOUS_SECRET,
    SECRET,
    World,
    at,
    counted,
    headers_of,
    sign,
)
from tests.waiting import arrival


async def send_raw(world: World, head: list[tuple[bytes, bytes]], *parts: bytes) -> tuple[int, bytes]:
    """Send a request over a plain socket, the body in TCP segments of the given parts; returns status and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.service.port)
    lines = [b"POST /webhooks/shopify HTTP/1.1", b"Host: test", b"Connection: close"]
    lines += [name + b": " + value for name, value in head]
    lines.append(b"Content-Length: %d" % sum(map(len, parts)))
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
    for part in parts:
        await writer.drain()
        await asyncio.sleep(0.005)  # lets the segment leave before the next is written
        writer.write(part)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head_of_answer, _, content = answer.partition(b"\r\n\r\n")
    return int(head_of_answer.split()[1]), content


def raw_headers(headers: dict[str, str], **changed: bytes) -> list[tuple[bytes, bytes]]:
    """Headers as bytes."""
    return [
        (name.encode(), changed.get("signature", b"") if "Hmac" in name and changed else value.encode())
        for name, value in headers.items()
    ]


NAME = "A/B & C Café 日本"
"""As it is kept: a separator of lines is a space there. The signature is over the bytes with it."""
TRICKY = '{"id":655441491,"name":"A\\/B \\u0026 C\u2028 Café 日本","active":true}\n'.encode()


@pytest.mark.parametrize("change_case", [str, str.lower, str.upper], ids=["as-sent", "lower", "upper"])
async def test_raw_bytes_verify_wherever_segments_and_characters_are_split(world: World, change_case: Any) -> None:
    """Escapes, U+2028, a character over two segments and the trailing newline arrive as they were signed (case 5)."""
    shop = await world.shop()
    splits = [TRICKY.index("日".encode()) + 1, TRICKY.index("\u2028".encode()) + 2, len(TRICKY) - 1]
    for place in splits:
        headers = {
            change_case(name): value for name, value in headers_of("locations/update", shop.domain, TRICKY).items()
        }
        status, _ = await send_raw(world, raw_headers(headers), TRICKY[:place], TRICKY[place:])
        assert status == 200
    await shop.settled()
    location = await world.mongo.db["locations"].find_one({"shop": shop.domain, "location_id": "655441491"})
    assert location is not None
    assert location["name"] == NAME


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"5f2c8d0c1d4e" * 5,
        sign(TRICKY).encode()[:-1],
        sign(TRICKY.rstrip()).encode(),
        sign(TRICKY, "another").encode(),
        "é".encode() * 44,
        b"\xff\xfe" * 22,
    ],
    ids=["empty", "hex", "length", "other-bytes", "other-secret", "utf-8", "latin-1"],
)
async def test_a_wrong_signature_is_401_and_says_so(world: World, signature: bytes) -> None:
    """A malformed signature is a wrong one: 401 with a problem document, never 500 (case 5)."""
    before = counted("webhooks_total", topic="locations/update", outcome="bad_hmac")
    headers = raw_headers(headers_of("locations/update", "a.myshopify.com", TRICKY), signature=signature)
    with capture_logs() as logs:
        status, content = await send_raw(world, headers, TRICKY)
    assert status == 401
    assert json.loads(content)["title"] == "Unauthorized"
    assert counted("webhooks_total", topic="locations/update", outcome="bad_hmac") == before + 1
    assert SECRET not in repr(logs) + content.decode()


async def test_a_missing_signature_is_401(world: World) -> None:
    """No header at all is no signature."""
    headers = headers_of("locations/update", "a.myshopify.com", TRICKY)
    del headers["X-Shopify-Hmac-Sha256"]
    assert await world.post(TRICKY, headers) == 401


async def test_the_previous_secret_is_valid_during_a_rotation(world: World) -> None:
    """What was signed with the previous secret is applied as well."""
    shop = await world.shop()
    await shop.bom("b", item="7")
    body = json.dumps(shop.level("7", 4, at(0))).encode()
    assert await shop.send("inventory_levels/update", body, hmac_sha256=sign(body, PREVIOUS_SECRET)) == 200
    await shop.settled()
    assert (await shop.stock("b"))["index"] == 4


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_one_megabyte_is_413(world: World, chunked: bool) -> None:  # a parameter
    """The limit holds with and without a length given in advance."""
    body = b" " * (BODY_LIMIT + 1)
    headers = headers_of("locations/update", "a.myshopify.com", body)

    async def pieces() -> Any:
        yield body[: BODY_LIMIT // 2]
        yield body[BODY_LIMIT // 2 :]

    async with world.client.post(world.url, data=pieces() if chunked else body, headers=headers) as response:
        assert response.status == 413
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("shop_domain", "demo.example.com"),
        ("shop_domain", "demo.myshopify.com.example.com"),
        ("webhook_id", ""),
        ("topic", ""),
    ],
)
async def test_headers_that_cannot_be_shopifys_are_400(world: World, header: str, value: str) -> None:
    """A verified body under a wrong header is refused with a problem that names the header."""
    headers = headers_of("locations/update", "a.myshopify.com", TRICKY, **{header: value})
    async with world.client.post(world.url, data=TRICKY, headers=headers) as response:
        assert response.status == 400
        assert "X-Shopify-" in (await response.json(content_type="application/problem+json"))["detail"]


IMPLAUSIBLE: dict[str, tuple[dict[str, str], int]] = {
    "no signature": ({"X-Shopify-Hmac-Sha256": ""}, 401),
    "a signature of another form": ({"X-Shopify-Hmac-Sha256": "0" * 44}, 401),
    "no shop": ({"X-Shopify-Shop-Domain": ""}, 400),
    "another domain": ({"X-Shopify-Shop-Domain": "a.example.com"}, 400),
    "no topic": ({"X-Shopify-Topic": ""}, 400),
    "a topic of another form": ({"X-Shopify-Topic": "../etc/passwd"}, 400),
    "no id": ({"X-Shopify-Webhook-Id": ""}, 400),
    "a form's fields": ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
    "too large": ({"Content-Length": str(BODY_LIMIT + 1)}, 413),
}


@pytest.mark.parametrize("name", IMPLAUSIBLE)
async def test_what_cannot_be_a_webhook_is_refused_before_its_body(world: World, name: str) -> None:
    """The answer comes although nothing of the body has been sent: no byte of it is waited for, or kept."""
    changed, status = IMPLAUSIBLE[name]
    headers = headers_of("locations/update", "a.myshopify.com", b"{}") | {"Content-Length": "1000"} | changed
    lines = b"".join(b"%s: %s\r\n" % pair for pair in raw_headers(headers))
    reader, writer = await asyncio.open_connection("127.0.0.1", world.service.port)
    with closing(writer):
        writer.write(b"POST /webhooks/shopify HTTP/1.1\r\nHost: test\r\n" + lines + b"\r\n")
        head = await arrival(reader.readuntil(b"\r\n\r\n"), what="an answer")
        assert int(head.split()[1]) == status
        assert b"application/problem+json" in head


async def test_an_unknown_topic_is_200_and_makes_no_series_of_its_own(world: World) -> None:
    """A topic we do not know is answered 200, or Shopify would drop the subscription; its name is no label."""
    before = counted("webhooks_total", topic="unknown", outcome="unknown_topic")
    assert await world.post(b"{}", headers_of("products/other", "a.myshopify.com", b"{}")) == 200
    assert counted("webhooks_total", topic="unknown", outcome="unknown_topic") == before + 1
    assert counted("webhooks_total", topic="products/other", outcome="unknown_topic") == 0


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
async def test_compliance_topics_are_200_when_signed_and_401_when_not(world: World, topic: str) -> None:
    """Shopify's review checks exactly this."""
    assert await world.post(b"{}", headers_of(topic, "a.myshopify.com", b"{}")) == 200
    assert await world.post(b"{}", headers_of(topic, "a.myshopify.com", b"{}", hmac_sha256="x")) == 401


async def test_lag_is_measured_from_the_trigger(world: World) -> None:
    """Received minus Triggered-At is observed per topic."""
    before = counted("webhook_lag_seconds_count", topic="shop/redact")
    headers = headers_of("shop/redact", "a.myshopify.com", b"{}", triggered_at="2026-09-03T12:44:10.123456789Z")
    assert await world.post(b"{}", headers) == 200
    assert counted("webhook_lag_seconds_count", topic="shop/redact") == before + 1


async def test_operations_port_tells_of_life_readiness_and_metrics(world: World) -> None:
    """The service is ready while broker and store answer, and only POST is served on the front."""
    base = f"http://127.0.0.1:{world.service.operations_port}"
    for path in ("/livez", "/readyz", "/metrics"):
        async with world.client.get(base + path) as response:
            assert response.status == 200
    async with world.client.get(world.url) as response:
        assert response.status == 405
        assert response.content_type == "application/problem+json"


async def test_twenty_first_deliveries_at_once_are_one_event(world: World) -> None:
    """Twenty copies at the same moment: twenty times 200, one document, one effect (case 32)."""
    shop = await world.shop()
    await shop.bom("b", item="7")
    body = json.dumps(shop.level("7", 4, at(0))).encode()
    headers = headers_of("inventory_levels/update", shop.domain, body, event_id="e1")
    assert await asyncio.gather(*(world.post(body, headers) for _ in range(20))) == [200] * 20
    await shop.settled()
    assert await shop.ledger("b") == [("index", None, 4)]
    assert (await shop.stock("b"))["events_no"] == 1
    keys = world.mongo.db["webhook_events"]
    assert await keys.count_documents({"shop": shop.domain, "key": {"$regex": headers["X-Shopify-Webhook-Id"]}}) == 1
    assert await keys.count_documents({"shop": shop.domain, "event_key": {"$regex": f"e1.7.{LOCATION}"}}) == 1
