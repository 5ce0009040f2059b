"""Shopify session tokens: who is calling, and for which shop.

A token is a JWT signed (HS256) with the app's client secret; it lives a minute. `iss` is https://{shop}/admin and
`dest` https://{shop}; both must name the same shop. The previous secret counts too while secrets are rotated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import jwt

from services.preview.api.problem import FieldProblem, ProblemError

LEEWAY = 10
"""Seconds by which clocks may differ."""

_SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com", re.ASCII)
_REQUIRED = ["iss", "dest", "aud", "sub", "exp", "nbf"]
_FETCH = "Fetch a new session token from App Bridge and send the request again."
_SEND = "Send it as `Authorization: Bearer <session token>`."


@dataclass(frozen=True, slots=True)
class Caller:
    """The shop a request is for, and the user who sends it."""

    shop: str
    user: str
    until: float
    """Unix seconds from which on the token proves nothing any more."""


def _refused(kind: str, message: str, remedy: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNAUTHORIZED,
        kind,
        f"{message} {remedy}",
        errors=[FieldProblem(field="header.Authorization", message=message, remedy=remedy)],
        headers={"WWW-Authenticate": "Bearer"},
    )


class SessionTokens:
    """Checks session tokens. `secrets`: the valid client secrets, the current one first."""

    def __init__(self, client_id: str, secrets: Sequence[str]) -> None:
        self._client_id = client_id
        self._secrets = tuple(secrets)

    def caller(self, authorization: str | None) -> Caller:
        """Who sends the header. Raises ProblemError (401), which says what to do."""
        claims = self._claims(bearer(authorization))
        user = claims["sub"]
        return Caller(_shop_of(claims), f"user:{user}"[:200], float(claims["exp"]) + LEEWAY)

    def _claims(self, token: str) -> dict[str, Any]:
        for secret in self._secrets:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    secret,
                    algorithms=["HS256"],
                    audience=self._client_id,
                    leeway=LEEWAY,
                    options={"require": _REQUIRED},
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError:
                raise _refused("token-expired", "The session token has expired.", _FETCH) from None
            except jwt.ImmatureSignatureError:
                raise _refused("token-early", "The session token is not valid yet.", "Check the clocks.") from None
            except jwt.InvalidAudienceError:
                raise _refused("token-audience", "The session token is for another app.", _FETCH) from None
            except jwt.MissingRequiredClaimError as error:
                raise _refused("token-claim", f"The session token lacks {error.claim}.", _FETCH) from None
            except jwt.PyJWTError:
                raise _refused("token-invalid", "The session token cannot be read.", _FETCH) from None
            return claims
        raise _refused("token-signature", "The session token's signature is wrong.", _FETCH)


def bearer(authorization: str | None) -> str:
    """The token of the header. Raises ProblemError (401)."""
    if not authorization:
        raise _refused("no-token", "The session token is missing.", _SEND)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refused("no-token", "The Authorization header holds no bearer token.", _SEND)
    return token.strip()


def _shop_of(claims: dict[str, Any]) -> str:
    hosts = [_host(claims["iss"]), _host(claims["dest"])]
    if hosts[0] is None or hosts[0] != hosts[1]:
        raise _refused("token-shop", "The session token's iss and dest do not name one myshopify.com shop.", _FETCH)
    return hosts[0]


def _host(url: object) -> str | None:
    try:
        parts = urlsplit(str(url))
        host = parts.hostname or ""
    except ValueError:
        return None
    return host if parts.scheme == "https" and _SHOP.fullmatch(host) else None
