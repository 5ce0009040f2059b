"""Session tokens as Shopify signs them, for the shop of the simulator."""

from __future__ import annotations

import time
import uuid

import jwt

from tests.integration.shop_world import CLIENT_ID, CLIENT_SECRET, SHOP


def session_token(shop: str = SHOP, *, age: int = 0) -> str:
    """A token that was made some seconds ago: just now, or so long that it has expired."""
    now = int(time.time()) - age
    claims = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": CLIENT_ID,
        "sub": "42",
        "exp": now + 60,
        "nbf": now - 5,
        "iat": now - 5,
        "jti": str(uuid.uuid4()),
        "sid": "session",
    }
    return jwt.encode(claims, CLIENT_SECRET, algorithm="HS256")
