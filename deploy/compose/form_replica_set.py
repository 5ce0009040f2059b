"""Forms the replica set of one member and makes MongoDB's users; runs inside MongoDB's network, once per start.

Addresses with names and passwords come from files in /run/secrets. Running it again changes passwords to those of the
files, the administrator's excepted: who changes that one knows it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from shared.mongodb.access.rights import ACCESS, ensure_users
from shared.roles import Role

_SECRETS = Path("/run/secrets")
_MEMBER = "mongodb:27017"
_ALREADY_INITIALIZED = 23
_AUTHENTICATION_FAILED = 18
_NO_SUCH_USER = 11
_SECONDS = 60

Client = MongoClient[dict[str, Any]]


def main() -> None:
    """Do what is missing; ends with one line where it cannot be done."""
    try:
        _set_up()
    except PyMongoError as error:
        # The driver's words may show an address with its password.
        code = f", code {error.code}" if isinstance(error, OperationFailure) else ""
        sys.exit(f"trueup: MongoDB could not be set up: {type(error).__name__}{code}")


def _set_up() -> None:
    name, password = _user("mongodb_admin_uri")
    with _open(name, password) as client:
        known = _lets_in(client)
    if not known:
        # The first user may be made from inside without one; from then on the door is shut.
        with _open() as client:
            _form(client)
            client.admin.command("createUser", name, pwd=password, roles=["root"])
    with _open(name, password) as client:
        _await_primary(client)
        database = os.environ.get("TRUEUP_MONGODB_DATABASE") or "trueup"
        # Each role may do what the table of the code says, and has a user of its own.
        ensure_users(client, database, {role: _user(f"mongodb_uri_{role}") for role in (*ACCESS, Role.OWNER)})
        monitor_roles = [{"role": "clusterMonitor", "db": "admin"}, {"role": "read", "db": "local"}]
        _ensure_user(client, *_user("mongodb_monitor_uri"), roles=monitor_roles)


def _open(name: str | None = None, password: str | None = None) -> Client:
    wait = _SECONDS * 1000
    return MongoClient(
        "127.0.0.1", directConnection=True, username=name, password=password, serverSelectionTimeoutMS=wait
    )


def _lets_in(client: Client) -> bool:
    try:
        client.admin.command("ping")
    except OperationFailure as error:
        if error.code != _AUTHENTICATION_FAILED:
            raise
        return False
    return True


def _form(client: Client) -> None:
    try:
        client.admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": _MEMBER}]})
    except OperationFailure as error:
        if error.code != _ALREADY_INITIALIZED:
            raise
    _await_primary(client)


def _await_primary(client: Client) -> None:
    answer = client.admin.command("hello")
    while not answer["isWritablePrimary"]:
        # Answers as soon as the member's state changes, not before.
        answer = client.admin.command("hello", topologyVersion=answer["topologyVersion"], maxAwaitTimeMS=10_000)


def _ensure_user(client: Client, name: str, password: str, *, roles: list[dict[str, str]]) -> None:
    try:
        client.admin.command("updateUser", name, pwd=password, roles=roles)
    except OperationFailure as error:
        if error.code != _NO_SUCH_USER:
            raise
        client.admin.command("createUser", name, pwd=password, roles=roles)


def _user(secret: str) -> tuple[str, str]:
    parts = urlsplit((_SECRETS / secret).read_text(encoding="utf-8").strip())
    if not parts.username or not parts.password:
        sys.exit(f"trueup: {secret}: must look like mongodb://user:password@host")
    return unquote(parts.username), unquote(parts.password)


if __name__ == "__main__":
    main()
