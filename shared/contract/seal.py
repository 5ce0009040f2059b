"""The seal of Trueup's own messages: who may publish to the broker may write any header, but not this one.

HMAC-SHA256 over the routing key, the named headers and the body, under a key derived from the app's client secret,
which the front and every service have and no partner has. It proves that one of Trueup's parts published the message:
of a webhook, that the front has verified Shopify's signature. It dates nothing and hides nothing.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence

SEAL = "x-trueup-seal"
"""The header that carries it, in hexadecimal digits."""

_SEALED = ("x-shopify-", "x-trueup-")
"""Headers that begin so are sealed."""

_UNSEALED = frozenset({SEAL, "x-trueup-laps"})
"""The seal itself, and what changes on the way."""

_PURPOSE = b"trueup message seal 1"


class Seals:
    """Seals messages, and tells sealed ones. During a rotation of the client secret there are two valid secrets."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """`secrets`: the valid client secrets, the current one first."""
        self._keys = tuple(hmac.digest(secret.encode(), _PURPOSE, "sha256") for secret in secrets)

    def sealed(self, key: str, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers with the seal of the current secret."""
        return {**headers, SEAL: _seal(self._keys[0], key, body, headers)}

    def valid(self, key: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether one of Trueup's parts published this message as it is."""
        given = headers.get(SEAL, "").encode("utf-8", "surrogateescape")
        found = [hmac.compare_digest(_seal(own, key, body, headers).encode(), given) for own in self._keys]
        return any(found)


def sealed_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of the headers that a seal covers, and the seal: all that goes on with a message that is sent again."""
    return {name: value for name, value in headers.items() if name == SEAL or _is_sealed(name)}


def _is_sealed(name: str) -> bool:
    return name.startswith(_SEALED) and name not in _UNSEALED


def _seal(own: bytes, key: str, body: bytes, headers: Mapping[str, str]) -> str:
    named = sorted((name, value) for name, value in headers.items() if _is_sealed(name))
    head = json.dumps([key, named, len(body)]).encode()
    return hmac.digest(own, head + b"\n" + body, "sha256").hex()
