"""Servers' keys, and requests with them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.server_key import Scope
from shared.mongodb.server_keys.server_key import ServerKey
from shared.mongodb.server_keys.server_keys import ServerKeys
from tests.integration.api.api_setup import ApiWorld, Reply

ALL = tuple(Scope)


async def server_key(
    world: ApiWorld, shop: str | None, scopes: Collection[Scope] = ALL, *, days: float = 90, name: str = "ERP"
) -> tuple[ServerKey, str]:
    """A key and its text; with `days` below zero one that has expired."""
    expires_at = datetime.now(UTC) + timedelta(days=days)
    return await ServerKeys(world.mongo.db).add(shop, name=name, scopes=scopes, expires_at=expires_at, by="test")


async def by_key(world: ApiWorld, key: str, method: str, path: str, body: Any = None, **headers: str) -> Reply:
    """A request with a key."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await world.request(method, f"/api{path}", json=body, headers={"Authorization": f"Bearer {key}"} | named)
