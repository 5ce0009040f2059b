"""A private MongoDB replica set: transactions and change streams need one, be it of a single member."""

import base64
import os
import secrets
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local.errors import LocalNodeError
from deploy.local.mongod_program import find_mongod
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import KeptProcess

_SET_NAME = "rs0"
_CACHE_GIGABYTES = "0.5"
_OPLOG_MEGABYTES = "512"
_START_SECONDS = 300.0
"""A fault ends the process, which is seen at once; only one that hangs, or a very busy machine, takes long."""
_TRANSACTION_SECONDS = 10
"""What a killed process has locked is free after this long instead of the server's own minute; ours take a second."""


class MongoDbMember:
    """One mongod of a replica set. Its folder keeps the data over `stop` or `kill` and `start`, on the same port."""

    def __init__(self, directory: Path, *, key: str | None = None, standalone: bool = False) -> None:
        """Use `directory` (made if missing) for everything the member writes. Nothing is started yet.

        With a `key`, which all members share, it lets only users in. `standalone`: it is of no set, for tests.
        """
        self.directory = directory.resolve()
        self._key = key
        self._set = () if standalone else ("--replSet", _SET_NAME)
        self.port = free_ports(1)[0]
        self._server: KeptProcess | None = None

    @property
    def address(self) -> str:
        """Host and port, as the replica set knows the member."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def is_running(self) -> bool:
        """Whether the mongod's process runs."""
        return self._server is not None and self._server.is_running

    @property
    def process_id(self) -> int:
        """The process of the mongod that runs."""
        return self._running().pid

    def start(self) -> None:
        """Start the mongod and wait until it takes connections.

        Raises:
            LocalNodeError: there is no mongod on this machine, or it does not come up.
        """
        if self._server is not None and self._server.is_running:
            message = "this MongoDB member is running already"
            raise LocalNodeError(message)
        data = self.directory / "data"
        data.mkdir(parents=True, exist_ok=True)
        log = self.directory / "mongod.log"
        log.unlink(missing_ok=True)
        command = [
            find_mongod(self.directory),
            *("--bind_ip", LOOPBACK),
            *("--port", str(self.port)),
            *("--dbpath", str(data)),
            *self._set,
            *("--oplogSize", _OPLOG_MEGABYTES),
            *("--wiredTigerCacheSizeGB", _CACHE_GIGABYTES),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--setParameter", f"transactionLifetimeLimitSeconds={_TRANSACTION_SECONDS}"),
            "--nounixsocket",
            "--quiet",
            *self._key_file(),
        ]
        self._server = KeptProcess(command, environment=os.environ, directory=self.directory, log=log)
        self._wait_until_listening(self._server)

    def _key_file(self) -> tuple[str, ...]:
        if self._key is None:
            return ()
        file = self.directory / "key"
        file.unlink(missing_ok=True)
        # mongod takes no key that others can read.
        file.touch(mode=0o600)
        file.write_text(self._key)
        return ("--keyFile", str(file))

    def stop(self) -> None:
        """Shut the mongod down in order."""
        if self._server is not None:
            self._server.stop()

    def end(self) -> None:
        """End the process at once, started or not, for data that nobody needs any more."""
        if self._server is not None:
            self._server.kill()

    def kill(self) -> None:
        """End the mongod as a crash would (SIGKILL)."""
        self._running().kill()

    def freeze(self) -> None:
        """Stop the mongod's clock (SIGSTOP): connections stay open, nothing answers."""
        self._running().freeze()

    def thaw(self) -> None:
        """Let a frozen mongod run on."""
        self._running().thaw()

    def _running(self) -> KeptProcess:
        if self._server is None:
            message = "this MongoDB member has not been started"
            raise LocalNodeError(message)
        return self._server

    def _wait_until_listening(self, server: KeptProcess) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._listens():
            if not server.is_running:
                message = f"mongod ended as it started: {server.last_words()} (log: {server.log})"
                raise LocalNodeError(message)
            if time.monotonic() > deadline:
                message = f"mongod did not listen after {_START_SECONDS:.0f} s (log: {server.log})"
                raise LocalNodeError(message)
            time.sleep(0.02)  # a starting mongod tells nobody when it listens: ask again soon

    def _listens(self) -> bool:
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=2).close()
        except OSError:
            return False
        return True


class MongoDbReplicaSet:
    """A replica set of `size` members on this machine; one is enough but for failover tests, which take three.

    All methods block; from a coroutine call them with `asyncio.to_thread`.
    """

    def __init__(self, directory: Path, *, size: int = 1, access_control: bool = False) -> None:
        """Use `directory` (made if missing) for everything the members write. Nothing is started yet.

        With `access_control` only users get in: first an administrator, as whom `uri` comes.
        """
        key = base64.b64encode(secrets.token_bytes(96)).decode() if access_control else None
        self._administrator = ("admin", secrets.token_hex(16)) if access_control else None
        self.members = [MongoDbMember(directory / f"member-{number}", key=key) for number in range(1, size + 1)]
        self._initiated = False

    @property
    def uri(self) -> str:
        """The connection string, for `TRUEUP_MONGODB_URI`."""
        return self.uri_of(*self._administrator) if self._administrator else f"mongodb://{self._place}"

    def uri_of(self, user: str, password: str) -> str:
        """The connection string of a user whose name is kept in the database `admin`."""
        return f"mongodb://{user}:{password}@{self._place}&authSource=admin"

    @property
    def _place(self) -> str:
        return f"{','.join(member.address for member in self.members)}/?replicaSet={_SET_NAME}"

    def start(self) -> None:
        """Start all members, form the set the first time, and wait for a primary.

        Raises:
            LocalNodeError: there is no mongod on this machine, or no primary comes up.
        """
        for member in self.members:
            member.start()
        if not self._initiated:
            self._initiate()
            self._make_administrator()
            self._initiated = True
        self.primary()

    def stop(self) -> None:
        """Shut all members down in order."""
        for member in self.members:
            member.stop()

    def end(self) -> None:
        """End all processes at once, for data that nobody needs any more."""
        for member in self.members:
            member.end()

    def kill(self) -> None:
        """End all members as a power cut would (SIGKILL)."""
        for member in self.members:
            member.kill()

    def freeze(self) -> None:
        """Stop the clock of all members (SIGSTOP)."""
        for member in self.members:
            member.freeze()

    def thaw(self) -> None:
        """Let frozen members run on."""
        for member in self.members:
            member.thaw()

    def restart(self) -> None:
        """Shut down in order and start again, keeping data and ports."""
        self.stop()
        self.start()

    def primary(self, seconds: float = _START_SECONDS) -> MongoDbMember:
        """Wait until a running member is the writable primary, and return it.

        Raises:
            LocalNodeError: there is none after `seconds`.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for member in self.members:
                if _ask(member, "hello").get("isWritablePrimary"):
                    return member
            time.sleep(0.02)  # an election tells nobody when it is over: ask again soon
        message = f"MongoDB has no primary after {seconds:.0f} s (logs: {self.members[0].directory.parent})"
        raise LocalNodeError(message)

    def __enter__(self) -> Self:
        """Start the replica set."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the replica set."""
        self.stop()

    def _initiate(self) -> None:
        members = [{"_id": number, "host": member.address} for number, member in enumerate(self.members)]
        # Milliseconds; 10000 by default. Members on one machine need not wait that long for a lost primary.
        settings = {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500}
        answer = _ask(self.members[0], "replSetInitiate", {"_id": _SET_NAME, "members": members, "settings": settings})
        if not answer.get("ok"):
            message = f"MongoDB refused to form a replica set: {answer.get('error')}"
            raise LocalNodeError(message)

    def _make_administrator(self) -> None:
        if self._administrator is None:
            return
        name, password = self._administrator
        # From this machine, as long as there is no user yet, the first one may be made without one.
        answer = _ask(self.primary(), "createUser", name, pwd=password, roles=["root"])
        if not answer.get("ok"):
            message = f"MongoDB refused its first user: {answer.get('error')}"
            raise LocalNodeError(message)


def _ask(member: MongoDbMember, command: str, value: object = 1, **more: Any) -> dict[str, Any]:
    """Run an admin command on this very member. Return its answer, or `{"error": text}` where it gives none."""
    address = f"mongodb://{member.address}/?directConnection=true"
    try:
        with MongoClient[dict[str, Any]](address, serverSelectionTimeoutMS=2000, socketTimeoutMS=10_000) as client:
            return client.admin.command(command, value, **more)
    except PyMongoError as error:
        return {"error": str(error)}
