"""What webhooks write beside stock: their deduplication keys, and what they report of locations and of the shop.

All of it happens in the transaction of the effect, so that an event and its keys are there together or not at all.
"""

# Relies on what is believed of Shopify (docs/shopify-facts.md): hook.doubles.

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared.mongodb.duplicates import is_duplicate
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.transactions import Session, WriteConflict


@contextmanager
def _duplicates_run_again() -> Iterator[None]:
    """A duplicate that the snapshot did not show has aborted the transaction; its next run will see it."""
    try:
        yield
    except (DuplicateKeyError, BulkWriteError) as error:
        if not is_duplicate(error):
            raise
        raise WriteConflict("another transaction inserted the same document") from error


def _keys_of(document: Document) -> tuple[str, ...]:
    return (document["key"], document["event_key"]) if "event_key" in document else (document["key"],)


class WebhookInbox:
    """The webhook events seen in the last days, and the small facts that events carry."""

    def __init__(self, database: Database) -> None:
        self._events = database["webhook_events"]
        self._locations = database["locations"]
        self._shops = database["shops"]

    async def first(
        self,
        session: Session,
        shop: str,
        events: Sequence[tuple[str, ...]],
        *,
        lags: Sequence[float | None] | None = None,
    ) -> list[bool]:
        """Of events given by their keys (the webhook's, and the event's where there is one): which are not repeats.

        They are in the order of their arrival. One is a repeat when any of its keys was noted before, or belongs to an
        earlier one of the list. The keys of the others are noted, a document for each event. `lags`: of events about
        cells of ours, the seconds that each took to come; these are counted by hour. Raises WriteConflict where another
        transaction has noted one meanwhile.
        """
        seen = await self._seen(session, shop, events)
        now = datetime.now(UTC)
        noted: list[Document] = []
        firsts: list[bool] = []
        for number, keys in enumerate(events):
            is_first = seen.isdisjoint(keys)
            firsts.append(is_first)
            if not is_first:
                continue
            seen.update(keys)
            key, *by_event = keys
            document: Document = {"_id": key_of(shop, key), "shop": shop, "key": key, "at": now}
            if by_event:
                document["event_key"] = by_event[0]
            if lags is not None:
                document |= {"received_at": now, "lag": lags[number]}
            noted.append(document)
        await self._note(session, noted)
        return firsts

    async def _seen(self, session: Session, shop: str, events: Sequence[tuple[str, ...]]) -> set[str]:
        """The keys that were noted before, among those of the events."""
        # An earlier build noted each key in a document of its own.
        ids = [key_of(shop, key) for keys in events for key in keys]
        fields = {"key": 1, "event_key": 1}
        cursor = self._events.find({"_id": {"$in": ids}, "shop": shop}, fields, session=session)
        seen = {key async for document in cursor for key in _keys_of(document)}
        by_event = [key for _, *others in events for key in others]
        if by_event:
            cursor = self._events.find({"shop": shop, "event_key": {"$in": by_event}}, fields, session=session)
            seen |= {key async for document in cursor for key in _keys_of(document)}
        return seen

    async def _note(self, session: Session, documents: Sequence[Document]) -> None:
        if not documents:
            return
        with _duplicates_run_again():
            await self._events.insert_many(documents, ordered=False, session=session)

    async def shop_status(self, session: Session, shop: str) -> str | None:
        """`active`, `paused` or `uninstalled`; None: no such shop."""
        document = found(await self._shops.find_one({"_id": shop}, {"status": 1}, session=session))
        return None if document is None else str(document["status"])

    async def name_locations(self, session: Session, shop: str, location_ids: Iterable[str]) -> None:
        """Keep locations that only their id is known of, as active and named by it, until they are read or reported."""
        updates = [
            UpdateOne(
                {"_id": key_of(shop, location_id)},
                {
                    "$setOnInsert": {
                        "shop": shop,
                        "location_id": location_id,
                        "name": location_id,
                        "active": True,
                        "fulfillment_service": False,
                    }
                },
                upsert=True,
            )
            for location_id in sorted(set(location_ids))
        ]
        if updates:
            with _duplicates_run_again():
                await self._locations.bulk_write(updates, ordered=False, session=session)

    async def record_location(
        self, session: Session, shop: str, location_id: str, *, name: str | None, active: bool, reported_at: datetime
    ) -> bool:
        """Keep what an event reports of a location, unless a later one has already: events come in any order.

        Without a name (the location was deleted) nothing new is made. Returns whether it was kept.
        """
        _id = key_of(shop, location_id)
        present = found(await self._locations.find_one({"_id": _id}, session=session))
        if present is None and name is None:
            return False
        if present is not None and present.get("told_at", reported_at) > reported_at:
            return False
        values: Document = {"active": active, "told_at": reported_at}
        if name is not None:
            values["name"] = name
        first = {"shop": shop, "location_id": location_id, "fulfillment_service": False}
        with _duplicates_run_again():
            await self._locations.update_one(
                {"_id": _id}, {"$set": values, "$setOnInsert": first}, upsert=True, session=session
            )
        return True

    async def locations_due(self, session: Session, shop: str) -> None:
        """Ask for the shop's locations to be read."""
        await self._shops.update_one({"_id": shop}, {"$set": {"locations_due_at": datetime.now(UTC)}}, session=session)

    async def location_elsewhere(self, session: Session, shop: str, location_ids: Collection[str]) -> set[str]:
        """Those of the locations that Shopify listed as another shop's, and not as this one's.

        An id is one location's in all of Shopify, so this looks across shops: what it finds was sent again under
        another shop's name. What only events have reported of a location says nothing about whose it is.
        """
        listed: Document = {"location_id": {"$in": list(location_ids)}, "read_at": {"$exists": True}}
        owners: dict[str, set[str]] = {}
        async for document in self._locations.find(listed, {"shop": 1, "location_id": 1}, session=session):
            owners.setdefault(document["location_id"], set()).add(document["shop"])
        return {location_id for location_id, shops in owners.items() if shop not in shops}

    async def uninstall(self, session: Session, shop: str, reported_at: datetime) -> bool:
        """Nothing more is sent for the shop; of one with a token only once Shopify has refused it (`departures`).

        What Shopify reported before the shop was installed (again) has no effect: it is about an earlier installation.
        """
        since = [{"installed_at": {"$lte": reported_at}}, {"installed_at": None}]
        result = await self._shops.update_one(
            {"_id": shop, "status": {"$nin": ["uninstalled", "installing"]}, "$or": since},
            {"$set": {"status": "uninstalled", "pause_reason": "uninstalled", "paused_at": datetime.now(UTC)}},
            session=session,
        )
        return result.modified_count == 1

    async def record_scopes(self, session: Session, shop: str, scopes: Sequence[str]) -> None:
        """Keep the scopes that the shop is said to have granted; the next refresh of its token tells for certain."""
        await self._shops.update_one({"_id": shop}, {"$set": {"scopes": sorted(scopes)}}, session=session)
        # A shop that waits for a permission is asked at once whether it is granted.
        waiting = {"_id": shop, "status": "paused", "pause_reason": "forbidden"}
        await self._shops.update_one(waiting, {"$set": {"probes": 0, "probed_at": None}}, session=session)
