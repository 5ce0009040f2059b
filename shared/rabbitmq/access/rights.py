"""What each role, and a partner, may do on RabbitMQ: one table, from which users and their rights are made.

RabbitMQ's rights are three patterns for names of exchanges and queues (configure, write, read), and two for the keys
of a topic exchange. The latter do not see the headers CC and BCC, by which a message is routed as well: so partners
publish to an exchange of their own, from which public keys alone lead anywhere, and their keys are checked besides.

Standard library alone: programs that make users import it without anything installed.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.rabbitmq import topology
from shared.rabbitmq.topology import CLIENTS, COMMANDS, DEAD, EVENTS, LISTENER_KEYS, QUEUES, WEBHOOKS, Queue
from shared.roles import Role

PUBLIC_KEYS = tuple(key for queue in QUEUES if queue.public for key in queue.keys)
"""What any client may ask for."""

CLIENT_QUEUES = "client."
"""What the names of partners' queues begin with; then comes the partner's user name and a dot."""

CLIENT_QUEUE_BYTES = 64 * 1024 * 1024
CLIENT_QUEUE_LIFE = 24 * 3600 * 1000
"""Milliseconds after which a partner's queue goes that nobody reads."""

CLIENT_LIMITS = {"max-connections": 8, "max-channels": 64}

_CELL_KEYS = r"cell\.[0-9]+"
_NOTHING = "^$"
_LISTENING = r"amq\.gen-.*"


@dataclass(frozen=True, slots=True)
class Work:
    """What a role does on the broker: queues it takes from, exchanges it publishes to with patterns of keys."""

    takes: tuple[Queue, ...] = ()
    publishes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listens: bool = False
    """Has a queue of its own, named by the broker, with the events that are published to clients."""


def _exact(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(re.escape(key) for key in keys)


_ANY = (".*",)
_JOB_EVENTS = _exact([topology.CELLS_FINISHED, topology.JOB_PROGRESS, topology.JOB_FINISHED])

WORK: Mapping[Role, Work] = {
    Role.FRONT: Work(publishes={WEBHOOKS: _ANY}),
    Role.INDEXER: Work(takes=(topology.INDEXING,)),
    Role.PREVIEW: Work(
        takes=(topology.PREVIEWS, topology.RECORDS),
        publishes={
            COMMANDS: _exact(PUBLIC_KEYS),
            EVENTS: _exact([topology.PREVIEW_PROGRESS, topology.PREVIEW_READY, topology.NOTICES_CHANGED]),
        },
        listens=True,
    ),
    # What the broker took away goes round again where its key belongs.
    Role.PLANNER: Work(
        takes=(topology.JOBS, topology.ENDED_JOBS, topology.DEAD_LETTERS),
        publishes={COMMANDS: (_CELL_KEYS,), EVENTS: _JOB_EVENTS, WEBHOOKS: _ANY},
    ),
    Role.WORKER: Work(takes=topology.CELLS, publishes={EVENTS: _exact([topology.CELLS_FINISHED])}),
    Role.AGGREGATOR: Work(takes=(topology.FINISHED,), publishes={COMMANDS: (_CELL_KEYS,), EVENTS: _JOB_EVENTS}),
    Role.SWEEPER: Work(
        publishes={
            COMMANDS: _exact([topology.JOB_REQUEST, topology.PREVIEW_REQUEST]),
            EVENTS: _exact([topology.DRIFT_DETECTED, topology.NOTICES_CHANGED]),
            WEBHOOKS: _ANY,
        }
    ),
    Role.COMMAND_LINE: Work(
        publishes={COMMANDS: (_CELL_KEYS, *_exact(PUBLIC_KEYS)), EVENTS: _JOB_EVENTS, WEBHOOKS: _ANY}, listens=True
    ),
}
"""The table. The owner, who makes everything, has all of Trueup's names and no others."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Patterns as RabbitMQ takes them; `topics` by exchange: those for keys to write and to read (bind)."""

    configure: str
    write: str
    read: str
    topics: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def rights_of(role: Role) -> Rights:
    """The rights of a role."""
    if role is Role.OWNER:
        everything = r"^trueup\..*$"
        return Rights(everything, everything, everything)
    work = WORK[role]
    takes = {queue.name for queue in work.takes}
    bound = {exchange for queue in work.takes for exchange, _ in queue.bindings}
    # A queue that somebody deleted comes back with its bindings and its way to the dead letters: that is asked for too.
    dead = {DEAD} if any(queue.exchange != DEAD and not queue.public for queue in work.takes) else set()
    own = (_LISTENING,) if work.listens else ()
    heard = {EVENTS} if work.listens else set()
    topics = {
        exchange: (
            _pattern(work.publishes.get(exchange, ())),
            _pattern(_bindable(work, exchange)),
        )
        for exchange in sorted({*work.publishes, *bound, *heard, *dead})
    }
    return Rights(
        configure=_pattern((*_exact(sorted(takes)), *own)),
        write=_pattern((*_exact(sorted({*takes, *work.publishes, *dead})), *own)),
        read=_pattern((*_exact(sorted({*takes, *bound, *heard})), *own)),
        topics=topics,
    )


def rights_of_partner(user: str) -> Rights:
    """A partner's: public keys on the exchange of clients, the events for clients, queues under its own name."""
    own = rf"{re.escape(CLIENT_QUEUES + user)}\..*"
    return Rights(
        configure=_pattern((own,)),
        write=_pattern((own, re.escape(CLIENTS))),
        read=_pattern((own, re.escape(EVENTS))),
        topics={
            CLIENTS: (_pattern(_exact(PUBLIC_KEYS)), _NOTHING),
            EVENTS: (_NOTHING, _pattern(_exact(LISTENER_KEYS))),
        },
    )


def _bindable(work: Work, exchange: str) -> tuple[str, ...]:
    keys = {key for queue in work.takes for bound, key in queue.bindings if bound == exchange}
    if work.listens and exchange == EVENTS:
        keys |= set(LISTENER_KEYS)
    return _exact(sorted(keys))


def _pattern(parts: Iterable[str]) -> str:
    alternatives = "|".join(parts)
    return f"^({alternatives})$" if alternatives else _NOTHING


def definitions(
    passwords: Mapping[Role, str],
    partners: Mapping[str, str],
    *,
    vhost: str = "/",
    monitor: tuple[str, str] | None = None,
    prefix: str = "trueup-",
) -> dict[str, Any]:
    """What RabbitMQ loads (`load_definitions`, or POST /api/definitions): users with their rights in one vhost.

    `passwords` by role, `partners`: passwords by user name. `monitor`: name and password of one who sees figures only.
    """
    granted = {f"{prefix}{role}": (password, rights_of(role)) for role, password in passwords.items()}
    granted |= {name: (password, rights_of_partner(name)) for name, password in partners.items()}
    users = [
        _user(name, password, limits=CLIENT_LIMITS if name in partners else {})
        for name, (password, _) in granted.items()
    ]
    if monitor is not None:
        users.append(_user(*monitor, tags=["monitoring"]))
    return {
        "vhosts": [{"name": vhost}],
        "users": users,
        "permissions": [
            {"user": name, "vhost": vhost, "configure": its.configure, "write": its.write, "read": its.read}
            for name, (_, its) in granted.items()
        ],
        "topic_permissions": [
            {"user": name, "vhost": vhost, "exchange": exchange, "write": write, "read": read}
            for name, (_, its) in granted.items()
            for exchange, (write, read) in its.topics.items()
        ],
        "policies": [
            {
                "vhost": vhost,
                "name": "client-queues",
                "pattern": f"^{re.escape(CLIENT_QUEUES)}",
                "apply-to": "queues",
                "priority": 100,
                "definition": {"max-length-bytes": CLIENT_QUEUE_BYTES, "expires": CLIENT_QUEUE_LIFE},
            }
        ],
    }


def _user(
    name: str, password: str, *, tags: list[str] | None = None, limits: Mapping[str, int] | None = None
) -> dict[str, Any]:
    salt = secrets.token_bytes(4)
    hashed = base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
    return {
        "name": name,
        "password_hash": hashed,
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": tags or [],
        "limits": dict(limits or {}),
    }
