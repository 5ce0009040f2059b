"""Shopify session tokens: who is calling, and for which shop. Of a server's key `server_keys` tells.

A token is a JWT signed (HS256) with the app's client secret; it lives a minute. `iss` is https://{shop}/admin and
`dest` https://{shop}; both must name the same shop. The previous secret counts too while secrets are rotated.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import jwt

from services.preview.api.http.responses.problem import FieldProblem, ProblemError
from shared.domain.shop import is_shop_domain
from shared.mongodb.server_keys.server_key import ServerKey
from shared.mongodb.shops.acts import By

LEEWAY = 10
"""Seconds by which clocks may differ."""

MAX_KNOWN = 2000
"""Tokens remembered as checked until they expire: a page sends one many times, and a flood one more often still."""

_TOKEN = re.compile(r"[!-~]+")
_REQUIRED = ["iss", "dest", "aud", "sub", "exp", "nbf", "jti", "sid"]
_TIMES = ("exp", "nbf", "iat")
_FETCH = "Fetch a new session token from App Bridge and send the request again."
_SEND = "Send `Authorization: Bearer` and a session token, or a server's key."


@dataclass(frozen=True, slots=True)
class Caller:
    """The shop a request is for, and who sends it: a user of the shop's admin, or a server."""

    shop: str
    user: str
    until: float
    """Unix seconds from which on the token proves nothing any more."""
    by: By = field(default="api", kw_only=True)
    """In which way he asks, for the audit log."""
    key: ServerKey | None = field(default=None, kw_only=True)
    """By which a server speaks; None: a person does, by a session token."""

    @property
    def is_person(self) -> bool:
        """Whether somebody asks on the page; else a program does."""
        return self.key is None and self.by == "api"

    @property
    def lane(self) -> str:
        """Whose requests wait for each other: a shop's servers are not in its people's way."""
        return self.shop if self.key is None else f"{self.shop} by key"


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
        self._known: dict[str, Caller] = {}

    def caller(self, authorization: str | None) -> Caller:
        """Who sends the header. Raises ProblemError (401), which says what to do."""
        token = bearer(authorization)
        known = self._known.get(token)
        if known is not None and time.time() < known.until:
            return known
        claims = self._claims(token)
        user = claims["sub"]
        caller = Caller(_shop_of(claims), f"user:{user}"[:200], float(claims["exp"]) + LEEWAY)
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[token] = caller
        return caller

    def _claims(self, token: str) -> dict[str, Any]:
        for secret in self._secrets:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    secret,
                    algorithms=["HS256"],
                    audience=self._client_id,
                    leeway=LEEWAY,
                    options={"require": _REQUIRED, "strict_aud": True},
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
            except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
                # The last three: a stranger's token may hold what PyJWT does not expect, since its head is not signed.
                raise _refused("token-invalid", "The session token cannot be read.", _FETCH) from None
            if not all(isinstance(claims.get(name, 0), int | float) for name in _TIMES):
                # The library takes a text of digits as well.
                raise _refused("token-invalid", "The session token cannot be read.", _FETCH)
            return claims
        raise _refused("token-signature", "The session token's signature is wrong.", _FETCH)


def bearer(authorization: str | None) -> str:
    """The token of the header. Raises ProblemError (401)."""
    if not authorization:
        raise _refused("no-token", "There is no session token and no key.", _SEND)
    scheme, _, token = authorization.partition(" ")
    # aiohttp hands over bytes that are no UTF-8 as surrogates, which no library takes.
    if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise _refused("no-token", "The Authorization header holds no bearer token.", _SEND)
    return token


def _shop_of(claims: dict[str, Any]) -> str:
    """The shop that both claims name. They are compared as texts: what is never parsed cannot be read in two ways."""
    dest, iss = claims["dest"], claims["iss"]
    shop = dest.removeprefix("https://") if isinstance(dest, str) else ""
    if not is_shop_domain(shop) or dest != f"https://{shop}" or iss != f"{dest}/admin":
        raise _refused("token-shop", "The session token's iss and dest do not name one myshopify.com shop.", _FETCH)
    return shop
