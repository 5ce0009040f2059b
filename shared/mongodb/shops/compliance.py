"""Notes of what a webhook asked for and what the answer was: requests about customers, and departures that were none.

A body may be sent again under any number of new webhook ids. So a note stands for a request by what is signed of it,
its own id, or else for all of a day: its number is bounded whatever comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pymongo.errors import DuplicateKeyError

from shared.mongodb.schema import Database, Document, key_of
from shared.mongodb.transactions import Session, WriteConflict

NO_CUSTOMER_DATA = "no_customer_data_held"
HAS_THE_APP = "shop_has_the_app"
"""Shopify takes the shop's token, whatever the webhook said."""


class ComplianceNotes:
    """Writes notes; nothing of a customer is in them."""

    def __init__(self, database: Database) -> None:
        self._notes = database["compliance"]

    async def note(
        self, shop: str, topic: str, answer: str, *, request_id: str | None = None, session: Session | None = None
    ) -> None:
        """Note a request and its answer, and how often it came. Raises WriteConflict in a transaction."""
        now = datetime.now(UTC)
        subject = f"{now:%Y-%m-%d}" if request_id is None else f"request {request_id}"
        first: Document = {"shop": shop, "topic": topic, "request_id": request_id, "answer": answer, "at": now}
        with _conflicts_raised():
            await self._notes.update_one(
                {"_id": key_of(shop, topic, answer, subject)},
                {"$setOnInsert": first, "$set": {"last_at": now}, "$inc": {"times": 1}},
                upsert=True,
                session=session,
            )


@contextmanager
def _conflicts_raised() -> Iterator[None]:
    try:
        yield
    except DuplicateKeyError as error:
        raise WriteConflict("another process wrote the same note") from error
