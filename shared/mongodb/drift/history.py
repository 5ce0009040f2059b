"""Drift over time: what was compared, missed, repaired and received in each hour of a shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne

from shared.mongodb.schema import WEBHOOK_EVENT_LIFE, Database, Document, found, key_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_SETTLED = timedelta(minutes=1)
"""What a transaction dates before a look may be seen only after it."""

_DAYS_BACK = 7
"""Earlier days that a silence is compared with."""


@dataclass(frozen=True, slots=True)
class HourOfDrift:
    """One hour. `received` None: not known, nobody swept. `late`: missed at first, and came after all."""

    hour: datetime
    sweeps: int = 0
    compared: int = 0
    missed: int = 0
    late: int = 0
    repaired: int = 0
    received: int | None = None
    lag_mean: float | None = None
    lag_max: float | None = None


@dataclass(frozen=True, slots=True)
class Lags:
    """Seconds from Shopify's trigger to our receipt in one hour; None: nothing has come."""

    mean: float | None
    longest: float | None


@dataclass(frozen=True, slots=True)
class Silence:
    """Since when no webhook has come, and how many came in the same hours of each earlier day that is known."""

    since: datetime
    earlier_days: list[int]


def hour_of(time: datetime) -> datetime:
    """The hour in which a time lies."""
    return time.replace(minute=0, second=0, microsecond=0)


class DriftHistory:
    """Keeps the hours. What is missed and repaired is derived from the drift documents, never counted beside them."""

    def __init__(self, database: Database) -> None:
        self._hours = database["drift_hours"]
        self._drift = database["drift"]
        self._events = database["webhook_events"]

    async def keep(self, shop: str, *, compared: int, last_at: datetime | None, now: datetime) -> Lags:
        """A look has ended that compared so many cells: keep it, and what was received since the look before.

        Returns the lags of the last hour.
        """
        oldest = now - timedelta(seconds=WEBHOOK_EVENT_LIFE) + HOUR
        since = hour_of(oldest if last_at is None else max(oldest, last_at - _SETTLED))
        received = await self._received(shop, since)
        # The hours in between are said to have had nothing, where no event of them is kept.
        hours = [since + n * HOUR for n in range(round((hour_of(now) - since) / HOUR) + 1)]
        updates = [
            _set(shop, hour, received.get(hour, {"received": 0, "lag_mean": None, "lag_max": None})) for hour in hours
        ]
        key = {"_id": _key(shop, hour_of(now)), "shop": shop, "hour": hour_of(now)}
        updates.append(UpdateOne(key, {"$inc": {"swept": 1, "compared": compared}}, upsert=True))
        await self._hours.bulk_write(updates, ordered=True)
        async for lag in self._events.aggregate(_lags({"shop": shop, "received_at": {"$gte": now - HOUR}}, None)):
            return Lags(lag["lag_mean"], lag["lag_max"])
        return Lags(None, None)

    async def _received(self, shop: str, since: datetime) -> dict[datetime, Document]:
        by_hour = {"$dateTrunc": {"date": "$received_at", "unit": "hour"}}
        pipeline = _lags({"shop": shop, "received_at": {"$gte": since}}, by_hour)
        return {group.pop("_id"): group async for group in self._events.aggregate(pipeline)}

    async def silence(self, shop: str, now: datetime) -> Silence | None:
        """Since when the shop is silent, where that is for a whole hour at least in which somebody has swept.

        None: it is not, or it is not known since when.
        """
        condition = {"shop": shop, "received_at": {"$exists": True}}
        last = found(await self._events.find_one(condition, {"received_at": 1}, sort=[("received_at", -1)]))
        if last is None:
            return None
        since: datetime = last["received_at"]
        first, end = hour_of(since) + HOUR, hour_of(now)
        if first >= end or not await self._swept_throughout(shop, first, end):
            return None
        days = []
        for back in range(1, _DAYS_BACK + 1):
            day = await self._received_between(shop, first - back * DAY, end - back * DAY)
            if day is not None:
                days.append(day)
        return Silence(since, days)

    async def _swept_throughout(self, shop: str, first: datetime, end: datetime) -> bool:
        """A service that was away has heard nothing either."""
        condition = {"shop": shop, "hour": {"$gte": first, "$lt": end}, "swept": {"$gt": 0}}
        number: int = await self._hours.count_documents(condition)
        return number == round((end - first) / HOUR)

    async def _received_between(self, shop: str, first: datetime, end: datetime) -> int | None:
        """What came in these hours; None: they are not all known."""
        span = {"$gte": first, "$lt": end}
        # Of hours in which nobody swept it is not known either whether webhooks were taken.
        condition: Document = {"shop": shop, "hour": span, "received": {"$ne": None}, "swept": {"$gt": 0}}
        received = [d["received"] async for d in self._hours.find(condition, {"received": 1})]
        return sum(received) if len(received) == round((end - first) / HOUR) else None

    async def series(self, shop: str, since: datetime, until: datetime) -> list[HourOfDrift]:
        """The hours from `since` to before `until`, both whole hours; each is there."""
        values: dict[datetime, Document] = {}
        span = {"$gte": since, "$lt": until}
        async for d in self._hours.find({"shop": shop, "hour": span}):
            values[d["hour"]] = {
                "sweeps": d.get("swept", 0),
                "compared": d.get("compared", 0),
                **{name: d.get(name) for name in ("received", "lag_mean", "lag_max")},
            }
        recorded = {"shop": shop, "state": {"$in": ["missed", "resolved"]}, "detected_at": span}
        late = {"$cond": ["$late", 1, 0]}
        for counts in (
            await self._by_hour(recorded, "$detected_at", missed={"$subtract": [1, late]}, late=late),
            await self._by_hour({"shop": shop, "outcome": "repaired", "ended_at": span}, "$ended_at", repaired=1),
        ):
            for hour, numbers in counts.items():
                values.setdefault(hour, {}).update(numbers)
        hours = [since + n * HOUR for n in range(round((until - since) / HOUR))]
        return [HourOfDrift(hour, **values.get(hour, {})) for hour in hours]

    async def _by_hour(self, condition: Mapping[str, Any], time: str, **sums: Any) -> dict[datetime, Document]:
        pipeline: list[Document] = [
            {"$match": condition},
            {
                "$group": {
                    "_id": {"$dateTrunc": {"date": time, "unit": "hour"}},
                    **{name: {"$sum": value} for name, value in sums.items()},
                }
            },
        ]
        return {group.pop("_id"): group async for group in self._drift.aggregate(pipeline)}


def _key(shop: str, hour: datetime) -> str:
    return key_of(shop, hour.strftime("%Y-%m-%dT%H"))


def _set(shop: str, hour: datetime, values: Document) -> UpdateOne:
    return UpdateOne({"_id": _key(shop, hour), "shop": shop, "hour": hour}, {"$set": values}, upsert=True)


def _lags(condition: Mapping[str, Any], group_by: Any) -> list[Document]:
    group: Document = {
        "_id": group_by,
        "received": {"$sum": 1},
        "lag_mean": {"$avg": "$lag"},
        "lag_max": {"$max": "$lag"},
    }
    return [{"$match": dict(condition)}, {"$group": group}]
