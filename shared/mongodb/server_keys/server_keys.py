"""Keys of servers: made, found by their secret, used, revoked.

Of a secret only its SHA-256 is kept. A hash that is slow on purpose protects words that people choose, which can be
guessed; 256 random bits cannot, and a slow hash would only make each request dear.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.domain.server_key import SECRET_BYTES, Scope, id_of, read, written
from shared.mongodb.schema import Database, Document, found, ids_of, key_of
from shared.mongodb.server_keys.server_key import ServerKey

LONGEST_NAME = 100
MAX_ACTIVE = 50
"""Keys of one shop that are neither expired nor revoked."""

ENDED_SHOWN = 50
"""Of those that are, the newest that are listed."""

LAST_USE_EVERY = timedelta(minutes=1)
"""How often the last use is written at most, whatever the number of requests and processes."""

_ALL_SHOPS = ""
"""In the `_id` of a key of all shops."""

_NO_HASH = {"hash": 0}


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key with what its secret is proved by."""

    key: ServerKey
    digest: bytes = field(repr=False)

    def proved_by(self, secret: str) -> bool:
        """Whether it is this key's secret; takes as long whatever is wrong with it."""
        return hmac.compare_digest(self.digest, _digest(secret))


class ServerKeys:
    """Reads and writes keys."""

    def __init__(self, database: Database) -> None:
        self._keys = database["server_keys"]

    async def add(
        self,
        shop: str | None,
        *,
        name: str,
        scopes: Collection[Scope],
        expires_at: datetime,
        by: str,
        made_by: str | None = None,
    ) -> tuple[ServerKey, str]:
        """Make one; returns it and its text, which is kept nowhere.

        `shop` None: for all shops. `made_by`: the request that makes it, which may come again (`revoke_tries`).
        """
        text = written(id_of(secrets.token_bytes(16)), secrets.token_bytes(SECRET_BYTES))
        parts = read(text)
        if parts is None:
            raise AssertionError("unreachable: it was just written")
        document: Document = {
            "_id": key_of(shop or _ALL_SHOPS, parts.key_id),
            "shop": shop,
            "key_id": parts.key_id,
            "name": name,
            "scopes": sorted(scopes),
            "hash": _digest(parts.secret),
            "created_at": datetime.now(UTC),
            "created_by": by,
            "made_by": made_by,
            "expires_at": expires_at,
            "revoked_at": None,
            "revoked_by": None,
            "last_used_at": None,
        }
        await self._keys.insert_one(document)
        return _key(document), text

    async def find(self, key_id: str) -> KeptKey | None:
        """The key of that id, whosever it is; None: there is none. One look at an index."""
        document = found(await self._keys.find_one({"key_id": key_id}))
        return None if document is None else KeptKey(_key(document), bytes(document["hash"]))

    async def of_shop(self, shop: str) -> list[ServerKey]:
        """The shop's own keys, the newest first; those that work before those that have ended."""
        mine: Document = {"_id": ids_of(shop), "shop": shop}
        return await self._listed(mine)

    async def all(self) -> list[ServerKey]:
        """Every shop's, and those of all shops."""
        return await self._listed({}, most=None)

    async def _listed(self, which: Document, most: int | None = ENDED_SHOWN) -> list[ServerKey]:
        now = datetime.now(UTC)
        newest = [("created_at", -1), ("key_id", 1)]
        ended = {**which, "$or": [{"revoked_at": {"$ne": None}}, {"expires_at": {"$lte": now}}]}
        working = self._keys.find({**which, **_active(now)}, _NO_HASH).sort(newest)
        over = self._keys.find(ended, _NO_HASH).sort(newest).limit(most or 0)
        return [*[_key(one) async for one in working], *[_key(one) async for one in over]]

    async def active(self, shop: str) -> int:
        """How many of the shop work now."""
        return await self._keys.count_documents({"_id": ids_of(shop), "shop": shop, **_active(datetime.now(UTC))})

    async def revoke(self, key_id: str, *, shop: str | None, by: str) -> ServerKey | None:
        """It works no more, and never again; None where `shop` has no such key. Safe to repeat."""
        this = {"_id": key_of(shop or _ALL_SHOPS, key_id)}
        gone = {"revoked_at": datetime.now(UTC), "revoked_by": by}
        await self._keys.update_one({**this, "revoked_at": None}, {"$set": gone})
        document = found(await self._keys.find_one(this, _NO_HASH))
        return None if document is None else _key(document)

    async def revoke_tries(self, shop: str, made_by: str) -> None:
        """What an earlier try of a request has made works no more: nobody has ever seen it."""
        tries = {"_id": ids_of(shop), "shop": shop, "made_by": made_by, "revoked_at": None}
        gone = {"revoked_at": datetime.now(UTC), "revoked_by": "a later try of the same request"}
        await self._keys.update_many(tries, {"$set": gone})

    async def used(self, key: ServerKey) -> None:
        """It is being used; written at most once a minute by all processes together."""
        now = datetime.now(UTC)
        if key.last_used_at is not None and key.last_used_at > now - LAST_USE_EVERY:
            return
        which = {"_id": key_of(key.shop or _ALL_SHOPS, key.key_id)}
        late = {"$or": [{"last_used_at": None}, {"last_used_at": {"$lte": now - LAST_USE_EVERY}}]}
        await self._keys.update_one({**which, **late}, {"$set": {"last_used_at": now}})


def _active(now: datetime) -> Document:
    return {"revoked_at": None, "expires_at": {"$gt": now}}


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(document: Document) -> ServerKey:
    return ServerKey(
        key_id=document["key_id"],
        shop=document["shop"],
        name=document["name"],
        # A scope that only a later build knows allows nothing here.
        scopes=frozenset(Scope(one) for one in document["scopes"] if one in set(Scope)),
        created_at=document["created_at"],
        created_by=document["created_by"],
        expires_at=document["expires_at"],
        revoked_at=document["revoked_at"],
        revoked_by=document["revoked_by"],
        last_used_at=document["last_used_at"],
    )
