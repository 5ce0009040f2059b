"""POST /demo/session-token: a demo's page, in a plain browser, gets tokens as Shopify would sign them.

Only where TRUEUP_DEMO_SIGN_IN names a shop, which the settings allow on a loopback address with a simulator only.
Another site in the same browser gets none: it can neither send the header without a preflight, which nothing here
answers, nor call this machine by a name of its own.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from ipaddress import ip_address
from uuid import uuid4

import jwt
from aiohttp import web

from services.preview.api.http.responses.problem import ProblemError

LIFE = 60
"""Seconds, as long as Shopify's own live."""

HEADER = "X-Trueup-Demo"
USER = "demo"


class DemoSignIn:
    """Signs session tokens for one shop of a simulator."""

    def __init__(self, shop: str, client_id: str, secret: str) -> None:
        self._shop = shop
        self._client_id = client_id
        self._secret = secret

    def add_to(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_post("/demo/session-token", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        if not (_loopback(request.remote) and _loopback(request.url.host) and request.headers.get(HEADER) == "1"):
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "demo-only",
                f"The demo signs in its own page on this machine, which sends {HEADER}: 1, and nobody else.",
            )
        body = {"token": self._token(), "shop": self._shop, "expires_in": LIFE}
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    def _token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": f"https://{self._shop}/admin",
            "dest": f"https://{self._shop}",
            "aud": self._client_id,
            "sub": USER,
            "exp": now + LIFE,
            "nbf": now,
            "iat": now,
            "jti": str(uuid4()),
            "sid": "demo",
        }
        return jwt.encode(claims, self._secret, algorithm="HS256")


def _loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return host is not None and ip_address(host).is_loopback
    except ValueError:
        return False
