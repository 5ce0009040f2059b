"""Opening MongoDB: majority writes, majority reads, times with their zone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

from shared.errors import StoreRefuses, StoreUnavailable, WrongSetting
from shared.mongodb.access.refusals import NOT_LET_IN, must_stand, place_of, why_none, why_refused
from shared.mongodb.schema import Database, Document, ensure_collections
from shared.mongodb.transactions import MAJORITY, Transactions
from shared.observing.tracing import mongodb_listeners
from shared.roles import Role

STORE_AWAY = (StoreUnavailable, ConnectionFailure)
"""What a store raises that does not answer: the same call may succeed later."""


FIRST_ANSWER = 1.5
"""Seconds for the first question of a process, unless the address says how long a server is looked for: whoever waits
for its start is to hear soon what is away."""

_PROBE = 3.0
"""Seconds for a look at whether it answers."""

_OWN_PATIENCE = ("serverselectiontimeoutms=", "timeoutms=")


class Mongo:
    """The database of one process, with its transactions."""

    def __init__(self, uri: str, database: str) -> None:
        """Open `database`; nothing is sent yet. Raises WrongSetting for an address that cannot be one."""
        self._uri = uri
        self._roles: Collection[Role] = ()
        self.refusal: str | None = None
        """Why it did not work when it was last looked at; None: it did."""
        _must_be_readable(uri)
        try:
            self.client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
                uri,
                **_server_selection(uri),
                w="majority",
                readConcernLevel="majority",
                retryWrites=True,
                event_listeners=mongodb_listeners(),
            )
        except (ConfigurationError, ValueError, OSError) as error:
            raise _unreadable(uri, error) from None
        options: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
        self.db: Database = self.client.get_database(database, codec_options=options, write_concern=MAJORITY)
        self.transactions = Transactions(self.client)

    async def prepare(self, roles: Collection[Role] = ()) -> None:
        """Create missing collections and indexes, and bring documents to the present form; see `make`."""
        await self.make(roles)
        from shared.mongodb.upgrade import upgrade_documents  # noqa: PLC0415  # what only reads does without it

        await self._answered(upgrade_documents(self.db, self.transactions))

    async def make(self, roles: Collection[Role] = ()) -> None:
        """Create missing collections and indexes; no document is looked at. `roles`: whose rights the user must have.

        Raises StoreUnavailable, as StoreRefuses where it would not work: no replica set, a right that is missing, an
        index that differs.
        """
        await self.must_answer()
        self._roles = roles
        await self._answered(self._must_be_allowed())
        await self._answered(ensure_collections(self.db))

    async def must_answer(self) -> None:
        """Nothing is made: for what only reads. Raises StoreUnavailable, see `make`."""
        own = any(name in self._uri.lower() for name in _OWN_PATIENCE)
        await must_stand(self.client, self._uri, None if own else FIRST_ANSWER)

    async def alive(self) -> bool:
        """Whether the database answers now, and does what this process needs of it. Where not, `refusal` says why."""
        try:
            await must_stand(self.client, self._uri, _PROBE)
            await self._answered(self._must_be_allowed())
        except StoreUnavailable as error:
            self.refusal = str(error)
            return False
        self.refusal = None
        return True

    async def _must_be_allowed(self) -> None:
        if self._roles:
            from shared.mongodb.access.rights_check import must_be_allowed  # noqa: PLC0415  # what only reads does without it

            await must_be_allowed(self.db, self._roles, place_of(self._uri))

    async def _answered(self, asked: Awaitable[object]) -> None:
        """Whatever goes wrong with what is asked first is said in one line."""
        try:
            await asked
        except PyMongoError as error:
            raise await why_none(self.client, self._uri, error) from error

    def close(self) -> None:
        """Close all connections."""
        self.client.close()


def _server_selection(uri: str) -> dict[str, Any]:
    """How long the driver looks for a server, unless the address says so itself.

    One second would fail a start during an election; thirty would hang a request.
    """
    return {} if "serverselectiontimeoutms=" in uri.lower() else {"serverSelectionTimeoutMS": 5000}


def _must_be_readable(uri: str) -> None:
    """Raise WrongSetting for an option that the driver would warn of, and leave out: `tls=yes` would be no TLS."""
    if uri.startswith("mongodb://"):  # of the other form the options are also asked of the name service
        try:
            parse_uri(uri, warn=False)
        except (ConfigurationError, ValueError, OSError) as error:
            raise _unreadable(uri, error) from None


def _unreadable(uri: str, error: Exception) -> WrongSetting:
    wrong = "wrong settings: TRUEUP_MONGODB_URI: "
    if isinstance(error, OSError):
        return WrongSetting(f"{wrong}a file that it names cannot be used: {error.strerror or type(error).__name__}")
    words = " ".join(str(error).split())
    # What the driver does not understand it may show: a piece of the password where that was not escaped.
    pieces = re.findall(r"\w{2,}", uri.partition("://")[2].rpartition("@")[0])
    shown = "" if any(piece in words for piece in pieces) else f": {words}"
    return WrongSetting(f"{wrong}is no mongodb:// address{shown}")


@contextmanager
def store_must_answer() -> Iterator[None]:
    """For programs that end when MongoDB does not do: inside, that is StoreUnavailable and no error of the driver."""
    try:
        yield
    except ConnectionFailure as error:
        raise StoreUnavailable(f"MongoDB did not answer: {error}") from error
    except OperationFailure as error:
        refusal = why_refused(error, "its address")
        if not isinstance(refusal, StoreRefuses) or error.code in NOT_LET_IN:
            raise refusal from error
        raise  # what it refuses in the midst of work is a mistake of ours
