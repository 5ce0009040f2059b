"""Leases: who holds which cell partition, and who plans a shop. A lease ends by itself when its holder dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pymongo import ReturnDocument

from shared.errors import WrongSetting
from shared.mongodb.lease import Lease
from shared.mongodb.schema import Database
from shared.mongodb.transactions import Session

PARTITION_LEASE = timedelta(seconds=10)
"""How long a partition stays with a replica that has died; renewed every few seconds by one that has not."""

PLAN = Lease(until="plan_lease.until", owner="plan_lease.owner", number="plan_lease.no", lasts=timedelta(seconds=10))
"""The right to plan a shop, in the shop's document. Each batch of cells renews it, so seconds are enough: a planner
that was killed keeps the others waiting for no longer."""


async def running_replicas(database: Database, now: datetime) -> int:
    """How many reconciler processes with a worker hold, or lately held, a lease."""
    return int(await database["replicas"].count_documents({"until": {"$gt": now}}))


class PartitionLeases:
    """The partitions one replica holds. An optimisation, never the lock: only the documents decide."""

    def __init__(self, database: Database, owner: str, partitions: int, *, lease: timedelta = PARTITION_LEASE) -> None:
        self._lease = Lease(until="until", owner="owner", lasts=lease)
        self._partitions = database["partitions"]
        self._replicas = database["replicas"]
        self._constants = database["constants"]
        self._owner = owner
        self._number = partitions

    async def check_number(self) -> None:
        """Store the number of partitions, or make sure it is the stored one. Raises WrongSetting."""
        stored = await self._constants.find_one_and_update(
            {"_id": "partitions"},
            {"$setOnInsert": {"value": self._number}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        if stored["value"] != self._number:
            raise WrongSetting(
                f"this build uses {self._number} partitions, the database {stored['value']}: drain the cell queues, "
                "then change constants.partitions"
            )

    async def balance(self) -> set[int]:
        """Renew what is held, give back what is above the fair share, take what is free. Returns what is held."""
        now = datetime.now(UTC)
        await self._replicas.update_one({"_id": self._owner}, {"$set": self._lease.lasting(now)}, upsert=True)
        await self._replicas.delete_many({"until": {"$lt": now}})
        replicas = max(1, await self._replicas.count_documents({}))
        share = -(-self._number // replicas)
        mine = self._lease.held(owner=self._owner)
        held = {d["_id"] async for d in self._partitions.find({**mine, **self._lease.running(now)})}
        for partition in sorted(held)[share:]:
            held.discard(partition)
            await self._give_back(partition)
        if held:
            await self._partitions.update_many({"_id": {"$in": list(held)}, **mine}, {"$set": self._lease.lasting(now)})
        for partition in range(self._number):
            if len(held) >= share:
                break
            if partition not in held and await self._take(partition):
                held.add(partition)
        return held

    async def _take(self, partition: int) -> bool:
        taken = await self._lease.take(self._partitions, {"_id": partition}, owner=self._owner, again=True, first={})
        return taken is not None

    async def _give_back(self, partition: int) -> None:
        await self._partitions.delete_one({"_id": partition, **self._lease.held(owner=self._owner)})

    async def leave(self) -> None:
        """Give everything back: the process stops."""
        await self._partitions.delete_many(self._lease.held(owner=self._owner))
        await self._replicas.delete_one({"_id": self._owner})


class PlanLease:
    """The right to plan one shop, with a number that rises each time somebody else takes it."""

    def __init__(self, database: Database, owner: str) -> None:
        self._shops = database["shops"]
        self._owner = owner

    async def take(self, shop: str) -> int | None:
        """The lease's number, or None while another planner holds it."""
        document = await PLAN.take(self._shops, {"_id": shop}, owner=self._owner)
        return None if document is None else int(document["plan_lease"]["no"])

    async def extend(self, session: Session, shop: str, number: int) -> bool:
        """Whether the lease still has this number; writing it makes a takeover at the same time conflict."""
        return await PLAN.renew(self._shops, {"_id": shop}, number=number, session=session)

    async def release(self, shop: str, number: int) -> None:
        """Let another plan at once."""
        await PLAN.give_back(self._shops, {"_id": shop}, number=number)
