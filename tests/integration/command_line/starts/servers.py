"""Servers that a start may be pointed to: what makes them otherwise than it needs them; settings that would work."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pymongo import MongoClient

from deploy.local.mongodb import MongoDbReplicaSet
from shared.roles import Role
from tests.backends.management import Management

Environment = dict[str, str]
DATABASE = "able"
STORE, NAME, BROKER = "TRUEUP_MONGODB_URI", "TRUEUP_MONGODB_DATABASE", "TRUEUP_AMQP_URL"
READ = {"role": "read", "db": DATABASE}
READ_WRITE = {"role": "readWrite", "db": DATABASE}


@dataclass
class Servers:
    """The servers that a start may be pointed to, and what makes them otherwise than it needs them."""

    amqp_url: str
    mongodb_uri: str
    guarded: MongoDbReplicaSet
    standalone: str
    never_begun: str
    management: Management
    certificate: Path
    silent: int = 0
    full: int = 0
    http: int = 0
    tls: int = 0
    users: Mapping[Role, str] = field(default_factory=dict)

    def broker(self, *, user: str = "guest:guest", place: str = "", vhost: str = "", query: str = "") -> str:
        """An AMQP URL of the broker, or of another place."""
        known = urlsplit(self.amqp_url)
        where = place or known.netloc.rpartition("@")[2]
        return f"{known.scheme}://{user}@{where}/{vhost}{query}"

    @contextmanager
    def vhost(self) -> Iterator[str]:
        """A vhost of one row's own."""
        name = f"able-{secrets.token_hex(4)}"
        self.management.make_vhost(name)
        try:
            yield name
        finally:
            self.management.delete_vhost(name)

    @contextmanager
    def user(self, vhost: str, configure: str, write: str, read: str) -> Iterator[str]:
        """A user of the broker with these rights there: name and password."""
        name, password = f"able-{secrets.token_hex(4)}", secrets.token_hex(8)
        self.management.request("PUT", f"/users/{name}", {"password": password, "tags": ""})
        rights = {"configure": configure, "write": write, "read": read}
        self.management.request("PUT", f"/permissions/{vhost}/{name}", rights)
        try:
            yield f"{name}:{password}"
        finally:
            self.management.request("DELETE", f"/users/{name}")

    def store_user(self, *roles: Mapping[str, str]) -> str:
        """The connection string of a user of the guarded MongoDB."""
        name, password = f"able-{secrets.token_hex(4)}", secrets.token_hex(8)
        with MongoClient[dict[str, Any]](self.guarded.uri) as admin:
            admin["admin"].command("createUser", name, pwd=password, roles=list(roles))
        return self.guarded.uri_of(name, password)

    @contextmanager
    def database(self) -> Iterator[Any]:
        """A database of one row's own, with what the row puts into it."""
        with MongoClient[dict[str, Any]](self.mongodb_uri) as client:
            database = client[f"able_{secrets.token_hex(4)}"]
            try:
                yield database
            finally:
                client.drop_database(database)


def make_certificate(folder: Path) -> Path:
    """A certificate for another host, signed by nobody that is trusted; beside it is a file with its key, too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "another.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("another.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    certificate = folder / "certificate.pem"
    certificate.write_bytes(made)
    certificate.with_suffix(".both").write_bytes(pem + made)
    return certificate


def environment(servers: Servers, vhost: str, database: str) -> Environment:
    """Every setting, so that all would work."""
    return {
        BROKER: servers.broker(vhost=vhost),
        STORE: servers.mongodb_uri,
        NAME: database,
        "TRUEUP_SHOPIFY_CLIENT_ID": "client",
        "TRUEUP_SHOPIFY_CLIENT_SECRET": "the secret of the app",
        "TRUEUP_TOKEN_KEYS": Fernet.generate_key().decode(),
        "TRUEUP_PORT": "0",
        "TRUEUP_OPERATIONS_PORT": "0",
        "TRUEUP_LOG_LEVEL": "info",
    }
