"""Schedules: what a shop wants to happen by itself, and whose turn it is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import structlog

from shared.mongodb.access.cipher import Cipher
from shared.mongodb.lease import Lease
from shared.mongodb.schedules.schedule import Schedule, ScheduleWanted, WebhookTarget
from shared.mongodb.schedules.schedule_form import schedule_of, wanted_fields
from shared.mongodb.schema import Database, Document, found, key_of

log = structlog.get_logger()

LEASE = Lease(until="lease.until", owner="lease.owner", within="lease", lasts=timedelta(seconds=30))

_SECRETS_LEFT_OUT = {"target.secret": 0, "target.previous_secret": 0}
BOTH_SECRETS = timedelta(hours=24)
"""How long the secret before counts beside a new one: each delivery bears a signature by both."""

_OFF: Document = {"enabled": False, "lease": None}


class ScheduleStore:
    """Reads and writes schedules. `keys` are Fernet keys; `owner` names the process that takes leases."""

    def __init__(self, database: Database, keys: list[str], owner: str = "") -> None:
        self._schedules = database["schedules"]
        self._cipher = Cipher(keys)
        self._owner = owner

    async def all(self, shop: str) -> list[Schedule]:
        """The shop's schedules, the oldest first."""
        cursor = self._schedules.find({"shop": shop}, _SECRETS_LEFT_OUT).sort("schedule_id", 1)
        return [schedule_of(document) async for document in cursor]

    async def get(self, shop: str, schedule_id: str) -> Schedule | None:
        """The schedule, or None."""
        condition = {"_id": key_of(shop, schedule_id), "shop": shop}
        document = found(await self._schedules.find_one(condition, _SECRETS_LEFT_OUT))
        return None if document is None else schedule_of(document)

    async def count(self, shop: str) -> int:
        """How many schedules the shop has."""
        number: int = await self._schedules.count_documents({"shop": shop})
        return number

    async def put(
        self,
        shop: str,
        schedule_id: str,
        wanted: ScheduleWanted,
        *,
        next_at: datetime | None,
        target_url: str | None,
        secret: str | None,
        by: str,
    ) -> bool:
        """Make or change a schedule; False, and nothing changed, where a target has no secret yet and none is given."""
        now = datetime.now(UTC)
        key: Document = {"_id": key_of(shop, schedule_id), "shop": shop}
        present = found(await self._schedules.find_one(key, {"target": 1}))
        target: Document | None = None
        if target_url is not None:
            sealed = None if secret is None else self._cipher.encrypt(secret.encode())
            if sealed is None:
                # Kept from before; a change of it at the same time loses against the later one as a whole.
                sealed = ((present or {}).get("target") or {}).get("secret")
            if sealed is None:
                return False
            target = {"url": target_url, "secret": sealed, **_previous((present or {}).get("target"), secret, now)}
        changed: Document = {**wanted_fields(wanted), "target": target, "updated_at": now, "updated_by": by}
        update: Document = {
            "$set": changed if next_at is None else {**changed, "next_at": next_at},
            "$setOnInsert": {"schedule_id": schedule_id, "created_at": now, "created_by": by},
            "$inc": {"rev": 1},
        }
        if next_at is None:
            update["$unset"] = {"next_at": ""}
        await self._schedules.update_one(key, update, upsert=True)
        return True

    async def delete(self, shop: str, schedule_id: str) -> bool:
        """Remove it; returns whether it was there."""
        result = await self._schedules.delete_one({"_id": key_of(shop, schedule_id), "shop": shop})
        return result.deleted_count == 1

    async def target(self, shop: str, schedule_id: str) -> WebhookTarget | None:
        """Where its outcomes are delivered now, with the secret; None: nowhere."""
        condition = {"_id": key_of(shop, schedule_id), "shop": shop}
        document = found(await self._schedules.find_one(condition, {"target": 1}))
        if document is None or document["target"] is None:
            return None
        target = document["target"]
        sealed = [target["secret"]]
        if (until := target.get("previous_until")) is not None and until > datetime.now(UTC):
            sealed.append(target["previous_secret"])
        return WebhookTarget(target["url"], tuple(self._cipher.decrypt(one) for one in sealed))

    async def take_due(self, now: datetime, *, passing_by: Collection[str] = ()) -> Schedule | None:
        """The schedule that is due for longest, under this process's lease; of some shops none. Across shops."""
        document = await LEASE.take(
            self._schedules,
            {"next_at": {"$lte": now}, "shop": {"$nin": list(passing_by)}},
            owner=self._owner,
            now=now,
            sort=[("next_at", 1)],
            projection=_SECRETS_LEFT_OUT,
        )
        if document is None:
            return None
        try:
            return schedule_of(document)
        except (KeyError, TypeError, ValueError):
            # Of an older build, or changed by hand: it would be taken first again and again.
            log.exception("schedule_unreadable", schedule=document["_id"])
            await self._schedules.update_one({"_id": document["_id"]}, {"$unset": {"next_at": ""}, "$set": _OFF})
            return None

    async def switch_off(self, schedule: Schedule) -> None:
        """It has no next moment, unless a person has changed it meanwhile."""
        mine = {"_id": key_of(schedule.shop, schedule.schedule_id), "rev": schedule.rev}
        await self._schedules.update_one(mine, {"$set": _OFF, "$unset": {"next_at": ""}, "$inc": {"rev": 1}})

    async def advance(self, schedule: Schedule, next_at: datetime) -> None:
        """The moment has been seen to: the next one is due, unless a person has changed the schedule meanwhile."""
        this = {"_id": key_of(schedule.shop, schedule.schedule_id)}
        unchanged: Document = {**this, "rev": schedule.rev, "next_at": schedule.next_at}
        await self._schedules.update_one({**unchanged, **LEASE.held(owner=self._owner)}, {"$set": {"next_at": next_at}})
        await LEASE.give_back(self._schedules, this, owner=self._owner)


def _previous(before: Document | None, secret: str | None, now: datetime) -> Document:
    """What stays of the secret before: it counts beside a new one for a day."""
    if before is None:
        return {}
    if secret is not None:
        return {"previous_secret": before["secret"], "previous_until": now + BOTH_SECRETS}
    return {name: before[name] for name in ("previous_secret", "previous_until") if name in before}
