"""Access and refresh tokens of one shop, and the session tokens that are exchanged for them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

ACCESS_LIFETIME: Final = timedelta(hours=1)
REFRESH_LIFETIME: Final = timedelta(days=90)
LEEWAY: Final = timedelta(seconds=10)
SCOPES: Final = ("read_inventory", "write_inventory", "read_products", "read_locations")
_PARTS_OF_JWT: Final = 3


class TokenRefused(Exception):  # an answer to the client, not a failure of the program
    """OAuth refusal: the error's code is the message."""


@dataclass(slots=True)
class _Refresh:
    expires_at: datetime
    replaces: str | None  # stays valid until this one is first used


class Tokens:
    """What the shop accepts. A token given by hand never expires."""

    def __init__(self, access_token: str) -> None:
        self.scopes: tuple[str, ...] = SCOPES
        self._access: dict[str, datetime | None] = {access_token: None}
        self._refresh: dict[str, _Refresh] = {}

    def accepts(self, token: str, now: datetime) -> bool:
        """Whether a call with this access token is let in."""
        if token not in self._access:
            return False
        expires_at = self._access[token]
        return expires_at is None or now < expires_at

    def expire_access(self) -> None:
        """Every access token stops working; refresh tokens go on."""
        self._access.clear()

    def revoke(self) -> None:
        """The app is gone: nothing works any more."""
        self._access.clear()
        self._refresh.clear()

    def accept(self, token: str) -> None:
        """Let a token in that was given by hand."""
        self._access[token] = None

    def issue(self, now: datetime, *, expiring: bool, replaces: str | None = None) -> dict[str, Any]:
        """New tokens as the token endpoint answers them."""
        access = "shpat_" + secrets.token_hex(16)
        self._access[access] = now + ACCESS_LIFETIME if expiring else None
        answer: dict[str, Any] = {"access_token": access, "scope": ",".join(self.scopes)}
        if expiring:
            refresh = "shprt_" + secrets.token_hex(16)
            self._refresh[refresh] = _Refresh(now + REFRESH_LIFETIME, replaces)
            answer |= {
                "expires_in": int(ACCESS_LIFETIME.total_seconds()),
                "refresh_token": refresh,
                "refresh_token_expires_in": int(REFRESH_LIFETIME.total_seconds()),
            }
        return answer

    def refresh(self, token: str, now: datetime) -> dict[str, Any]:
        """Rotate: the token used stays valid until its replacement is first used. Raises TokenRefused."""
        known = self._refresh.get(token)
        if known is None or now >= known.expires_at:
            raise TokenRefused("invalid_grant")
        if known.replaces is not None:
            self._refresh.pop(known.replaces, None)
            known.replaces = None
        return self.issue(now, expiring=True, replaces=token)


def check_session_token(text: str, *, client_id: str, client_secret: str, shop: str, now: datetime) -> None:
    """Verify a session token (JWT, HS256, signed with the client secret). Raises TokenRefused."""
    parts = text.split(".")
    if len(parts) != _PARTS_OF_JWT:
        raise TokenRefused("invalid_subject_token")
    signed = f"{parts[0]}.{parts[1]}".encode()
    expected = hmac.new(client_secret.encode(), signed, hashlib.sha256).digest()
    try:
        given, claims = _decode(parts[2]), json.loads(_decode(parts[1]))
    except (binascii.Error, ValueError) as error:
        raise TokenRefused("invalid_subject_token") from error
    seconds = now.timestamp()
    fits = (
        hmac.compare_digest(given, expected)
        and isinstance(claims, dict)
        and claims.get("aud") == client_id
        and claims.get("dest") == f"https://{shop}"
        and claims.get("nbf", 0) <= seconds + LEEWAY.total_seconds()
        and claims.get("exp", 0) > seconds - LEEWAY.total_seconds()
    )
    if not fits:
        raise TokenRefused("invalid_subject_token")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
