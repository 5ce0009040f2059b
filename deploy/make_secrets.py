#!/usr/bin/env python3
"""Makes the secrets of deploy/compose.yaml, a file each. Usage: make_secrets.py [FOLDER] (default: deploy/secrets).

Files that are there are kept, so a second run changes nothing. Needs the standard library only. Shopify's client secret
is read from the environment, TRUEUP_SHOPIFY_CLIENT_SECRET, where its file is missing.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

_MONGODB = "mongodb:27017/?replicaSet=rs0&authSource=admin"
_SHOPIFY = "trueup_shopify_client_secret"


def _password() -> str:
    # Of letters and digits alone: it goes into addresses and configuration files.
    return secrets.token_hex(24)


def _password_in(address: str) -> str:
    found = re.search(r"://[^:]+:([^@]+)@", address)
    if found is None:
        sys.exit("trueup: an address has no password: remove its file and run this again")
    return found[1]


class Folder:
    """The folder of the secrets."""

    def __init__(self, path: Path) -> None:
        """Nobody but its owner (and the engine) gets into the folder; the files can then be read by any container."""
        self._path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)

    def keep(self, name: str, make: Callable[[], str]) -> str:
        """What the file holds, made where it is missing."""
        file = self._path / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(make() + "\n", encoding="utf-8")
            file.chmod(0o444)
        return file.read_text(encoding="utf-8").strip()


def main() -> None:
    """Make what is missing."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("secrets")
    folder = Folder(path)
    shopify = os.environ.get(_SHOPIFY.upper(), "")
    if not shopify and not (path / _SHOPIFY).exists():
        sys.exit(f"trueup: set {_SHOPIFY.upper()} for this command: the app's client secret, from Shopify")
    folder.keep(_SHOPIFY, lambda: shopify)
    folder.keep(f"{_SHOPIFY}_previous", lambda: "")
    folder.keep("trueup_token_keys", lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    amqp = folder.keep("trueup_amqp_url", lambda: f"amqp://trueup:{_password()}@rabbitmq:5672/")
    folder.keep("rabbitmq_user.conf", lambda: f"default_user = trueup\ndefault_pass = {_password_in(amqp)}")
    folder.keep("trueup_mongodb_uri", lambda: f"mongodb://trueup:{_password()}@{_MONGODB}")
    folder.keep("mongodb_admin_uri", lambda: f"mongodb://admin:{_password()}@{_MONGODB}")
    monitor = folder.keep("mongodb_monitor_uri", lambda: f"mongodb://monitor:{_password()}@{_MONGODB}")
    folder.keep("mongodb_exporter.env", lambda: f"MONGODB_URI={monitor}")
    folder.keep("mongodb_key", lambda: base64.b64encode(secrets.token_bytes(384)).decode())
    folder.keep("grafana_admin_password", _password)
    print(f"secrets are in {path}")  # noqa: T201  # the program's one line of output


if __name__ == "__main__":
    main()
