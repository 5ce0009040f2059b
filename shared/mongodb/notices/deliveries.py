"""Deliveries of outgoing webhooks: one document per message and target, made once, sent again under the same id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ulid import ULID

from shared.mongodb.lease import Lease
from shared.mongodb.lists.pages import Page
from shared.mongodb.notices.recipients import Delivery, SendState, Target
from shared.mongodb.schema import Database, Document, found, key_of

_LEASE = Lease(until="due_at", number="tries", lasts=timedelta(seconds=60), none_is_free=False)
"""How long a process may be at a delivery before another takes it up."""

_DUE, _ENDED = str(SendState.DUE), [str(SendState.SENT), str(SendState.FAILED), str(SendState.DROPPED)]


class DeliveryStore:
    """Reads and writes deliveries."""

    def __init__(self, database: Database) -> None:
        self._deliveries = database["deliveries"]

    async def make(self, target: Target, subject: str, event: str, body: str) -> str:
        """A delivery that is due now, once per subject; returns its id. A repeat finds the one that is there."""
        this = {"_id": key_of(target.shop, target.target_id, subject)}
        now = datetime.now(UTC)
        document: Document = {
            "shop": target.shop,
            "delivery_id": f"msg_{ULID()}",
            "target_id": target.target_id,
            "event": event,
            "body": body,
            "at": now,
            "state": _DUE,
            "due_at": now,
            "tries": 0,
            "detail": None,
            "ended_at": None,
        }
        await self._deliveries.update_one(this, {"$setOnInsert": document}, upsert=True)
        made = await self._deliveries.find_one(this, {"delivery_id": 1})
        return str(made["delivery_id"]) if made is not None else ""

    async def take_due(
        self, now: datetime, *, passing_by: Collection[str] = (), only_new: bool = False
    ) -> Delivery | None:
        """A delivery that is due; nobody else takes it for a while. It runs across shops.

        `passing_by`: shops that have to wait. `only_new`: none that was tried before.
        """
        condition: Document = {"state": _DUE, "shop": {"$nin": list(passing_by)}}
        if only_new:
            condition["tries"] = 0
        document = await _LEASE.take(self._deliveries, condition, now=now, sort=[("due_at", 1)])
        return None if document is None else _delivery_of(document)

    async def note(
        self, delivery: Delivery, state: SendState, detail: str | None, *, again_at: datetime | None = None
    ) -> None:
        """What became of a try; `again_at`: when it is due once more."""
        now = datetime.now(UTC)
        values: Document = {"state": str(state), "detail": detail, "ended_at": now if state in _ENDED else None}
        if again_at is not None:
            values["due_at"] = again_at
        # The number of tries fences: whoever was slower than the next try says nothing.
        mine = _LEASE.held(number=delivery.tries)
        await self._deliveries.update_one({**_named(delivery.shop, delivery.delivery_id), **mine}, {"$set": values})

    async def replay(self, shop: str, delivery_id: str) -> bool:
        """Send one that has ended once more, under its own id; whether there is such a one."""
        values: Document = {"state": _DUE, "due_at": datetime.now(UTC), "tries": 0, "detail": None, "ended_at": None}
        this = {**_named(shop, delivery_id), "state": {"$in": _ENDED}}
        result = await self._deliveries.update_one(this, {"$set": values})
        return result.modified_count == 1

    async def get(self, shop: str, delivery_id: str) -> Delivery | None:
        """The delivery, or None."""
        document = found(await self._deliveries.find_one(_named(shop, delivery_id)))
        return None if document is None else _delivery_of(document)

    async def page(self, shop: str, target_id: str, after: Sequence[Any] | None, limit: int) -> Page[Delivery]:
        """Deliveries to a target, the latest first."""
        condition: Document = {"shop": shop, "target_id": target_id}
        if after is not None:
            condition["delivery_id"] = {"$lt": str(after[0])}
        cursor = self._deliveries.find(condition).sort("delivery_id", -1).limit(limit + 1)
        listed = [_delivery_of(document) async for document in cursor]
        shown = listed[:limit]
        return Page(shown, [shown[-1].delivery_id] if len(listed) > limit else None)


def _named(shop: str, delivery_id: str) -> Document:
    return {"shop": shop, "delivery_id": delivery_id}


def _delivery_of(document: Document) -> Delivery:
    return Delivery(
        shop=document["shop"],
        delivery_id=document["delivery_id"],
        target_id=document["target_id"],
        event=document["event"],
        body=document["body"],
        at=document["at"],
        state=SendState(document["state"]),
        tries=document["tries"],
        detail=document["detail"],
        due_at=document["due_at"],
        ended_at=document["ended_at"],
    )
