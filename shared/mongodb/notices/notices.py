"""Notices: one per open matter, counted when it happens again, closed when it is settled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo.errors import DuplicateKeyError
from ulid import ULID

from shared.domain.notices import Happening, Matter
from shared.mongodb.lists.pages import Page, later
from shared.mongodb.notices.notice import Notice, notice_of
from shared.mongodb.schema import Database, Document, found, ids_of, key_of

MOST_KEPT = 2_000
"""Notices of a shop; beyond them the oldest go."""

_ORDER = {"at": -1, "notice_id": -1}
_AT_ONCE = 500


class NoticeStore:
    """Reads and writes notices."""

    def __init__(self, database: Database) -> None:
        self._notices = database["notices"]

    async def note(self, happening: Happening) -> bool:
        """Tell a shop of an occurrence; whether it is a new one. A repeat, also of an older one, changes nothing."""
        this = {"_id": key_of(happening.shop, str(happening.matter), happening.subject)}
        now = datetime.now(UTC)
        anew: Document = {
            "occurrence": happening.occurrence,
            "at": happening.at,
            "facts": dict(happening.facts),
            "open": happening.open,
            "closed_at": None if happening.open else now,
            "seen_at": None,
            "dismissed_by": None,
            "spread": False,
        }
        document = {
            **this,
            "shop": happening.shop,
            "notice_id": str(ULID()),
            "matter": str(happening.matter),
            "subject": happening.subject,
            "count": 1,
            "first_at": happening.at,
            **anew,
        }
        try:
            await self._notices.insert_one(document)
        except DuplicateKeyError:
            # What is older than the last one was counted in its time: an occurrence is read more than once.
            later_one = {**this, "occurrence": {"$ne": happening.occurrence}, "at": {"$lt": happening.at}}
            result = await self._notices.update_one(later_one, {"$set": anew, "$inc": {"count": 1}})
            return result.modified_count == 1
        return True

    async def settle(self, shop: str, matter: Matter, subject: str) -> bool:
        """The matter needs nobody any more; whether it was open."""
        this = {"_id": key_of(shop, str(matter), subject), "open": True}
        result = await self._notices.update_one(this, {"$set": {"open": False, "closed_at": datetime.now(UTC)}})
        return result.modified_count == 1

    async def open_about(self, matter: Matter) -> AsyncIterator[Notice]:
        """What is open of a kind, of all shops."""
        condition = {"matter": str(matter), "open": True}
        async for document in self._notices.find(condition).limit(_AT_ONCE * 10):
            yield notice_of(document)

    async def get(self, shop: str, notice_id: str) -> Notice | None:
        """The notice, or None."""
        document = found(await self._notices.find_one({"shop": shop, "notice_id": notice_id}))
        return None if document is None else notice_of(document)

    async def page(
        self, shop: str, after: Sequence[Any] | None, limit: int, *, only_open: bool = False
    ) -> Page[Notice]:
        """Notices of a shop, the latest first; `after`: the milliseconds and the id of the last one of a page."""
        condition: Document = {"shop": shop}
        if only_open:
            condition["open"] = True
        if after is not None:
            moment = datetime.fromtimestamp(int(after[0]) / 1000, UTC)
            condition.update(later(_ORDER, [moment, after[1]]))
        cursor = self._notices.find(condition).sort(list(_ORDER.items())).limit(limit + 1)
        notices = [notice_of(document) async for document in cursor]
        shown = notices[:limit]
        more = len(notices) > limit
        return Page(shown, [int(shown[-1].at.timestamp() * 1000), shown[-1].notice_id] if more else None)

    async def numbers(self, shop: str) -> tuple[int, int]:
        """How many are open, and how many nobody has seen."""
        is_open = await self._notices.count_documents({"shop": shop, "open": True})
        unseen = await self._notices.count_documents({"shop": shop, "seen_at": None})
        return is_open, unseen

    async def see_all(self, shop: str, until: datetime) -> int:
        """Somebody of the shop has looked at what there was until then; how many were new."""
        condition = {"shop": shop, "seen_at": None, "at": {"$lte": until}}
        result = await self._notices.update_many(condition, {"$set": {"seen_at": datetime.now(UTC)}})
        return result.modified_count

    async def dismiss(self, shop: str, notice_id: str, by: str) -> bool:
        """Somebody has decided that it needs nobody; whether it was open."""
        now = datetime.now(UTC)
        values = {"open": False, "closed_at": now, "seen_at": now, "dismissed_by": by}
        result = await self._notices.update_one({"shop": shop, "notice_id": notice_id, "open": True}, {"$set": values})
        return result.modified_count == 1

    async def to_spread(self) -> list[Notice]:
        """Occurrences that outgoing webhooks and mails do not know of yet, of all shops, the oldest first."""
        cursor = self._notices.find({"spread": False}).sort("at", 1).limit(_AT_ONCE)
        return [notice_of(document) async for document in cursor]

    async def spread(self, notice: Notice, *, mail: bool) -> None:
        """The occurrence is with every way that it is to be told by; `mail`: one of these."""
        this = {"_id": key_of(notice.shop, str(notice.matter), notice.subject), "occurrence": notice.occurrence}
        values: Document = {"spread": True}
        if mail:
            values["mail_due_at"] = datetime.now(UTC)
        await self._notices.update_one({**this, "spread": False}, {"$set": values})

    async def shops_with_mail(self, before: datetime) -> list[str]:
        """Shops with something that is to be told by mail and was noted before a moment."""
        cursor = self._notices.aggregate(
            [{"$match": {"mail_due_at": {"$lte": before}}}, {"$group": {"_id": "$shop"}}, {"$limit": _AT_ONCE}]
        )
        return [document["_id"] async for document in cursor]

    async def for_mail(self, shop: str, limit: int) -> list[tuple[Notice, datetime]]:
        """What is to be told by mail, each with the moment from which on it is, the oldest first."""
        cursor = self._notices.find({"shop": shop, "mail_due_at": {"$exists": True}}).sort("mail_due_at", 1)
        return [(notice_of(document), document["mail_due_at"]) async for document in cursor.limit(limit)]

    async def mailed(self, shop: str, sent: Collection[tuple[Notice, datetime]]) -> None:
        """These were told by mail; what happened again since is told again."""
        for notice, due_at in sent:
            this = {"_id": key_of(shop, str(notice.matter), notice.subject), "mail_due_at": due_at}
            await self._notices.update_one(this, {"$unset": {"mail_due_at": ""}})

    async def prune(self, shop: str) -> None:
        """Keep a shop's notices within their bound."""
        here: Document = {"_id": ids_of(shop), "shop": shop}
        too_many = await self._notices.count_documents(here) - MOST_KEPT
        if too_many > 0:
            cursor = self._notices.find({"shop": shop}, {"_id": 1}).sort([("at", 1), ("notice_id", 1)]).limit(too_many)
            await self._notices.delete_many({"_id": {"$in": [document["_id"] async for document in cursor]}})
