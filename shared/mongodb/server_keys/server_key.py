"""A server's key as everybody sees it: without its secret, which nobody can see again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.server_key import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerKey:
    """A key. `shop` None: of all shops; `last_used_at`: to the minute."""

    key_id: str
    shop: str | None
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    last_used_at: datetime | None

    @property
    def actor(self) -> str:
        """Who it is, in ledger, jobs, audit log and logs."""
        return f"key:{self.key_id} ({self.name})"

    def state(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= now else "active"
