"""A change under a client's own key is made once: who begins it, and what it was answered, stands in one document.

A key counts for one shop and one operation, for a day. What was asked and what was answered is kept encrypted: both may
hold a secret that is shown once. A try that dies leaves its right behind for `HELD` at most; the next one goes on under
the same `made_id`, so that what was made is found instead of made again.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from pymongo.errors import DuplicateKeyError
from ulid import ULID

from shared.mongodb.access.cipher import Cipher
from shared.mongodb.schema import Database, Document, found, key_of

HELD = timedelta(minutes=2)
"""How long a try has its key for itself: longer than any request is worked on."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The first answer to a request."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """The right to work on a request. `first`: no try was there before; `made_id`: the id of whatever it makes."""

    name: str
    try_id: str
    made_id: str
    first: bool


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Another try is at it, for so many seconds at most."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AskedOtherwise:
    """The key was used for another request."""


class Unreadable(Exception):
    """What is kept was encrypted under a key that is no longer there."""


class KeyedRequests:
    """Reads and writes the collection `idempotency_keys`. `keys` are Fernet keys."""

    def __init__(self, database: Database, keys: Sequence[str]) -> None:
        self._requests = database["idempotency_keys"]
        self._cipher = Cipher(keys)

    async def begin(
        self, shop: str, operation: str, key: str, asked: bytes
    ) -> Begun | KeptAnswer | UnderWay | AskedOtherwise:
        """Take the right to work on a request, or learn what became of it. Raises Unreadable."""
        name = key_of(shop, operation, hashlib.sha256(key.encode()).hexdigest())
        digest, now = hashlib.sha256(asked).digest(), datetime.now(UTC)
        mine = str(ULID())
        document: Document = {
            "_id": name,
            "shop": shop,
            "made_id": mine,
            "asked": self._cipher.encrypt(digest),
            "held_by": mine,
            "held_until": now + HELD,
            "answer": None,
            "at": now,
        }
        try:
            await self._requests.insert_one(document)
        except DuplicateKeyError:
            return await self._there(name, shop, digest, mine)
        return Begun(name, mine, mine, first=True)

    async def _there(
        self, name: str, shop: str, digest: bytes, mine: str
    ) -> Begun | KeptAnswer | UnderWay | AskedOtherwise:
        kept = found(await self._requests.find_one({"_id": name, "shop": shop}))
        if kept is None:
            return UnderWay(0)  # it was given back this very moment
        if not compare_digest(self._opened(kept["asked"]), digest):
            return AskedOtherwise()
        if kept["answer"] is not None:
            return _answer_of(self._opened(kept["answer"]))
        now = datetime.now(UTC)
        if kept["held_until"] is not None and kept["held_until"] > now:
            return UnderWay((kept["held_until"] - now).total_seconds())
        result = await self._requests.update_one(
            {"_id": name, "answer": None, "held_by": kept["held_by"], "held_until": kept["held_until"]},
            {"$set": {"held_by": mine, "held_until": now + HELD}},
        )
        if not result.modified_count:
            return UnderWay(HELD.total_seconds())
        return Begun(name, mine, kept["made_id"], first=False)

    async def answer(self, begun: Begun, answer: KeptAnswer) -> None:
        """Keep the first answer, for whoever sends the request again."""
        sealed = self._cipher.encrypt(_answer_text(answer))
        await self._requests.update_one(
            {"_id": begun.name, "answer": None, "held_by": begun.try_id},
            {"$set": {"answer": sealed, "held_by": None, "held_until": None}},
        )

    async def forget(self, begun: Begun) -> None:
        """Nothing was changed: the key is as if it had never come, for the same request or a corrected one."""
        await self._requests.delete_one({"_id": begun.name, "answer": None, "held_by": begun.try_id})

    async def give_back(self, begun: Begun) -> None:
        """Something may have been changed: the same request may be tried again at once, under the same `made_id`."""
        await self._requests.update_one(
            {"_id": begun.name, "answer": None, "held_by": begun.try_id},
            {"$set": {"held_by": None, "held_until": None}},
        )

    def _opened(self, sealed: bytes) -> bytes:
        from cryptography.fernet import InvalidToken  # noqa: PLC0415  # as in `access/cipher`

        try:
            return self._cipher.decrypt(sealed)
        except InvalidToken:
            raise Unreadable from None


def _answer_text(answer: KeptAnswer) -> bytes:
    head = json.dumps({"status": answer.status, "headers": dict(answer.headers)}).encode()
    return zlib.compress(head + b"\n" + answer.body)


def _answer_of(text: bytes) -> KeptAnswer:
    head, _, body = zlib.decompress(text).partition(b"\n")
    read = json.loads(head)
    return KeptAnswer(read["status"], read["headers"], body)
