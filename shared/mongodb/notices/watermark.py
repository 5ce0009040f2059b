"""Up to which moment it was looked for what has ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.mongodb.schema import Database, found

_ID = "notices_watermark"
_STORED_EVERY = timedelta(seconds=10)


class Watermark:
    """Shared by all processes that watch; the latest one counts."""

    def __init__(self, database: Database) -> None:
        self._constants = database["constants"]
        self._last: datetime | None = None
        self._stored: datetime | None = None

    async def get(self, first: datetime) -> datetime:
        """The moment; `first` where nobody has looked before: what has ended before this build came is told nobody."""
        if self._last is None:
            document = found(await self._constants.find_one({"_id": _ID}))
            self._last = first if document is None else document["value"]
        return self._last

    async def put(self, moment: datetime) -> None:
        """It was looked up to this moment; stored every now and then."""
        self._last = moment
        if self._stored is None or moment - self._stored >= _STORED_EVERY:
            await self._constants.update_one({"_id": _ID}, {"$max": {"value": moment}}, upsert=True)
            self._stored = moment
