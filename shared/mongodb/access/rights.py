"""What each role may do on MongoDB: one table, from which roles and users are made.

A letter per action: r finds, i inserts, u updates, d removes. A role may do nothing with a collection that its line
leaves out. The ledger is only ever added to; whoever may delete a shop's records may remove in every collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from shared.mongodb.schema import INDEXES
from shared.roles import Role

_ACTIONS = {"r": "find", "i": "insert", "u": "update", "d": "remove"}
_NO_SUCH_ROLE = 31
_NO_SUCH_USER = 11

_NEW_CELLS = {"boms": "ru", "stock": "riu", "reads_wanted": "i", "ledger": "ri", "constants": "riu"}
"""Making the stock documents of cells that have none, and bringing those of an earlier version to the present form."""

_SELECTING = {**_NEW_CELLS, "locations": "r", "drift": "r", "previews": "r", "preview_rows": "r", "selections": "r"}

_PLANNING = {
    **_SELECTING,
    "shops": "ru",
    "jobs": "riu",
    "cells": "riud",
    "tallies": "rid",
    "selections": "riu",
    "dead_letters": "i",
    "audit": "i",
}

ACCESS: Mapping[Role, Mapping[str, str]] = {
    Role.INDEXER: {
        **_NEW_CELLS,
        "shops": "ru",
        "locations": "riu",
        "webhook_events": "ri",
        "compliance": "riu",
        "drift": "ru",
        "dead_letters": "i",
    },
    Role.PREVIEW: {
        **_NEW_CELLS,
        "shops": "riud",
        "locations": "riu",
        "boms": "riud",
        "stock": "riud",
        "adjustments": "ri",
        "previews": "riu",
        "preview_rows": "riud",
        "selections": "riu",
        "jobs": "riu",
        "cells": "r",
        "drift": "ru",
        "drift_hours": "r",
        "webhook_events": "r",
        "schedules": "riud",
        "schedule_runs": "riu",
        "notices": "ru",
        "deliveries": "riu",
        "webhook_targets": "riud",
        "notification_settings": "riu",
        "imports": "riu",
        "import_items": "riu",
        "import_lines": "riu",
        "server_keys": "riu",
        "request_shares": "riu",
        "dead_letters": "i",
        "idempotency_keys": "riud",
        "audit": "ri",
    },
    Role.PLANNER: _PLANNING,
    Role.AGGREGATOR: {**_PLANNING, "pushes": "ru"},
    Role.WORKER: {
        **_NEW_CELLS,
        "shops": "ru",
        "locations": "riu",
        "jobs": "ru",
        "cells": "ru",
        "tallies": "i",
        "pushes": "riu",
        "reads_wanted": "rid",
        "dead_letters": "i",
        "partitions": "riud",
        "replicas": "riud",
        "constants": "riu",
    },
    Role.SWEEPER: {
        **_NEW_CELLS,
        "shops": "riud",
        "locations": "riu",
        "jobs": "ri",
        "cells": "r",
        "previews": "ri",
        "selections": "riu",
        "drift": "riud",
        "drift_hours": "riu",
        "webhook_events": "r",
        "schedules": "ru",
        "schedule_runs": "riu",
        "imports": "r",
        "notices": "riud",
        "deliveries": "riu",
        "webhook_targets": "ru",
        "notification_settings": "ru",
        "compliance": "riu",
        "audit": "i",
    },
    Role.COMMAND_LINE: dict.fromkeys(INDEXES, "riud"),
}
"""The table. The front has no user here; the owner makes collections and indexes, and sees no document."""

REDACTS = frozenset({Role.INDEXER, Role.SWEEPER, Role.COMMAND_LINE})
"""Those that delete what is kept of a shop that has left, in whatever collection the database has."""

_OF_EVERY_COLLECTION = ("listIndexes",)
_OF_THE_DATABASE = ("listCollections",)
_OWNER = ("createCollection", "createIndex", "dropIndex", "listIndexes", "listCollections")


def privileges_of(role: Role, database: str) -> list[dict[str, Any]]:
    """The privileges of a role, as `createRole` takes them."""
    if role is Role.OWNER:
        return [_privilege(database, "", _OWNER)]
    whole = (*_OF_THE_DATABASE, *_OF_EVERY_COLLECTION, *(("remove",) if role in REDACTS else ()))
    return [_privilege(database, "", whole)] + [
        _privilege(database, collection, tuple(_ACTIONS[letter] for letter in letters))
        for collection, letters in sorted(ACCESS[role].items())
    ]


def ensure_users(admin: MongoClient[dict[str, Any]], database: str, users: Mapping[Role, tuple[str, str]]) -> None:
    """Make the roles in the database, and a user with name and password for each; what is there is brought up to date.

    Raises what the driver raises, OperationFailure where the client may not.
    """
    for role, (name, password) in users.items():
        named = f"trueup-{role}"
        _ensure(admin[database], "Role", named, _NO_SUCH_ROLE, privileges=privileges_of(role, database), roles=[])
        granted = [{"role": named, "db": database}]
        _ensure(admin["admin"], "User", name, _NO_SUCH_USER, pwd=password, roles=granted)


def _ensure(database: Any, kind: str, name: str, missing: int, **values: Any) -> None:
    try:
        database.command(f"update{kind}", name, **values)
    except OperationFailure as error:
        if error.code != missing:
            raise
        database.command(f"create{kind}", name, **values)


def _privilege(database: str, collection: str, actions: tuple[str, ...]) -> dict[str, Any]:
    return {"resource": {"db": database, "collection": collection}, "actions": list(actions)}
