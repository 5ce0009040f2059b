"""Shopify's token endpoint: session tokens are exchanged for offline tokens, and refresh tokens for the next pair.

Offline tokens expire: the access token after an hour, the refresh token after 90 days. Refresh tokens rotate; the one
used stays valid until its replacement is first used, so a lost reply is made good by asking again with the same one.
"""

# Relies on what is believed of Shopify (docs/shopify-facts.md): token.refresh.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp

from shared.errors import ShopifyError, ShopifyThrottled, ShopifyUnclear
from shared.shopify.calls.answers import THROTTLES, json_in, number_in, pause_asked_by
from shared.shopify.calls.client import CALL_TIMEOUT
from shared.shopify.calls.clock import ShopifyClock
from shared.shopify.calls.hold_off import HoldOff, retry_after_seconds

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105  # a name out of the standard
_OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
_LONGEST_LIFE = 10 * 365 * 86_400.0
"""Seconds that a token is believed to last at most."""

WRONG_SECRET = "invalid_client"  # noqa: S105  # Shopify's word for it


class TokenRefused(ShopifyError):
    """Shopify takes neither the session token nor the refresh token; `code` is its own word."""

    def __init__(self, shop: str, code: str) -> None:
        super().__init__(f"{shop}: the token endpoint answered {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Grant:
    """Tokens as Shopify gave them. Times are None where a token does not expire.

    `granted_at` is Shopify's time of the answer; the expiries are by our clock, which only measures from there.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scopes: tuple[str, ...]
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    granted_at: datetime


class TokenEndpoint:
    """`/admin/oauth/access_token` of any shop. `secrets`: the valid client secrets, the current one first."""

    def __init__(self, session: aiohttp.ClientSession, url: str, client_id: str, secrets: Sequence[str]) -> None:
        self._session = session
        self._url = url
        self._client_id = client_id
        self._secrets = tuple(secrets)
        self._refusals: dict[str, HoldOff] = {}

    async def exchange(self, shop: str, session_token: str) -> Grant:
        """An offline token for a session token. Raises TokenRefused, ShopifyThrottled, ShopifyUnclear, ShopPaused."""
        return await self._ask(
            shop,
            {
                "grant_type": _EXCHANGE,
                "subject_token": session_token,
                "subject_token_type": _ID_TOKEN,
                "requested_token_type": _OFFLINE,
                "expiring": "1",
            },
        )

    async def refresh(self, shop: str, refresh_token: str) -> Grant:
        """The next pair of tokens. Safe to repeat with the same refresh token. Raises as `exchange` does."""
        return await self._ask(shop, {"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def _ask(self, shop: str, fields: Mapping[str, str]) -> Grant:
        """During a rotation of the client secret, Shopify may know only the older one yet."""
        for secret in self._secrets[:-1]:
            try:
                return await self._send(shop, fields, secret)
            except TokenRefused as refused:
                if refused.code != WRONG_SECRET:
                    raise
        return await self._send(shop, fields, self._secrets[-1])

    async def _send(self, shop: str, fields: Mapping[str, str], secret: str) -> Grant:
        url = f"{self._url.format(shop=shop)}/admin/oauth/access_token"
        body = {"client_id": self._client_id, "client_secret": secret, **fields}
        asked = datetime.now(UTC)
        refusals = self._refusals.setdefault(shop, HoldOff())
        if (left := refusals.left) > 0:
            raise ShopifyThrottled("access_token: not so soon after a refusal", left)
        with refusals.sending() as sent:
            status, headers, raw = await self._post(url, body)
        if status in THROTTLES:
            wait = refusals.refused(sent, retry_after_seconds(headers.get("Retry-After"), headers.get("Date")))
            raise ShopifyThrottled(f"access_token: HTTP {status}", wait)
        if status != HTTPStatus.UNAUTHORIZED and (pause := pause_asked_by(shop, status, headers.get("Location"), raw)):
            raise pause
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ShopifyUnclear(f"access_token: HTTP {status}")
        refusals.answered()
        document = _object(raw)
        if status >= HTTPStatus.BAD_REQUEST:
            raise TokenRefused(shop, str((document or {}).get("error") or f"HTTP {status}")[:100])
        if document is None or not isinstance(document.get("access_token"), str):
            raise ShopifyUnclear("access_token: an answer without a token")
        return _grant(document, asked, headers.get("Date"))

    async def _post(self, url: str, body: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of the answer. Secrets go to the shop's own host: a redirect is never followed."""
        try:
            async with self._session.post(
                url,
                json=body,
                headers={"Accept": "application/json"},
                timeout=aiohttp.ClientTimeout(CALL_TIMEOUT),
                allow_redirects=False,
            ) as response:
                return response.status, response.headers, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The error's own text is left out: it may show the request.
            raise ShopifyUnclear(f"access_token: {type(error).__name__}") from None


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        document = json_in(raw)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _grant(document: Mapping[str, Any], asked: datetime, date_header: str | None) -> Grant:
    try:
        granted_at = ShopifyClock().note(date_header)
    except ValueError:
        granted_at = asked
    return Grant(
        access_token=document["access_token"],
        refresh_token=document.get("refresh_token"),
        scopes=tuple(sorted(scope for scope in str(document.get("scope") or "").split(",") if scope)),
        expires_at=_after(asked, document.get("expires_in")),
        refresh_expires_at=_after(asked, document.get("refresh_token_expires_in")),
        granted_at=granted_at,
    )


def _after(start: datetime, seconds: object) -> datetime | None:
    number = number_in(seconds)
    return None if number is None else start + timedelta(seconds=min(max(number, 0.0), _LONGEST_LIFE))
