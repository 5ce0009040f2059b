"""Whether the user may do what its roles do (`rights.py`), asked of MongoDB before anything is begun."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from shared.errors import StoreRefuses
from shared.mongodb.access.refusals import SETTING
from shared.mongodb.access.rights import privileges_of
from shared.mongodb.schema import INDEXES, Database
from shared.roles import Role

_SHOWN = 3
_DONE_WITHOUT = frozenset({"dropIndex"})
"""What an owner of an earlier build may lack: an index that is not needed stays then, at a cost."""

_WHOLE = ""
"""How MongoDB writes every database, and every collection of one."""

Privileges = Iterable[Mapping[str, Any]]


async def must_be_allowed(database: Database, roles: Collection[Role], place: str) -> None:
    """Raise StoreRefuses where a right is missing; what the driver raises. Without access control all is allowed."""
    status = await database.client.admin.command("connectionStatus", showPrivileges=True)
    about = status["authInfo"]
    if not about["authenticatedUsers"]:
        return  # none is needed, or the first command that needs one says so
    missing = missing_rights(about["authenticatedUserPrivileges"], roles, database.name)
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise StoreRefuses(
            f"{SETTING}: the user {about['authenticatedUsers'][0]['user']} of MongoDB at {place} lacks rights on the"
            f" database {database.name}: {', '.join(missing[:_SHOWN])}{more}: give it those of its role, or readWrite"
            " (docs/operations/keys.md)"
        )


def missing_rights(granted: Privileges, roles: Collection[Role], database: str) -> list[str]:
    """What the roles do and the privileges do not allow, in words."""
    granted = list(granted)
    wanted = {
        (privilege["resource"]["collection"], action)
        for role in roles
        if role is not Role.FRONT  # it has no user here
        for privilege in privileges_of(role, database)
        for action in privilege["actions"]
        if action not in _DONE_WITHOUT
    }
    return [
        f"{action} on {collection}" if collection else action
        for collection, action in sorted(wanted)
        if not _allowed(granted, database, collection, action)
    ]


def _allowed(granted: Privileges, database: str, collection: str, action: str) -> bool:
    if any(_covers(privilege, database, collection, action) for privilege in granted):
        return True
    # What is wanted of the whole database may be granted on each of our collections; lists are the database's own.
    return (
        collection == _WHOLE
        and action not in {"listCollections", "createCollection"}
        and all(_allowed(granted, database, name, action) for name in INDEXES)
    )


def _covers(privilege: Mapping[str, Any], database: str, collection: str, action: str) -> bool:
    resource, actions = privilege["resource"], privilege["actions"]
    if action not in actions and "anyAction" not in actions:
        return False
    if resource.get("anyResource"):
        return True
    return resource.get("db") in {_WHOLE, database} and resource.get("collection") in {_WHOLE, collection}
