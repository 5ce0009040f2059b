"""Shopify's signature of a webhook: base64(HMAC-SHA256(client secret, raw body bytes))."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): hook.signature.

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence

_FORM = re.compile(r"[A-Za-z0-9+/]{43}=", re.ASCII)


def can_be_signature(text: str) -> bool:
    """Whether it has the form of one: 32 bytes in base64. Known before the body is."""
    return _FORM.fullmatch(text) is not None


class Signatures:
    """Checks signatures against every valid client secret: during a rotation there are two."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)

    def valid(self, body: bytes, given: str) -> bool:
        """Whether `given` signs `body`. Anything malformed (hex, empty, not ASCII) is simply wrong, and so is no body.

        The texts are compared, not what they decode to: there is one right text per secret, and nothing a stranger
        sends is ever decoded. aiohttp hands over bytes that are no UTF-8 as surrogates, hence "surrogateescape".
        """
        sent = given.encode("utf-8", "surrogateescape")
        # Every secret is tried, so that the time taken does not tell which one fits.
        found = [hmac.compare_digest(self._signature(secret, body), sent) for secret in self._secrets]
        return any(found) and body != b""

    @staticmethod
    def _signature(secret: bytes, body: bytes) -> bytes:
        return base64.b64encode(hmac.digest(secret, body, "sha256"))
