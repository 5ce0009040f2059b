"""Outcomes go to the internet only, unless a setting says otherwise, and they are signed."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from shared.schedules.outgoing_webhooks import (
    DELIVERY,
    SIGNATURE,
    TIMESTAMP,
    NotDelivered,
    OutgoingWebhooks,
    PublicOnly,
    is_public,
    new_secret,
    public_socket,
    signatures,
    url_problem,
)

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),  # noqa: S104  # not bound to
    *("::7f00:1", "::ffff:0:7f00:1", "fec0::1", "64:ff9b:1::7f00:1", "192.88.99.1", "3fff::1", "5f00::1", "4000::1"),
    *("2001::1", "2001:0:7f00:1::", "100::1", "192.0.0.9", "198.18.0.1", "203.0.113.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::a9fe:a9fe"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known_in_each_form(address: str) -> None:
    """Loopback, private, link-local, shared and multicast addresses, also those wrapped in IPv6."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_internet_pass(address: str) -> None:
    """And so do those that a translator reaches."""
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "ftp://example.com/", "https://", "https:///x", "https://user:word@example.com/"),
        *("https://localhost/", "https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://127.1/"),
        *("https://0x7f.0x0.0x0.0x1/", "https://printer.local/", "https://mongodb/", "https://example.com/#part"),
        *("https://exa mple.com/", "https://example.com\\@10.0.0.1/", "https://example.com:99999/", "https://[::1"),
        *(
            "https://127.0.0.%31/",
            "https://%6c%6fcalhost/",
            "https://a.localhost/",
            "https://localhost./",
            "https://0/",
        ),
        *("https://[::ffff:7f00:1]/", "https://[::7f00:1]/", "https://[64:ff9b:1::7f00:1]/", "https://0177.0.0.1/"),
        *("https://example.com:80/", "https://example.com:0/", "https://example.com:8443/", "https://example..com/"),
        *(
            "https://-a.example.com/",
            "https://a,b.example.com/",
            "https://example.com\x00.evil/",
            "https://017700000001/",
        ),
    ],
)
def test_an_address_that_is_no_public_one_is_refused(url: str) -> None:
    """Before anything is stored or sent."""
    assert url_problem(url, private=False) is not None


def test_http_is_for_this_machine_and_by_a_setting_only() -> None:
    """https anywhere; http to loopback where the setting allows private targets."""
    assert url_problem("https://example.com/hook?a=1", private=False) is None
    assert url_problem("https://example.com.:443/hook?a=1", private=False) is None
    assert url_problem("https://example.com:8443/hook?a=1", private=False, ports={443, 8443}) is None
    assert url_problem("http://127.0.0.1:9/hook", private=True) is None
    assert url_problem("http://127.0.0.1:9/hook", private=False) is not None
    assert url_problem("http://example.com/hook", private=True) is not None


async def test_a_name_that_leads_to_a_private_address_is_not_connected_to() -> None:
    """The address that is connected to is checked, not the name."""
    resolver = PublicOnly()
    try:
        with pytest.raises(OSError, match="private address"):
            await resolver.resolve("localhost", 443)
    finally:
        await resolver.close()
    where = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 443))
    with pytest.raises(OSError, match="private"):
        public_socket(where)
    targets = OutgoingWebhooks.open(private=False)
    try:
        with pytest.raises(NotDelivered, match="internet"):
            await targets.send("https://127.0.0.1:1/", [b"secret"], b"{}", "id")
    finally:
        await targets.close()


@pytest.mark.parametrize("secrets", [[new_secret()], ["an older text of fair length"], [new_secret(), new_secret()]])
def test_the_signature_is_that_of_standard_webhooks(secrets: list[str]) -> None:
    """The published library takes it by each of the secrets, also by the text that an earlier build took; not by
    another secret, and not for another id or body."""
    now = str(int(time.time()))
    body = b'{"a":1}'
    signed = signatures([secret.encode() for secret in secrets], "msg_1", now, body)
    headers = {DELIVERY: "msg_1", TIMESTAMP: now, SIGNATURE: signed}
    for secret in secrets:
        receiver = Webhook(secret if secret.startswith("whsec_") else secret.encode())
        assert receiver.verify(body, headers) == {"a": 1}
        for forged in ({**headers, DELIVERY: "msg_2"}, {**headers, TIMESTAMP: str(int(now) + 1)}):
            with pytest.raises(WebhookVerificationError):
                receiver.verify(body, forged)
        with pytest.raises(WebhookVerificationError):
            receiver.verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)


async def test_a_name_that_leads_elsewhere_after_the_check_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the name was found to be, the socket itself goes to no private address: nothing is ever connected to."""
    came: list[object] = []
    server = await asyncio.start_server(lambda *_: came.append(1), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def found(*_: object, **__: object) -> list[dict[str, object]]:
        return [{"hostname": "a.example.com", "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    monkeypatch.setattr(PublicOnly, "resolve", found)
    targets = OutgoingWebhooks.open(private=False, ports={port})
    try:
        with pytest.raises(NotDelivered, match="could not be reached"):
            await targets.send(f"https://a.example.com:{port}/", [b"secret"], b"{}", "id")
    finally:
        await targets.close()
        server.close()
    assert came == []
