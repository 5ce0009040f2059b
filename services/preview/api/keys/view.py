"""Keys as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.preview.api.keys.models import KeyMade, KeyOut
from shared.domain.server_key import Scope
from shared.domain.words.people import shown_name
from shared.mongodb.server_keys.server_key import ServerKey


def key_out(key: ServerKey) -> KeyOut:
    """Without what proves it."""
    return KeyOut(**_shown(key))


def key_made(key: ServerKey, text: str) -> KeyMade:
    """With its text."""
    return KeyMade(**_shown(key), key=text)


def _shown(key: ServerKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": [scope for scope in Scope if scope in key.scopes],
        "state": key.state(datetime.now(UTC)),
        "created_at": key.created_at,
        "created_by": key.created_by,
        "created_by_name": shown_name(key.created_by),
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "revoked_by": key.revoked_by,
        "revoked_by_name": None if key.revoked_by is None else shown_name(key.revoked_by),
        "last_used_at": key.last_used_at,
    }
