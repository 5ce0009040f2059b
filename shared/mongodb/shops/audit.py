"""The audit log: who did what to a shop's records, kept and as a log line.

An entry is written once the act is done. A failure to keep one does not undo the act: it is on the line all the same.
Redacting a shop takes its entries away with all else; the line of the redaction stays.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import structlog
from pymongo.errors import PyMongoError
from ulid import ULID

from shared.contract.senders import Sender
from shared.mongodb.schema import Database, key_of
from shared.mongodb.shops.acts import Act
from shared.observing.hiding import without_secrets

log = structlog.get_logger()

_NO_SHOP = ""
"""Of a refused sign-in: what its token says of a shop is nobody's word."""

_MAX_LENGTH = 200
"""Characters of each text."""


class AuditLog:
    """Writes entries; `Listings.audit` reads them."""

    def __init__(self, database: Database) -> None:
        self._entries = database["audit"]

    async def note_message(self, sender: Sender, act: str, shop: str, subject: str, said: str = "") -> None:
        """Keep what a foreign client's message has done; Trueup's own parts note themselves who asked them.

        `said`: who asked, by the message's own word, which is marked as such.
        """
        if not sender.own:
            await self.note(Act(shop, act, sender.name(said), "message", subject))

    async def note(self, act: Act) -> None:
        """Keep one, and say it. Never raises for a store that is away."""
        fields = {
            name: without_secrets(value)[:_MAX_LENGTH] for name, value in asdict(act).items() if value is not None
        }
        log.info("audit", **fields)
        entry_id = str(ULID())
        document = {
            "_id": key_of(act.shop or _NO_SHOP, entry_id),
            "shop": act.shop,
            "entry_id": entry_id,
            "at": datetime.now(UTC),
            **{name: fields[name] for name in ("act", "actor", "by", "subject")},
        }
        try:
            await self._entries.insert_one(document)
        except PyMongoError as error:
            log.warning("audit_not_kept", error=type(error).__name__, **fields)
