"""Dead letters: messages that nobody could handle, kept for a person to look at and to send again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ulid import ULID

from shared.mongodb.schema import Database, Document, key_of

_PAGE = 100
"""Letters that are read together: their bodies may be long."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One kept message. `shop` is None where the message named none that could be read.

    `reason` is the broker's: what took it away, and from which queue; `cause` is what is wrong with it, where known.
    """

    letter_id: str
    shop: str | None
    at: datetime
    key: str
    body: bytes
    size: int
    headers: dict[str, str]
    reason: str
    cause: str | None = None
    altered: bool = False
    """Secrets or people's data were taken out of its body, or it was not kept."""

    @property
    def is_whole(self) -> bool:
        """Whether all of its body was kept, as it was sent."""
        return len(self.body) == self.size and not self.altered


def _letter(document: Document) -> DeadLetter:
    return DeadLetter(
        letter_id=document["letter_id"],
        shop=document["shop"],
        at=document["at"],
        key=document["key"],
        body=bytes(document["body"]),
        size=document["size"],
        headers=dict(document["headers"]),
        reason=document["reason"],
        cause=document.get("cause"),
        altered=document.get("altered", False),
    )


class DeadLetterStore:
    """Reads and writes kept messages."""

    def __init__(self, database: Database) -> None:
        self._letters = database["dead_letters"]

    async def keep(
        self,
        *,
        shop: str | None,
        key: str,
        body: bytes,
        size: int,
        headers: Mapping[str, str],
        reason: str,
        cause: str | None = None,
        altered: bool = False,
    ) -> str:
        """Keep one message; returns its id. `size`: of the whole body, in bytes, where `body` is its beginning.

        `altered`: `body` is not what was sent.
        """
        letter_id = str(ULID())
        await self._letters.insert_one(
            {
                "_id": key_of(shop or "", letter_id),
                "shop": shop,
                "letter_id": letter_id,
                "at": datetime.now(UTC),
                "key": key,
                "body": body,
                "size": size,
                # Pairs: a header's name may hold a dot or begin with a dollar, which a field's name should not.
                "headers": [[name, value] for name, value in headers.items()],
                "reason": reason,
                "cause": cause,
                "altered": altered,
            }
        )
        return letter_id

    async def list(
        self, *, shop: str | None = None, letter_ids: Sequence[str] | None = None
    ) -> AsyncIterator[DeadLetter]:
        """Kept messages, the oldest first: those of a shop, those of some ids, or all of them."""
        query: Document = {}
        if shop is not None:
            query["shop"] = shop
        after = ""
        while True:
            # Page by page: sending them again may take long, and a cursor held for long would be closed by the server.
            ids: Document = {"$gt": after} if letter_ids is None else {"$gt": after, "$in": list(letter_ids)}
            cursor = self._letters.find({**query, "letter_id": ids}).sort("letter_id", 1).limit(_PAGE)
            page = [_letter(document) async for document in cursor]
            for letter in page:
                yield letter
            if len(page) < _PAGE:
                return
            after = page[-1].letter_id

    async def remove(self, letter: DeadLetter) -> None:
        """Forget one that was sent again."""
        await self._letters.delete_one({"_id": key_of(letter.shop or "", letter.letter_id)})
