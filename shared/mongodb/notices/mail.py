"""Who of a shop is told by mail, of what, and whose turn it is to write to them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from shared.domain.notices import BY_MAIL, Matter
from shared.mongodb.lease import Lease
from shared.mongodb.notices.recipients import MailAddress, MailWanted
from shared.mongodb.schema import Database, Document, found, key_of

MAX_ADDRESSES = 10
"""Of one shop."""

CODE_LIFE = timedelta(hours=24)
CODE_TRIES = 5
"""Wrong codes before another must be asked for."""

CODES_A_DAY = 20
"""Mails with a code that a shop may cause in a day: nobody is to be written to at a stranger's wish."""

_LEASE = Lease(until="mail_until", number="mail_no", lasts=timedelta(minutes=2))
_SET_UP = "mail"
"""The constant by which the page knows whether mails are set up."""


class MailStore:
    """Reads and writes who is told by mail."""

    def __init__(self, database: Database) -> None:
        self._settings = database["notification_settings"]
        self._constants = database["constants"]

    async def get(self, shop: str) -> MailWanted:
        """What the shop wants; one that has chosen nothing tells nobody."""
        return _wanted_of(shop, found(await self._settings.find_one({"_id": _id(shop)})) or {})

    async def choose(self, shop: str, matters: Collection[Matter]) -> None:
        """Tell of these by mail, and of nothing else."""
        chosen = sorted(str(one) for one in matters)
        await self._settings.update_one(
            {"_id": _id(shop)}, {"$set": {"matters": chosen}, "$setOnInsert": {"shop": shop}}, upsert=True
        )

    async def add(self, shop: str, address: str, by: str) -> bool:
        """Note an address, to which a code is sent; False where the shop has as many as it may, or has asked for as
        many codes today. One that is there gets another code while it is not confirmed."""
        now = datetime.now(UTC)
        today = now.date().isoformat()
        if not await self._may_send_code(shop, today):
            return False
        again: Document = {"addresses.$.code_due": True, "work_due_at": now}
        there = {"_id": _id(shop), "addresses": {"$elemMatch": {"address": address, "confirmed_at": None}}}
        if (await self._settings.update_one(there, {"$set": again})).matched_count:
            return True
        entry: Document = {
            "address": address,
            "confirmed_at": None,
            "added_at": now,
            "added_by": by,
            "code_due": True,
            "code_hash": None,
            "code_until": None,
            "code_tries": 0,
            "test_due": False,
        }
        room = {
            "_id": _id(shop),
            "addresses.address": {"$ne": address},
            f"addresses.{MAX_ADDRESSES - 1}": {"$exists": False},
        }
        result = await self._settings.update_one(room, {"$push": {"addresses": entry}, "$set": {"work_due_at": now}})
        return result.matched_count == 1 or any(one.address == address for one in (await self.get(shop)).addresses)

    async def _may_send_code(self, shop: str, today: str) -> bool:
        with suppress(DuplicateKeyError):  # it is there, and of today
            await self._settings.update_one(
                {"_id": _id(shop), "codes_day": {"$ne": today}},
                {"$set": {"codes_day": today, "codes_no": 0}, "$setOnInsert": {"shop": shop}},
                upsert=True,
            )
        this = {"_id": _id(shop), "codes_day": today, "codes_no": {"$lt": CODES_A_DAY}}
        return (await self._settings.update_one(this, {"$inc": {"codes_no": 1}})).modified_count == 1

    async def remove(self, shop: str, address: str) -> bool:
        """Forget an address; whether it was there."""
        result = await self._settings.update_one({"_id": _id(shop)}, {"$pull": {"addresses": {"address": address}}})
        return result.modified_count == 1

    async def confirm(self, shop: str, address: str, code: str) -> bool:
        """Whether the code is the one that was sent; the address then gets mails."""
        now = datetime.now(UTC)
        open_one = {"address": address, "code_until": {"$gt": now}, "code_tries": {"$lt": CODE_TRIES}}
        this = {"_id": _id(shop), "addresses": {"$elemMatch": open_one}}
        # The try counts before it is looked at: nobody has more by being quick.
        document = found(await self._settings.find_one_and_update(this, {"$inc": {"addresses.$.code_tries": 1}}))
        if document is None:
            return False
        entry = next(one for one in document["addresses"] if one["address"] == address)
        if not hmac.compare_digest(entry["code_hash"] or "", _hash(shop, address, code)):
            return False
        values = {"addresses.$.confirmed_at": now, "addresses.$.code_hash": None, "addresses.$.code_until": None}
        await self._settings.update_one({"_id": _id(shop), "addresses.address": address}, {"$set": values})
        return True

    async def ask_test(self, shop: str, address: str) -> bool:
        """Have a test mail sent; whether the address is there and confirmed."""
        there = {"_id": _id(shop), "addresses": {"$elemMatch": {"address": address, "confirmed_at": {"$ne": None}}}}
        values = {"addresses.$.test_due": True, "work_due_at": datetime.now(UTC)}
        return (await self._settings.update_one(there, {"$set": values})).matched_count == 1

    async def shops_with_work(self, now: datetime) -> list[str]:
        """Shops that somebody waits for a code or a test of."""
        cursor = self._settings.find({"work_due_at": {"$lte": now}}, {"shop": 1}).sort("work_due_at", 1).limit(500)
        return [document["shop"] async for document in cursor]

    async def take(self, shop: str) -> tuple[MailWanted, int] | None:
        """The right to write to a shop's people, with its number; None: another has it, or the shop wants nothing."""
        document = await _LEASE.take(self._settings, {"_id": _id(shop)})
        return None if document is None else (_wanted_of(shop, document), document["mail_no"])

    async def give_back(self, shop: str, number: int) -> None:
        """Let another write to them."""
        await _LEASE.give_back(self._settings, {"_id": _id(shop)}, number=number)

    async def set_code(self, shop: str, address: str, code: str) -> None:
        """The code that is about to be sent."""
        values = {
            "addresses.$.code_hash": _hash(shop, address, code),
            "addresses.$.code_until": datetime.now(UTC) + CODE_LIFE,
            "addresses.$.code_tries": 0,
        }
        await self._settings.update_one({"_id": _id(shop), "addresses.address": address}, {"$set": values})

    async def note_sent(self, shop: str, address: str, what: str) -> None:
        """`code` or `test` was sent."""
        await self._settings.update_one(
            {"_id": _id(shop), "addresses.address": address}, {"$set": {f"addresses.$.{what}_due": False}}
        )

    async def note_round(self, shop: str, *, trouble: str | None, mailed: bool, again_at: datetime | None) -> None:
        """What a go at a shop's mails met; `again_at`: when codes and tests are tried again, None: all are sent."""
        values: Document = {"mail_trouble": trouble}
        if mailed:
            values["mailed_at"] = datetime.now(UTC)
        change: Document = {"$set": values}
        if again_at is None:
            waiting = {"addresses": {"$not": {"$elemMatch": {"$or": [{"code_due": True}, {"test_due": True}]}}}}
            await self._settings.update_one({"_id": _id(shop), **waiting}, {"$unset": {"work_due_at": ""}})
        else:
            values["work_due_at"] = again_at
        await self._settings.update_one({"_id": _id(shop)}, change)

    async def say_set_up(self, sender: str | None) -> None:
        """Note for the page who mails come from; None: none are sent."""
        value: dict[str, Any] = {"value": sender}
        await self._constants.update_one({"_id": _SET_UP}, {"$set": value}, upsert=True)

    async def set_up(self) -> str | None:
        """Who mails come from; None: none are sent."""
        document = found(await self._constants.find_one({"_id": _SET_UP}))
        return None if document is None else document["value"]


def _id(shop: str) -> str:
    return key_of(shop, "mail")


def _hash(shop: str, address: str, code: str) -> str:
    return hashlib.sha256(f"{shop}|{address}|{code}".encode()).hexdigest()


def _wanted_of(shop: str, document: Document) -> MailWanted:
    matters = document.get("matters")
    known = set(Matter)
    return MailWanted(
        shop=shop,
        matters=BY_MAIL if matters is None else frozenset(Matter(one) for one in matters if one in known),
        addresses=tuple(
            MailAddress(
                address=one["address"],
                confirmed_at=one["confirmed_at"],
                added_at=one["added_at"],
                added_by=one["added_by"],
                code_due=one["code_due"],
                test_due=one["test_due"],
            )
            for one in document.get("addresses", [])
        ),
        mailed_at=document.get("mailed_at"),
        trouble=document.get("mail_trouble"),
    )
