"""Refused sign-ins in the audit log: that somebody tries, not every try of his.

A token that has expired, or that is missing, is a page that stood open or a person who looks around. One that is
forged is worth a note. What it says, the shop included, is nobody's word: none of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from shared.mongodb.shops.acts import Act
from shared.mongodb.shops.audit import AuditLog
from shared.observing.rate_limit import RateLimit

NOTED = frozenset(
    {"token-signature", "token-invalid", "token-audience", "token-claim", "token-shop", "key-unknown", "key-revoked"}
)

MAX_NOTED = 5
SECONDS = 60.0
"""So many are noted in so many seconds, of a process: whoever sends a million leaves a few entries."""


class SignIns:
    """Notes what was refused."""

    def __init__(self, audit: AuditLog, clock: Callable[[], float] = monotonic) -> None:
        self._audit = audit
        self._rate = RateLimit(MAX_NOTED, SECONDS, clock)

    async def refused(self, kind: str) -> None:
        """A token was refused for this reason."""
        if kind.rpartition(":")[2] in NOTED and (unnoted := self._rate.now()) is not None:
            subject = kind if not unnoted else f"{kind}, and {unnoted} others before it"
            await self._audit.note(Act(None, "sign-in.refused", "unknown", "api", subject))
