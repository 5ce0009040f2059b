#!/usr/bin/env python3
"""Makes users and secrets, a folder for each role. Usage: make_secrets.py [FOLDER] (default: deploy/secrets).

Files that are there are kept, so a second run changes nothing, but for what is made of them: `rabbitmq.json`, and what
roles have in common. Needs the standard library only. From the environment: TRUEUP_SHOPIFY_CLIENT_SECRET, where its
file is missing; TRUEUP_BROKER and TRUEUP_STORE, where the servers are, by default those of deploy/compose.yaml;
TRUEUP_PARTNERS, names of partners' users on RabbitMQ, comma-separated.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from shared.rabbitmq.access.rights import definitions
from shared.roles import Role

_BROKER = "rabbitmq:5672"
_STORE = "mongodb:27017/?replicaSet=rs0&authSource=admin"
_SHOPIFY = "trueup_shopify_client_secret"
_PREVIOUS = f"{_SHOPIFY}_previous"
_AMQP, _MONGODB, _KEYS = "trueup_amqp_url", "trueup_mongodb_uri", "trueup_token_keys"
_SMTP = "trueup_smtp_url"

READS: Mapping[Role, tuple[str, ...]] = {
    Role.FRONT: (_AMQP, _SHOPIFY, _PREVIOUS),
    Role.INDEXER: (_AMQP, _MONGODB, _SHOPIFY, _PREVIOUS),
    Role.PREVIEW: (_AMQP, _MONGODB, _SHOPIFY, _PREVIOUS, _KEYS),
    Role.PLANNER: (_AMQP, _MONGODB, _SHOPIFY, _PREVIOUS),
    Role.WORKER: (_AMQP, _MONGODB, _SHOPIFY, _PREVIOUS, _KEYS),
    Role.AGGREGATOR: (_AMQP, _MONGODB),
    Role.SWEEPER: (_AMQP, _MONGODB, _SHOPIFY, _PREVIOUS, _KEYS, _SMTP),
    Role.COMMAND_LINE: (_AMQP, _MONGODB, _SHOPIFY, _PREVIOUS, _KEYS),
    Role.OWNER: (_AMQP, _MONGODB),
}
"""The secrets of each role: those among its settings (tests/unit/deploy/test_given_to_roles.py)."""


def _password() -> str:
    # Of letters and digits alone: it goes into addresses and configuration files.
    return secrets.token_hex(24)


def _user_in(address: str) -> tuple[str, str]:
    found = re.search(r"://([^:]+):([^@]+)@", address)
    if found is None:
        sys.exit("trueup: an address has no user and password: remove its file and run this again")
    return found[1], found[2]


class Folder:
    """A folder of secrets."""

    def __init__(self, path: Path, *, mode: int = 0o700) -> None:
        """Nobody but its owner (and the engine) gets into the whole folder; what is in it any container can read."""
        self._path = path
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        path.chmod(mode)

    def keep(self, name: str, make: Callable[[], str]) -> str:
        """What the file holds, made where it is missing."""
        if not (self._path / name).exists():
            self.write(name, make())
        return (self._path / name).read_text(encoding="utf-8").strip()

    def write(self, name: str, text: str) -> None:
        """Have a file with this text."""
        file = self._path / name
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(text + "\n", encoding="utf-8")
        file.chmod(0o444)


def main() -> None:
    """Make what is missing."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("secrets")
    whole = Folder(path)
    shopify = os.environ.get(_SHOPIFY.upper(), "")
    if not shopify and not (path / _SHOPIFY).exists():
        sys.exit(f"trueup: set {_SHOPIFY.upper()} for this command: the app's client secret, from Shopify")
    common = {
        _SHOPIFY: whole.keep(_SHOPIFY, lambda: shopify),
        _PREVIOUS: whole.keep(_PREVIOUS, lambda: ""),
        # Empty: no mails are sent.
        _SMTP: whole.keep(_SMTP, lambda: os.environ.get(_SMTP.upper(), "")),
        _KEYS: whole.keep(_KEYS, lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()),
    }
    broker, store = os.environ.get("TRUEUP_BROKER", _BROKER), os.environ.get("TRUEUP_STORE", _STORE)
    passwords: dict[Role, str] = {}
    for role, names in READS.items():
        folder = Folder(path / role, mode=0o755)
        for name in common.keys() & set(names):
            # What is changed is changed in one place: a rotation of keys or secrets reaches every role.
            folder.write(name, common[name])
        amqp = folder.keep(_AMQP, lambda role=role: f"amqp://trueup-{role}:{_password()}@{broker}/")  # type: ignore[misc]  # a bound default
        passwords[role] = _user_in(amqp)[1]
        if _MONGODB in names:
            folder.keep(_MONGODB, lambda role=role: f"mongodb://trueup-{role}:{_password()}@{store}")  # type: ignore[misc]  # a bound default
    wanted = [name for name in os.environ.get("TRUEUP_PARTNERS", "").split(",") if name]
    partners = Folder(path / "partners")
    urls = {name: partners.keep(name, lambda name=name: f"amqp://{name}:{_password()}@{broker}/") for name in wanted}  # type: ignore[misc]  # a bound default
    known = {name: _user_in(url)[1] for name, url in urls.items()}
    monitor = _user_in(whole.keep("rabbitmq_monitor", lambda: f"http://trueup-monitor:{_password()}@{broker}"))
    whole.write("rabbitmq.json", json.dumps(definitions(passwords, known, monitor=monitor), indent=1))
    whole.keep("mongodb_admin_uri", lambda: f"mongodb://admin:{_password()}@{store}")
    exporter = whole.keep("mongodb_monitor_uri", lambda: f"mongodb://monitor:{_password()}@{store}")
    whole.keep("mongodb_exporter.env", lambda: f"MONGODB_URI={exporter}")
    whole.keep("mongodb_key", lambda: base64.b64encode(secrets.token_bytes(384)).decode())
    whole.keep("grafana_admin_password", _password)
    print(f"secrets are in {path}")  # noqa: T201  # the program's one line of output


if __name__ == "__main__":
    main()
