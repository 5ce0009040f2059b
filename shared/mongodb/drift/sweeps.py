"""What the sweeper keeps of each shop: its turn, its watermark, its policy, its breaker, and its lease."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.drift import DriftMode, QuietHours, RepairPolicy
from shared.mongodb.drift.history import Lags
from shared.mongodb.drift.missed import Losses
from shared.mongodb.lease import Lease
from shared.mongodb.schema import Database, Document, found
from shared.mongodb.shops.shop_settings import noted_changes
from shared.mongodb.stock.stock import StockStore

SWEEP = Lease(until="sweep_lease.until", owner="sweep_lease.owner", within="sweep_lease", lasts=timedelta(seconds=60))
"""The right to sweep a shop, in the shop's document."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Automatic repair has stopped: why, in words for a person, since when, and the cells that had moved of all."""

    reason: str
    opened_at: datetime
    missed: int
    cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look leaves behind. `watermark` and `full_at` None: they stay as they are.

    `silent_since` and `expected`: since when a shop is silent in which so many webhooks usually come meanwhile.
    """

    last_at: datetime
    watermark: datetime | None
    full_at: datetime | None
    losses: Losses
    lags: Lags
    silent_since: datetime | None
    expected: int | None


@dataclass(frozen=True, slots=True)
class SweepState:
    """Where a shop's sweeps stand. `watermark` is Shopify's time; the others are ours."""

    shop: str
    policy: RepairPolicy
    breaker: Breaker | None
    next_at: datetime | None
    watermark: datetime | None
    full_at: datetime | None
    last_at: datetime | None
    asked_at: datetime | None
    asked_full: bool
    missed: int
    late: int
    received: int
    lag_mean: float | None = None
    lag_max: float | None = None
    silent_since: datetime | None = None
    expected: int | None = None


def policy_of(stored: Any) -> RepairPolicy:
    """A policy as it is stored; a shop from before there were limits has only the mode's name."""
    if not isinstance(stored, dict):
        return RepairPolicy(DriftMode(stored or "repair"))
    quiet = stored.get("quiet")
    return RepairPolicy(
        mode=DriftMode(stored["mode"]),
        max_share=stored["max_share"],
        max_move=stored["max_move"],
        jobs_per_hour=stored["jobs_per_hour"],
        quiet=None if quiet is None else QuietHours(quiet["start"], quiet["end"], quiet["time_zone"]),
    )


def policy_fields(policy: RepairPolicy) -> Document:
    """The policy as it is stored."""
    quiet = policy.quiet
    return {
        "mode": str(policy.mode),
        "max_share": policy.max_share,
        "max_move": policy.max_move,
        "jobs_per_hour": policy.jobs_per_hour,
        "quiet": None if quiet is None else {"start": quiet.start, "end": quiet.end, "time_zone": quiet.time_zone},
    }


def _in_words(policy: Document) -> Document:
    """The policy's fields as they are noted among the shop's settings: each one word or number."""
    quiet = policy["quiet"]
    hours = None if quiet is None else f"{_clock(quiet['start'])}-{_clock(quiet['end'])} {quiet['time_zone']}"
    return {f"drift_{name}": hours if name == "quiet" else value for name, value in policy.items()}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _state(document: Document) -> SweepState:
    sweep, breaker = document.get("sweep") or {}, document.get("drift_breaker")
    return SweepState(
        shop=document["_id"],
        policy=policy_of(document.get("drift_policy")),
        breaker=None if breaker is None else _breaker(breaker),
        next_at=sweep.get("next_at"),
        watermark=sweep.get("watermark"),
        full_at=sweep.get("full_at"),
        last_at=sweep.get("last_at"),
        asked_at=sweep.get("asked_at"),
        asked_full=bool(sweep.get("asked_full")),
        missed=sweep.get("missed", 0),
        late=sweep.get("late", 0),
        received=sweep.get("received", 0),
        lag_mean=sweep.get("lag_mean"),
        lag_max=sweep.get("lag_max"),
        silent_since=sweep.get("silent_since"),
        expected=sweep.get("expected"),
    )


def _breaker(stored: Document) -> Breaker:
    return Breaker(stored["reason"], stored["opened_at"], stored["missed"], stored["cells"])


def _look_fields(look: Look) -> Document:
    changed = {"watermark": look.watermark, "full_at": look.full_at}
    return {
        "last_at": look.last_at,
        **{name: value for name, value in changed.items() if value is not None},
        **asdict(look.losses),
        "lag_mean": look.lags.mean,
        "lag_max": look.lags.longest,
        "silent_since": look.silent_since,
        "expected": look.expected,
    }


_FIELDS = {"sweep": 1, "drift_policy": 1, "drift_breaker": 1}


class SweepStore:
    """Reads and writes the sweeper's part of the shops. `owner` names the process that takes leases."""

    def __init__(self, database: Database, owner: str = "") -> None:
        self._shops = database["shops"]
        self._stock = StockStore(database)
        self._jobs = database["jobs"]
        self._owner = owner

    async def state(self, shop: str) -> SweepState | None:
        """The shop's state, or None."""
        document = found(await self._shops.find_one({"_id": shop}, _FIELDS))
        return None if document is None else _state(document)

    async def due(self, now: datetime) -> list[SweepState]:
        """Active shops whose turn it is, or that have none yet. It runs across shops: it finds whose turn it is."""
        turn: list[Document] = [{"sweep.next_at": {"$lte": now}}, {"sweep.next_at": None}]
        return [_state(d) async for d in self._shops.find({"status": "active", "$or": turn}, _FIELDS)]

    async def first_turn(self, shop: str, at: datetime) -> None:
        """Give a shop without a turn its first one."""
        await self._shops.update_one({"_id": shop, "sweep.next_at": None}, {"$set": {"sweep.next_at": at}})

    async def swept(self, shop: str, *, next_at: datetime, asked_at: datetime | None, look: Look | None = None) -> None:
        """A sweep has ended well: keep its figures; what was asked for before it is done. `look` None: it did not."""
        await self._keep(shop, {"next_at": next_at} | ({} if look is None else _look_fields(look)))
        if asked_at is not None:
            await self._shops.update_one(
                {"_id": shop, "sweep.asked_at": asked_at}, {"$set": {"sweep.asked_at": None, "sweep.asked_full": False}}
            )
        # What was asked for during the sweep may be about what this one did not see.
        await self._shops.update_one(
            {"_id": shop, "sweep.asked_at": {"$ne": None}}, {"$set": {"sweep.next_at": datetime.now(UTC)}}
        )

    async def note_losses(self, shop: str, losses: Losses) -> None:
        """Keep how many webhooks of the shop were lost."""
        await self._keep(shop, asdict(losses))

    async def _keep(self, shop: str, values: Document) -> None:
        fields = {f"sweep.{name}": value for name, value in values.items()}
        await self._shops.update_one({"_id": shop}, {"$set": fields})

    async def ask(self, shop: str, *, full: bool, at: datetime) -> None:
        """Ask for a sweep now; a full one asked for before stays full."""
        values: Document = {"sweep.asked_at": at, "sweep.next_at": at}
        if full:
            values["sweep.asked_full"] = True
        await self._shops.update_one({"_id": shop}, {"$set": values})

    async def set_policy(self, shop: str, policy: RepairPolicy, *, by: str) -> None:
        """Change what is done about missed webhooks; what changes is noted in the same write, with who."""
        after = policy_fields(policy)
        while True:
            document = found(await self._shops.find_one({"_id": shop}, {"drift_policy": 1}))
            if document is None:
                return
            stored = document.get("drift_policy")
            before = policy_fields(policy_of(stored))
            change: Document = {"$set": {"drift_policy": after}}
            told = noted_changes(_in_words(before), _in_words(after), by=by)
            if told:
                change |= told
            # Only over what was read, so that each entry's before is true.
            result = await self._shops.update_one({"_id": shop, "drift_policy": stored}, change)
            if result.matched_count:
                return

    async def open_breaker(self, shop: str, breaker: Breaker) -> bool:
        """Stop automatic repair; False where it was stopped already."""
        result = await self._shops.update_one(
            {"_id": shop, "drift_breaker": None}, {"$set": {"drift_breaker": asdict(breaker)}}
        )
        return result.modified_count == 1

    async def close_breaker(self, shop: str) -> bool:
        """Let automatic repair go on; False where it was not stopped."""
        result = await self._shops.update_one(
            {"_id": shop, "drift_breaker": {"$ne": None}}, {"$set": {"drift_breaker": None}}
        )
        return result.modified_count == 1

    async def open_breakers(self) -> int:
        """Shops whose automatic repair has stopped: for the gauge."""
        number: int = await self._shops.count_documents({"drift_breaker": {"$ne": None}})
        return number

    async def all_losses(self) -> tuple[int, int]:
        """Missed and received webhooks of all shops: for the gauge."""
        pipeline: list[Document] = [
            {"$group": {"_id": None, "missed": {"$sum": "$sweep.missed"}, "received": {"$sum": "$sweep.received"}}}
        ]
        async for group in self._shops.aggregate(pipeline):
            return group["missed"], group["received"]
        return 0, 0

    async def worst_losses(self, limit: int, *, at_least: int) -> list[tuple[str, int, int]]:
        """Shop, missed and received webhooks of those that lose the largest share of so many: for the gauge."""
        all_of_them: Document = {"$add": ["$sweep.missed", "$sweep.received"]}
        pipeline: list[Document] = [
            {"$match": {"status": "active", "sweep.missed": {"$gt": 0}}},
            {"$project": {"sweep.missed": 1, "sweep.received": 1, "all": all_of_them}},
            {"$match": {"all": {"$gte": at_least}}},
            {"$addFields": {"share": {"$divide": ["$sweep.missed", "$all"]}}},
            {"$sort": {"share": -1, "_id": 1}},
            {"$limit": limit},
        ]
        found_shops = self._shops.aggregate(pipeline)
        return [(d["_id"], d["sweep"]["missed"], d["sweep"]["received"]) async for d in found_shops]

    async def silent_shops(self) -> int:
        """Active shops that are usually busy by now and send nothing: for the gauge."""
        number: int = await self._shops.count_documents({"status": "active", "sweep.silent_since": {"$ne": None}})
        return number

    async def cells(self, shop: str) -> int:
        """How many cells the shop has."""
        return await self._stock.number(shop)

    async def repairs_since(self, shop: str, since: datetime) -> int:
        """How many jobs repaired drift since then."""
        number: int = await self._jobs.count_documents(
            {"shop": shop, "source": "drift", "requested_at": {"$gte": since}}
        )
        return number

    async def mark(self, shop: str, marker_id: str) -> None:
        """A marker was processed, so every webhook of the shop before it was."""
        await self._shops.update_one({"_id": shop}, {"$max": {"sweep.marker": marker_id}})

    async def marked(self, shop: str, marker_id: str) -> bool:
        """Whether the marker, or a later one, was processed."""
        document = await self._shops.find_one({"_id": shop, "sweep.marker": {"$gte": marker_id}}, {"_id": 1})
        return found(document) is not None

    async def take(self, shop: str) -> bool:
        """Become, or stay, the shop's one sweeper for the time of the lease."""
        which = {"_id": shop, "status": "active"}
        return await SWEEP.take(self._shops, which, owner=self._owner, again=True, projection={"_id": 1}) is not None

    async def give_back(self, shop: str) -> None:
        """Let another sweep at once."""
        await SWEEP.give_back(self._shops, {"_id": shop}, owner=self._owner)
