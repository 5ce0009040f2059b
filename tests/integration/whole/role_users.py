"""A user for each role on the tests' servers, with the rights of the tables, and what a process of it is given."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from pymongo import MongoClient

from deploy.local.mongodb import MongoDbReplicaSet
from shared.mongodb.access.rights import ACCESS, ensure_users
from shared.rabbitmq.access.rights import definitions
from shared.roles import Role
from shared.settings import SETTINGS_OF, Settings
from tests.backends.management import Management

COMMAND_LINE_READS = ("amqp_url", "mongodb_uri", "mongodb_database", "shopify_client_secret")
"""Of a command that asks the services for something."""


@dataclass(frozen=True)
class BrokerUsers:
    """AMQP URLs by role, and a partner's with its user name."""

    urls: Mapping[Role, str]
    partner: str
    partner_url: str


@contextmanager
def broker_users(management: Management, amqp_url: str, vhost: str) -> Iterator[BrokerUsers]:
    """Users on the real broker, whose rights hold in this vhost; removed at the end."""
    run = secrets.token_hex(4)
    passwords = {role: secrets.token_hex(12) for role in Role}
    partner, partner_password = f"partner-{run}", secrets.token_hex(12)
    made = definitions(passwords, {partner: partner_password}, vhost=vhost, prefix=f"{run}-")
    # The tests' vhost is there already, with a default kind of queue of its own.
    management.request("POST", "/definitions", {name: value for name, value in made.items() if name != "vhosts"})

    def url(user: str, password: str) -> str:
        return urlsplit(amqp_url)._replace(netloc=f"{user}:{password}@{_place(amqp_url)}", path=f"/{vhost}").geturl()

    try:
        urls = {role: url(f"{run}-{role}", password) for role, password in passwords.items()}
        yield BrokerUsers(urls, partner, url(partner, partner_password))
    finally:
        for user in made["users"]:
            management.request("DELETE", f"/users/{quote(user['name'], safe='')}")
        management.request("DELETE", f"/policies/{quote(vhost, safe='')}/client-queues")


def store_users(store: MongoDbReplicaSet, database: str) -> dict[Role, str]:
    """Users of MongoDB for the roles that have one; returns their connection strings."""
    users = {role: (f"trueup-{role}", secrets.token_hex(12)) for role in (*ACCESS, Role.OWNER)}
    with MongoClient[dict[str, Any]](store.uri) as admin:
        ensure_users(admin, database, users)
    return {role: store.uri_of(*user) for role, user in users.items()}


def given_to(
    role: Role, settings: Settings, broker: BrokerUsers, stores: Mapping[Role, str], folder: Path, **more: str
) -> dict[str, str]:
    """The environment of a process of this role: its own settings, secrets as files of a folder of its own."""
    known = {
        "amqp_url": broker.urls[role],
        "mongodb_uri": stores.get(role, ""),
        "mongodb_database": settings.mongodb_database,
        "shopify_client_id": settings.shopify_client_id,
        "shopify_client_secret": settings.shopify_client_secret.get_secret_value(),
        "shopify_url": settings.shopify_url,
        "token_keys": ",".join(settings.fernet_keys),
        "log_level": "info",
        **more,
    }
    reads = COMMAND_LINE_READS if role is Role.COMMAND_LINE else tuple(SETTINGS_OF[role].model_fields)
    secret = {"amqp_url", "mongodb_uri", "shopify_client_secret", "token_keys"}
    folder.mkdir()
    for name in secret.intersection(reads):
        file = folder / f"trueup_{name}"
        file.touch(mode=0o600)
        file.write_text(known[name])
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TRUEUP_", "OTEL_"))}
    plain = {f"TRUEUP_{name.upper()}": known[name] for name in reads if name in known and name not in secret}
    return bare | plain | {"TRUEUP_SECRETS_DIR": str(folder), "COLUMNS": "80"}


def _place(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]
