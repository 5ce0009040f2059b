"""Shops: a token given by hand, whether they take calls now, and their settings. Tokens themselves are in `tokens`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.domain.words.pauses import ShopPause, shop_pause
from shared.mongodb.access.cipher import Cipher
from shared.mongodb.lease import Lease
from shared.mongodb.schema import Database, Document, found
from shared.mongodb.shops.departures import CLAIMS

FLAPPING = timedelta(minutes=10)
"""A shop paused again this soon after it was resumed is probed as rarely as before."""


LOCATIONS_DUE = Lease(until="locations_due_at", lasts=timedelta(minutes=1), none_is_free=False)
"""The turn at reading a shop's locations that are due; another has it where the read has failed or its process died."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as its document says, without its token."""

    domain: str
    status: str
    pause_reason: str | None
    paused_at: datetime | None
    allow_negative: bool
    activate: bool = False
    set_up_due: bool = False
    pause_detail: str | None = None

    @property
    def needs_a_session_token(self) -> bool:
        """Whether only the next session token can bring it back."""
        return self.status in {"uninstalled", "installing"} or (
            self.status == "paused" and self.pause_reason == "unauthorized"
        )

    @property
    def pause(self) -> ShopPause | None:
        """Why it takes no calls, None where it is not paused."""
        if self.status != "paused" or self.paused_at is None:
            return None
        return shop_pause(self.pause_reason or "unknown", self.pause_detail, self.paused_at)


WITHOUT_TOKENS: list[Document] = [
    {"status": {"$in": ["installing", "uninstalled"]}},
    {"status": "paused", "pause_reason": "unauthorized"},
]
"""`Shop.needs_a_session_token` as alternatives of a query: a shop that does not have the app, as far as is known."""


@dataclass(frozen=True, slots=True)
class PausedShop:
    """A paused shop: since when, and how often and when last it was probed."""

    domain: str
    paused_at: datetime
    probes: int
    probed_at: datetime | None
    reason: str | None = None
    detail: str | None = None


def _shop(document: Document) -> Shop:
    return Shop(
        domain=document["_id"],
        status=document["status"],
        pause_reason=document.get("pause_reason"),
        paused_at=document.get("paused_at"),
        allow_negative=bool(document.get("allow_negative", False)),
        activate=bool(document.get("activate", False)),
        set_up_due=bool(document.get("set_up_due", False)),
        pause_detail=document.get("pause_detail"),
    )


class ShopStore:
    """Reads and writes shops. `keys` are Fernet keys; the first encrypts, all decrypt."""

    def __init__(self, database: Database, keys: list[str]) -> None:
        self._shops = database["shops"]
        self._cipher = Cipher(keys)

    async def add(self, domain: str, token: str, *, allow_negative: bool | None = None) -> bool:
        """Add a shop, or give a known one a new token and resume it. Returns whether it is new."""
        encrypted = self._cipher.encrypt(token.encode())
        now = datetime.now(UTC)
        values: Document = {
            "token": encrypted,
            # Of a token given by hand no expiry is known, and there is nothing to refresh it with.
            "refresh_token": None,
            "token_expires_at": None,
            "refresh_expires_at": None,
            "status": "active",
            "pause_reason": None,
            "pause_detail": None,
            "paused_at": None,
            "installed_at": now,
        }
        first: Document = {"shop": domain, "created_at": now, "job_no": 0}
        (first if allow_negative is None else values)["allow_negative"] = bool(allow_negative)
        change = {
            "$set": values,
            "$setOnInsert": first,
            "$inc": {"token_no": 1},
            "$unset": dict.fromkeys(("refresh_until", *CLAIMS), ""),
        }
        result = await self._shops.update_one({"_id": domain}, change, upsert=True)
        return result.upserted_id is not None

    async def get(self, domain: str) -> Shop | None:
        """The shop, or None."""
        document = await self._shops.find_one({"_id": domain}, {"token": 0})
        return None if document is None else _shop(document)

    async def all(self) -> list[Shop]:
        """Every shop that has not uninstalled the app."""
        return [_shop(d) async for d in self._shops.find({"status": {"$ne": "uninstalled"}}, {"token": 0})]

    async def pause(self, domain: str, reason: str, detail: str | None = None) -> bool:
        """Stop all calls for the shop; returns whether it was active. The first pause's time and reason are kept."""
        now = datetime.now(UTC)
        probes = {"$cond": [{"$gt": ["$resumed_at", now - FLAPPING]}, {"$ifNull": ["$probes", 0]}, 0]}
        why = {"pause_reason": {"$literal": reason}, "pause_detail": {"$literal": detail}}
        values = {"status": "paused", "paused_at": now, "probed_at": None, "probes": probes, **why}
        result = await self._shops.update_one({"_id": domain, "status": "active"}, [{"$set": values}])
        return bool(result.modified_count)

    async def resume(self, domain: str) -> bool:
        """Let calls be made again; returns whether they were not."""
        values = {"status": "active", **dict.fromkeys(("pause_reason", "pause_detail", "paused_at"))}
        result = await self._shops.update_one(
            {"_id": domain, "status": "paused"}, {"$set": {**values, "resumed_at": datetime.now(UTC)}}
        )
        return bool(result.modified_count)

    async def paused(self) -> list[PausedShop]:
        """Every paused shop."""
        condition = {"status": "paused", "paused_at": {"$ne": None}}
        fields = ("paused_at", "probes", "probed_at", "pause_reason", "pause_detail")
        return [
            PausedShop(
                domain=d["_id"],
                paused_at=d["paused_at"],
                probes=d.get("probes", 0),
                probed_at=d.get("probed_at"),
                reason=d.get("pause_reason"),
                detail=d.get("pause_detail"),
            )
            async for d in self._shops.find(condition, dict.fromkeys(fields, 1))
        ]

    async def take_probe(self, shop: PausedShop) -> bool:
        """Take the next probe of a paused shop; False where another replica has it."""
        result = await self._shops.update_one(
            {"_id": shop.domain, "status": "paused", "probed_at": shop.probed_at},
            {"$set": {"probes": shop.probes + 1, "probed_at": datetime.now(UTC)}},
        )
        return bool(result.modified_count)

    async def take_locations_due(self, now: datetime) -> list[str]:
        """Active shops whose locations are to be read, each for one taker; put off, not removed, before the read."""
        due: Document = {"status": "active", **LOCATIONS_DUE.free(now)}
        return [
            document["_id"]
            async for document in self._shops.find(due, {"_id": 1})
            if await LOCATIONS_DUE.take(self._shops, {"_id": document["_id"]}, now=now, projection={"_id": 1})
        ]

    async def locations_read(self, domain: str, taken_at: datetime) -> None:
        """What was taken then is done; what an event has asked for since is not."""
        await self._shops.update_one(
            {"_id": domain, **LOCATIONS_DUE.lasting(taken_at)}, {"$unset": {"locations_due_at": ""}}
        )

    async def given_up(self, before: datetime) -> list[str]:
        """Shops that uninstalled the app, or have been paused since before this time."""
        condition = {"$or": [{"status": "uninstalled"}, {"status": "paused", "paused_at": {"$lt": before}}]}
        return [document["_id"] async for document in self._shops.find(condition, {"_id": 1})]

    async def time_zone(self, domain: str) -> tuple[str, datetime] | None:
        """The IANA name of the shop's time zone, and when it was read; None: never."""
        document = found(await self._shops.find_one({"_id": domain}, {"time_zone": 1, "time_zone_at": 1}))
        if document is None or document.get("time_zone") is None:
            return None
        return document["time_zone"], document["time_zone_at"]

    async def keep_time_zone(self, domain: str, name: str) -> None:
        """Keep what was read now."""
        await self._shops.update_one({"_id": domain}, {"$set": {"time_zone": name, "time_zone_at": datetime.now(UTC)}})

    async def status(self, domain: str) -> str | None:
        """`active`, `paused`, `uninstalled` or `installing`; None: no such shop."""
        document = found(await self._shops.find_one({"_id": domain}, {"status": 1}))
        return None if document is None else str(document["status"])

    async def paused_domains(self) -> list[str]:
        """The shops that are paused."""
        return [document["_id"] async for document in self._shops.find({"status": "paused"}, {"_id": 1})]

    async def paused_by_reason(self) -> dict[str, int]:
        """How many shops are paused, by reason."""
        pipeline: list[Document] = [
            {"$match": {"status": "paused"}},
            {"$group": {"_id": "$pause_reason", "n": {"$sum": 1}}},
        ]
        return {d["_id"]: d["n"] async for d in self._shops.aggregate(pipeline)}
