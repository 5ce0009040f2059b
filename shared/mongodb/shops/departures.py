"""Shops that are said to have left: what a webhook claims, kept until Shopify has been asked.

Only a webhook's body is signed, and one of `app/uninstalled` or `shop/redact` says nothing of when it was sent: an old
one under new headers is as good as a new one. So what they say is a claim, and the stored token is what tells.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shared.mongodb.schema import Database, Document, found
from shared.mongodb.transactions import Session

UNINSTALLED, REDACT = "app/uninstalled", "shop/redact"

_FIELDS = {UNINSTALLED: "uninstall_told_at", REDACT: "redact_told_at"}
CLAIMS = (*_FIELDS.values(), "departure_asks", "departure_asked_at", "redact_overdue_at")
"""The fields of a claim: a shop that is installed (again) has none."""

_WITH_TOKEN: Document = {"token": {"$ne": None}}


class Claim(StrEnum):
    """What is to be done about a claim."""

    ASK = "ask"
    """It is kept: the shop has a token, and Shopify is asked with it."""
    FREE = "free"
    """There is nothing to ask with: nobody can call for the shop, so it does not have the app."""
    OUTDATED = "outdated"
    """It was reported before the shop was installed (again)."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A shop that is said to have left. `token_no`: of the token that is asked with."""

    shop: str
    topics: frozenset[str]
    token_no: int
    asks: int
    asked_at: datetime | None


class Departures:
    """Keeps claims on the shop's document. A new installation takes them away (`TokenStore.installed`)."""

    def __init__(self, database: Database) -> None:
        self._shops = database["shops"]

    async def record(self, shop: str, topic: str, at: datetime, session: Session | None = None) -> Claim:
        """Keep a claim of UNINSTALLED or REDACT that was reported at this time. A repeat adds nothing."""
        document = found(
            await self._shops.find_one(
                {"_id": shop}, {"token": 1, "installed_at": 1, "install_until": 1}, session=session
            )
        )
        if document is None:
            return Claim.FREE
        if document.get("token") is None:
            until = document.get("install_until")
            # Being installed at this very moment: the claim is about an earlier life.
            return Claim.OUTDATED if until is not None and until > datetime.now(UTC) else Claim.FREE
        installed_at = document.get("installed_at")
        if installed_at is not None and installed_at > at:
            return Claim.OUTDATED
        result = await self._shops.update_one(
            {"_id": shop, **_WITH_TOKEN, "installed_at": installed_at}, {"$max": {_FIELDS[topic]: at}}, session=session
        )
        return Claim.ASK if result.matched_count else Claim.OUTDATED

    async def claim_overdue(self, left_before: datetime) -> int:
        """Claim REDACT for the shops that left before then and of which nobody has asked it; returns how many.

        Shopify asks for it two days after an uninstall, once: a broker that is reset takes that with it. It runs across
        shops.
        """
        now = datetime.now(UTC)
        due: Document = {
            "status": "uninstalled",
            "paused_at": {"$lte": left_before},
            "redact_told_at": None,
            # A claim that Shopify has refuted is not made again at once.
            "$or": [{"redact_overdue_at": None}, {"redact_overdue_at": {"$lte": left_before}}],
        }
        claim = {"$set": {_FIELDS[REDACT]: now, "redact_overdue_at": now}}
        number: int = (await self._shops.update_many(due, claim)).modified_count
        return number

    async def claimed(self) -> list[Departure]:
        """Every shop that is said to have left. It runs across shops: it finds whose turn it is."""
        wanted: Document = {"$or": [{field: {"$ne": None}} for field in _FIELDS.values()]}
        fields = ("token_no", "departure_asks", "departure_asked_at", *_FIELDS.values())
        return [_departure(document) async for document in self._shops.find(wanted, dict.fromkeys(fields, 1))]

    async def take_turn(self, departure: Departure) -> bool:
        """Take the turn at asking; False where another process has it."""
        result = await self._shops.update_one(
            {"_id": departure.shop, "departure_asked_at": departure.asked_at},
            {"$set": {"departure_asked_at": datetime.now(UTC)}, "$inc": {"departure_asks": 1}},
        )
        return bool(result.modified_count)

    async def refuted(self, departure: Departure) -> None:
        """Shopify takes the shop's token: it has the app, and nothing changes."""
        await self._forget(departure, departure.topics)

    async def confirmed(self, departure: Departure) -> bool:
        """Shopify refuses the token that was asked with: nothing more is sent for the shop, and jobs end.

        False where the shop has another token by now. A claim of REDACT stays, until the shop is deleted.
        """
        now = datetime.now(UTC)
        result = await self._shops.update_one(
            {"_id": departure.shop, "token_no": departure.token_no},
            [
                {
                    "$set": {
                        "status": "uninstalled",
                        "pause_reason": "uninstalled",
                        "paused_at": {"$cond": [{"$eq": ["$status", "uninstalled"]}, "$paused_at", now]},
                    }
                }
            ],
        )
        if not result.matched_count:
            return False
        await self._forget(departure, departure.topics - {REDACT})
        return True

    async def _forget(self, departure: Departure, topics: Collection[str]) -> None:
        gone = {_FIELDS[topic]: "" for topic in topics} | {"departure_asks": "", "departure_asked_at": ""}
        await self._shops.update_one({"_id": departure.shop, "token_no": departure.token_no}, {"$unset": gone})


def _departure(document: Document) -> Departure:
    return Departure(
        shop=document["_id"],
        topics=frozenset(topic for topic, field in _FIELDS.items() if document.get(field) is not None),
        token_no=document["token_no"],
        asks=document.get("departure_asks", 0),
        asked_at=document.get("departure_asked_at"),
    )
