"""Token exchange and rotating refresh tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from simulator.clock import VirtualClock
from tests.simulator.client import SHOP, Client
from tests.simulator.conftest import START


def _session_token(secret: bytes = b"hush", **claims: Any) -> str:
    now = int(START.timestamp())
    body = {
        "iss": f"https://{SHOP}/admin",
        "dest": f"https://{SHOP}",
        "aud": "app",
        "sub": "1",
        "nbf": now,
        "exp": now + 60,
    }
    parts = [{"alg": "HS256", "typ": "JWT"}, body | claims]
    signed = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest())
    return f"{signed}.{signature.decode().rstrip('=')}"


async def _token(client: Client, **fields: Any) -> tuple[int, Any]:
    body = {"client_id": "app", "client_secret": "hush", **fields}
    async with client.http.post(f"{client.running.url}/{SHOP}/admin/oauth/access_token", json=body) as response:
        return response.status, await response.json()


_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


async def test_a_session_token_is_exchanged(client: Client, clock: VirtualClock) -> None:
    """A valid one gives an access token that works for an hour; a forged, foreign or old one gives none."""
    await client.shop()
    status, made = await _token(client, grant_type=_EXCHANGE, subject_token=_session_token(), expiring=1)
    assert (status, made["expires_in"]) == (200, 3600)
    for bad in (_session_token(b"other"), _session_token(aud="else"), _session_token(exp=0), "a.b.c", "x"):
        assert (await _token(client, grant_type=_EXCHANGE, subject_token=bad))[0] == 400
    assert (await _token(client, grant_type=_EXCHANGE, client_secret="no"))[0] == 401
    assert (await client.raw("{ shop { id } }", token=made["access_token"])).status == 200
    await clock.advance(3601)
    assert (await client.raw("{ shop { id } }", token=made["access_token"])).status == 401


async def test_refresh_tokens_rotate(client: Client) -> None:
    """The previous refresh token is good until its replacement is first used, then it is refused."""
    await client.shop()
    _, first = await _token(client, grant_type=_EXCHANGE, subject_token=_session_token(), expiring=1)
    _, second = await _token(client, grant_type="refresh_token", refresh_token=first["refresh_token"])
    status, third = await _token(client, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert status == 200
    status, _ = await _token(client, grant_type="refresh_token", refresh_token=third["refresh_token"])
    assert status == 200
    status, refused = await _token(client, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (status, refused["error"]) == (400, "invalid_grant")
    assert (await client.raw("{ shop { id } }", token=second["access_token"])).status == 200


async def test_expired_by_hand(client: Client) -> None:
    """The control API can expire every access token, and a refresh brings a new one."""
    await client.shop()
    _, made = await _token(client, grant_type=_EXCHANGE, subject_token=_session_token(), expiring=1)
    await client.control("…/expire_token")
    assert (await client.raw("{ shop { id } }", token=made["access_token"])).status == 401
    _, fresh = await _token(client, grant_type="refresh_token", refresh_token=made["refresh_token"])
    assert (await client.raw("{ shop { id } }", token=fresh["access_token"])).status == 200
