"""The addresses of a shop's outgoing webhooks, with the secrets that sign for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pymongo import ReturnDocument

from shared.domain.notices import Matter
from shared.mongodb.access.cipher import Cipher
from shared.mongodb.notices.recipients import Target
from shared.mongodb.schema import Database, Document, found, ids_of, key_of

MAX_TARGETS = 10
"""Addresses of one shop."""

BOTH_SECRETS = timedelta(hours=24)
"""How long the secret before counts beside a new one: each delivery bears a signature by both."""

DISABLED_AFTER = timedelta(days=5)
"""An address that has taken nothing for so long is switched off."""

_SECRETS_LEFT_OUT = {"secret": 0, "previous_secret": 0}


class TargetStore:
    """Reads and writes targets. `keys` are Fernet keys."""

    def __init__(self, database: Database, keys: Sequence[str]) -> None:
        self._targets = database["webhook_targets"]
        self._cipher = Cipher(keys)

    async def all(self, shop: str) -> list[Target]:
        """The shop's targets without their secrets, the oldest first."""
        cursor = self._targets.find({"_id": ids_of(shop), "shop": shop}, _SECRETS_LEFT_OUT).sort("_id", 1)
        return [self._target(document) async for document in cursor.limit(MAX_TARGETS * 2)]

    async def get(self, shop: str, target_id: str, *, secrets: bool = False) -> Target | None:
        """The target, or None; with its secrets where they are asked for."""
        condition = {"_id": key_of(shop, target_id), "shop": shop}
        document = found(await self._targets.find_one(condition, None if secrets else _SECRETS_LEFT_OUT))
        return None if document is None else self._target(document)

    async def put(
        self, shop: str, target_id: str, *, url: str, matters: Sequence[Matter] | None, enabled: bool, by: str
    ) -> str | None:
        """Make or change a target; returns who made its secret (empty: not known). None: it needs `set_secret`."""
        now = datetime.now(UTC)
        values: Document = {
            "url": url,
            "matters": None if matters is None else sorted(str(one) for one in matters),
            "enabled": enabled,
            "updated_at": now,
            "updated_by": by,
            # Whoever puts it says that it works: its time of failing begins anew.
            "failing_since": None,
            "disabled_at": None,
        }
        first: Document = {
            "shop": shop,
            "target_id": target_id,
            "secret": None,
            "previous_secret": None,
            "previous_until": None,
            "created_at": now,
            "created_by": by,
        }
        document = await self._targets.find_one_and_update(
            {"_id": key_of(shop, target_id)},
            {"$set": values, "$setOnInsert": first},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            projection={"secret": 1, "secret_by": 1},
        )
        return document.get("secret_by", "") if document["secret"] else None

    async def set_secret(self, shop: str, target_id: str, secret: bytes, *, made_by: str) -> bytes | None:
        """Sign by a new secret; the one before counts beside it for a day. None: the target is not there.

        `made_by` names the request: one that comes again makes no other, and gets the one that it has made.
        """
        this: Document = {"_id": key_of(shop, target_id), "shop": shop}
        until = datetime.now(UTC) + BOTH_SECRETS
        kept = {"$cond": [{"$eq": ["$secret", None]}, None, until]}
        new = {"secret": self._cipher.encrypt(secret), "secret_by": made_by}
        change = [{"$set": {"previous_secret": "$secret", "previous_until": kept, **new}}]
        await self._targets.update_one({**this, "secret_by": {"$ne": made_by}}, change)
        present = found(await self._targets.find_one(this, {"secret": 1}))
        return None if present is None else self._cipher.decrypt(present["secret"])

    async def delete(self, shop: str, target_id: str) -> bool:
        """Remove it; whether it was there."""
        result = await self._targets.delete_one({"_id": key_of(shop, target_id), "shop": shop})
        return result.deleted_count == 1

    async def note_taken(self, target: Target) -> None:
        """It has taken something."""
        this = {"_id": key_of(target.shop, target.target_id), "failing_since": {"$ne": None}}
        await self._targets.update_one(this, {"$set": {"failing_since": None}})

    async def note_refused(self, target: Target) -> bool:
        """It has not taken something; whether it was switched off by that: it has taken nothing for too long."""
        now = datetime.now(UTC)
        this: Document = {"_id": key_of(target.shop, target.target_id), "enabled": True}
        await self._targets.update_one({**this, "failing_since": None}, {"$set": {"failing_since": now}})
        result = await self._targets.update_one(
            {**this, "failing_since": {"$lte": now - DISABLED_AFTER}}, {"$set": {"enabled": False, "disabled_at": now}}
        )
        return result.modified_count == 1

    def _target(self, document: Document) -> Target:
        matters, secrets = document["matters"], []
        if document.get("secret") is not None:
            secrets.append(self._cipher.decrypt(document["secret"]))
        until = document["previous_until"]
        if document.get("previous_secret") is not None and until is not None and until > datetime.now(UTC):
            secrets.append(self._cipher.decrypt(document["previous_secret"]))
        return Target(
            shop=document["shop"],
            target_id=document["target_id"],
            url=document["url"],
            matters=None if matters is None else tuple(Matter(one) for one in matters),
            enabled=document["enabled"],
            failing_since=document["failing_since"],
            disabled_at=document["disabled_at"],
            previous_until=until,
            created_at=document["created_at"],
            created_by=document["created_by"],
            secrets=tuple(secrets),
        )
