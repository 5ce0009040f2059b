"""Servers' keys: who is calling, and for which shop.

A key is looked up in the store, and what was found counts for 0.4 seconds: so a key that has been revoked is refused
within a second in every process, and a process looks for a key 2.5 times a second at most, however many requests come
with it. Keys that nobody has are looked up so often and no more: a flood of them costs the store little.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from time import monotonic

from services.preview.api.http.auth import Caller
from services.preview.api.http.responses.problem import FieldProblem, ProblemError, invalid, too_many
from shared.domain.server_key import Scope, read
from shared.domain.shop import named_shop
from shared.mongodb.server_keys.server_key import ServerKey
from shared.mongodb.server_keys.server_keys import KeptKey, ServerKeys
from shared.running.shop_locks import ShopLocks

SHOP_HEADER = "Trueup-Shop"
"""Names the shop that a request with a key of all shops is for."""

KNOWN_FOR = 0.4
"""Seconds for which what was found of a key counts."""

MAX_KNOWN = 2000
"""Keys kept in mind."""

STRANGERS_PER_SECOND = 20.0
MAX_STRANGERS = 100.0
"""Looks at the store for keys that this process has not just found: so many at once, and so many more a second."""

_AUTHORIZATION = "header.Authorization"
_ASK = "Ask whoever runs the app for a new key, and send that one."


class KeyCallers:
    """Checks keys. `clock` tells seconds that only go forward."""

    def __init__(self, keys: ServerKeys, clock: Callable[[], float] = monotonic) -> None:
        self._keys = keys
        self._clock = clock
        self._found: dict[str, tuple[float, KeptKey | None]] = {}
        self._looking = ShopLocks()
        self._strangers, self._strangers_at = MAX_STRANGERS, clock()

    async def caller(self, text: str, shop: str | None) -> Caller:
        """Who sends the key; `shop`: what the header says. Raises ProblemError (401, 403, 422, 429)."""
        key = await self._proved(text)
        meant = _meant(key, shop)
        await self._keys.used(key)
        return Caller(meant, key.actor[:200], key.expires_at.timestamp(), key=key)

    async def still(self, key: ServerKey) -> bool:
        """Whether the key of a request that lasts still works."""
        kept = await self._found_of(key.key_id)
        return kept is not None and kept.key.state(datetime.now(UTC)) == "active"

    def forget(self, key_id: str) -> None:
        """Something about it has changed in this process: what was found of it counts no more."""
        self._found.pop(key_id, None)

    async def _proved(self, text: str) -> ServerKey:
        parts = read(text)
        if parts is None:
            message = "The key is mistyped, or not whole: its checksum is wrong."
            raise refused("key-malformed", message, "Copy it again, from its first sign to its last.")
        kept = await self._found_of(parts.key_id)
        # Whether the id or the secret is wrong is told to nobody.
        if kept is None or not kept.proved_by(parts.secret):
            raise refused("key-unknown", "There is no such key.", _ASK)
        state = kept.key.state(datetime.now(UTC))
        if state == "revoked":
            raise refused("key-revoked", "The key has been revoked.", _ASK)
        if state == "expired":
            raise refused("key-expired", "The key has expired.", _ASK)
        return kept.key

    async def _found_of(self, key_id: str) -> KeptKey | None:
        if (known := self._known(key_id)) is not None:
            return known[1]
        async with self._looking.of(key_id):
            # Whoever waited here waited for the same answer.
            if (known := self._known(key_id)) is not None:
                return known[1]
            self._count_strangers(key_id)
            now = self._clock()
            kept = await self._keys.find(key_id)
            if len(self._found) >= MAX_KNOWN:
                self._found.clear()
            self._found[key_id] = (now, kept)
            return kept

    def _known(self, key_id: str) -> tuple[float, KeptKey | None] | None:
        known = self._found.get(key_id)
        return known if known is not None and self._clock() - known[0] < KNOWN_FOR else None

    def _count_strangers(self, key_id: str) -> None:
        """Raises ProblemError (429) where too many keys are sent that are nobody's."""
        before = self._found.get(key_id)
        if before is not None and before[1] is not None:
            return  # it was a key a moment ago
        now = self._clock()
        gained = (now - self._strangers_at) * STRANGERS_PER_SECOND
        self._strangers, self._strangers_at = min(MAX_STRANGERS, self._strangers + gained), now
        if self._strangers < 1:
            message = "More keys are being sent that nobody has than are looked up."
            raise too_many("requests", _AUTHORIZATION, message, "Send a key that is one.", seconds=1)
        self._strangers -= 1


def must_have(caller: Caller, scope: Scope | None) -> None:
    """Raise ProblemError (403) where the caller's key lacks the scope; None: no key has what is needed."""
    if caller.key is None or scope in caller.key.scopes:
        return
    if scope is None:
        message, remedy = "No key may do that.", "Only a person may, on the page."
        challenge = 'Bearer error="insufficient_scope"'
    else:
        message = f"The key {caller.key.name} may not do that: it lacks the scope {scope}."
        remedy = f"Ask whoever runs the app for a key with the scope {scope}."
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    raise ProblemError(
        HTTPStatus.FORBIDDEN,
        "key-scope",
        f"{message} {remedy}",
        errors=[FieldProblem(field=_AUTHORIZATION, message=message, remedy=remedy)],
        headers={"WWW-Authenticate": challenge},
    )


def refused(kind: str, message: str, remedy: str) -> ProblemError:
    """401: this is no key that works."""
    return ProblemError(
        HTTPStatus.UNAUTHORIZED,
        kind,
        f"{message} {remedy}",
        errors=[FieldProblem(field=_AUTHORIZATION, message=message, remedy=remedy)],
        headers={"WWW-Authenticate": "Bearer"},
    )


def _meant(key: ServerKey, given: str | None) -> str:
    """The shop that a request with this key is for. Raises ProblemError (403, 422)."""
    field = f"header.{SHOP_HEADER}"
    shop = None if given is None else named_shop(given.strip())
    if given is not None and shop is None:
        message, remedy = "This is no shop's domain.", "Write it as name.myshopify.com."
        raise invalid([FieldProblem(field=field, message=message, remedy=remedy)])
    if key.shop is None:
        if shop is None:
            message = "The key is for all shops, and no shop is named."
            remedy = f"Name it in the header {SHOP_HEADER}, as name.myshopify.com."
            raise invalid([FieldProblem(field=field, message=message, remedy=remedy)])
        return shop
    if shop is not None and shop != key.shop:
        message, remedy = "The key is for another shop.", "Use the key of that shop, or leave the header out."
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "key-shop",
            f"{message} {remedy}",
            errors=[FieldProblem(field=field, message=message, remedy=remedy)],
        )
    return key.shop
