"""What cannot work stops the start with one line and exit status 2, what is away with 3; nothing of it is 70.

Each row of the table is a start of `trueup serve all` against real servers that are not as it needs them, told by the
command's own words. `pytest -s` prints the table, with seconds that are never judged.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import aiohttp
import pytest
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pymongo import MongoClient

from deploy.local.mongodb import MongoDbMember, MongoDbReplicaSet
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.run_directory import make_run_directory
from services.command_line.all_services import AllServices
from services.command_line.main import ending_of
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.mongodb import connection as mongodb
from shared.mongodb.connection import Mongo
from shared.mongodb.rights import ACCESS
from shared.rabbitmq import connection as rabbitmq
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.topology import EVENTS, JOBS, RECORDS
from shared.roles import Role
from shared.settings import load_settings
from tests.backends.management import Management
from tests.integration.command_line.command_line_runs import TRUEUP
from tests.integration.command_line.commands_in_process import run_here
from tests.integration.shop_world import settings_for
from tests.integration.whole.role_users import store_users
from tests.waiting import ended, until, work_of

Environment = dict[str, str]
DATABASE = "able"
OPERATIONS = "TRUEUP_OPERATIONS_PORT"
PATIENCE = 1.5
STORE, NAME, BROKER = "TRUEUP_MONGODB_URI", "TRUEUP_MONGODB_DATABASE", "TRUEUP_AMQP_URL"


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


Given = Callable[[Servers, AsyncExitStack], Any]
"""Makes the servers of a row, and returns the settings that are its own."""


def _database(prepare: Callable[[Any], object]) -> Given:
    def given(_: Servers, stack: AsyncExitStack) -> Environment:
        database = stack.enter_context(_.database())
        prepare(database)
        return {NAME: database.name}

    return given


def _as_broker_user(configure: str, write: str, read: str, *, prepared: bool = True) -> Given:
    async def given(servers: Servers, stack: AsyncExitStack) -> Environment:
        vhost = stack.enter_context(servers.vhost())
        if prepared:
            await declare_topology(servers.broker(vhost=vhost))
        user = stack.enter_context(servers.user(vhost, configure, write, read))
        return {BROKER: servers.broker(user=user, vhost=vhost)}

    return given


def _in_its_vhost(prepare: Callable[[aio_pika.abc.AbstractChannel], Any]) -> Given:
    async def given(servers: Servers, stack: AsyncExitStack) -> Environment:
        url = servers.broker(vhost=stack.enter_context(servers.vhost()))
        async with await aio_pika.connect(url) as connection:
            await prepare(await connection.channel())
        return {BROKER: url}

    return given


def _no_access(servers: Servers, stack: AsyncExitStack) -> Environment:
    user = stack.enter_context(servers.user(stack.enter_context(servers.vhost()), ".*", ".*", ".*"))
    return {BROKER: servers.broker(user=user, vhost=stack.enter_context(servers.vhost()))}


def _twice(database: Any) -> None:
    database["boms"].insert_many([{"shop": "s", "bom_id": "a", "inventory_item_id": item} for item in ("1", "2")])


READ = {"role": "read", "db": DATABASE}
READ_WRITE = {"role": "readWrite", "db": DATABASE}

WRONG: dict[str, tuple[Given, str, str]] = {
    # MongoDB
    "a standalone mongod": (lambda s, _: {STORE: f"mongodb://{s.standalone}/"}, STORE, "replica set"),
    "a standalone mongod, asked for a set": (
        lambda s, _: {STORE: f"mongodb://{s.standalone}/?replicaSet=rs0"},
        STORE,
        "make it a replica set",
    ),
    "a set that was never begun": (lambda s, _: {STORE: f"mongodb://{s.never_begun}/"}, STORE, "rs.initiate()"),
    "another set": (
        lambda s, _: {STORE: s.mongodb_uri.replace("replicaSet=rs0", "replicaSet=other")},
        STORE,
        "write replicaSet=rs0",
    ),
    "MongoDB: a wrong password": (
        lambda s, _: {STORE: s.guarded.uri_of("admin", "not-it")},
        STORE,
        "refuses the user or its password",
    ),
    "MongoDB: no user": (
        lambda s, _: {STORE: f"mongodb://{s.guarded.members[0].address}/?replicaSet=rs0"},
        STORE,
        "give it its rights",
    ),
    "MongoDB: a read-only user": (lambda s, _: {STORE: s.store_user(READ), NAME: DATABASE}, STORE, "or readWrite"),
    "MongoDB: a user of another database": (
        lambda s, _: {STORE: s.store_user(READ_WRITE), NAME: "elsewhere"},
        STORE,
        "lacks rights on the database elsewhere",
    ),
    "MongoDB: a user of one role": (lambda s, _: {STORE: s.users[Role.INDEXER], NAME: DATABASE}, STORE, "insert on"),
    "MongoDB: the port of HTTP": (lambda s, _: {STORE: f"mongodb://{LOOPBACK}:{s.http}/"}, STORE, "is no MongoDB"),
    "MongoDB: TLS where none is": (lambda s, _: {STORE: s.mongodb_uri + "&tls=true"}, STORE, "speaks no TLS"),
    "MongoDB: none where TLS is": (lambda s, _: {STORE: f"mongodb://{LOOPBACK}:{s.tls}/"}, STORE, "tls=true"),
    "MongoDB: a certificate of nobody": (
        lambda s, _: {STORE: f"mongodb://{LOOPBACK}:{s.tls}/?tls=true"},
        STORE,
        "tlsCAFile=",
    ),
    "MongoDB: a file that is not there": (
        lambda s, _: {STORE: s.mongodb_uri + "&tls=true&tlsCAFile=/no/such/file"},
        STORE,
        "a file that it names",
    ),
    "MongoDB: an option of no kind": (lambda s, _: {STORE: s.mongodb_uri + "&tls=yes"}, STORE, "'true' or 'false'"),
    "MongoDB: a password with an @": (lambda *_: {STORE: "mongodb://a:hid@den@h/"}, STORE, "must be escaped"),
    "an index of another kind": (
        _database(lambda db: db["boms"].create_index([("shop", 1), ("bom_id", 1)], sparse=True)),
        NAME,
        'drop it (db.boms.dropIndex("shop_1_bom_id_1"))',
    ),
    "an index of another name": (
        _database(lambda db: db["jobs"].create_index([("shop", 1), ("state", 1)], name="mine")),
        NAME,
        'drop it (db.jobs.dropIndex("mine"))',
    ),
    "documents that are there twice": (_database(_twice), NAME, "remove them"),
    "a view in a collection's place": (
        _database(lambda db: db.create_collection("shops", viewOn="boms")),
        NAME,
        "a database of its own",
    ),
    "a capped collection": (
        _database(lambda db: db.create_collection("cells", capped=True, size=4096)),
        NAME,
        "a database of its own",
    ),
    "the name of no database": (lambda *_: {NAME: "true.up"}, NAME, "must be a name"),
    "a database of MongoDB's own": (lambda *_: {NAME: "local"}, NAME, "must not be one of MongoDB's own"),
    # RabbitMQ
    "RabbitMQ: a wrong password": (
        lambda s, _: {BROKER: s.broker(user="guest:not-it")},
        BROKER,
        "refuses the user guest or its password",
    ),
    "RabbitMQ: an unknown vhost": (lambda s, _: {BROKER: s.broker(vhost="nowhere")}, BROKER, "add_vhost nowhere"),
    "RabbitMQ: a vhost of others": (_no_access, BROKER, "give it rights there"),
    "RabbitMQ: no right to configure": (_as_broker_user("^$", ".*", ".*"), BROKER, "give it its rights"),
    "RabbitMQ: no right to write": (
        _as_broker_user(".*", "^trueup\\.[a-z0-9.-]+$", "^$"),
        BROKER,
        "give it its rights",
    ),
    "RabbitMQ: no right to publish commands": (
        _as_broker_user(".*", "^(?!trueup.commands$).*$", ".*"),
        BROKER,
        "trueup.commands",
    ),
    "RabbitMQ: no right to take jobs": (
        _as_broker_user(".*", ".*", "^(?!trueup.jobs$).*$"),
        BROKER,
        "trueup.jobs",
    ),
    "RabbitMQ: no queues, and no right to make them": (
        _as_broker_user("^$", ".*", ".*", prepared=False),
        BROKER,
        "run `trueup prepare` first",
    ),
    "a queue with other arguments": (
        _in_its_vhost(lambda channel: channel.declare_queue(RECORDS.name, durable=True)),
        BROKER,
        "let it drain, delete it",
    ),
    "another's own queue": (
        _in_its_vhost(
            lambda channel: channel.declare_queue(
                JOBS.name, durable=True, arguments={**JOBS.declare_arguments(), "x-max-length": 3}
            )
        ),
        BROKER,
        JOBS.name,
    ),
    "an exchange of another kind": (
        _in_its_vhost(lambda channel: channel.declare_exchange(EVENTS, aio_pika.ExchangeType.DIRECT, durable=True)),
        BROKER,
        "delete it",
    ),
    "RabbitMQ: the port of HTTP": (
        lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:{s.http}")},
        BROKER,
        "it speaks HTTP",
    ),
    "RabbitMQ: TLS where none is": (
        lambda s, _: {BROKER: s.broker().replace("amqp:", "amqps:")},
        BROKER,
        "speaks no TLS",
    ),
    "RabbitMQ: none where TLS is": (
        lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:{s.tls}")},
        BROKER,
        "write amqps://",
    ),
    "RabbitMQ: a certificate of nobody": (
        lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:{s.tls}").replace("amqp:", "amqps:")},
        BROKER,
        "?cafile=",
    ),
    "RabbitMQ: a certificate for another host": (
        lambda s, _: {
            BROKER: s.broker(place=f"{LOOPBACK}:{s.tls}", query=f"?cafile={s.certificate}").replace("amqp:", "amqps:")
        },
        BROKER,
        "the host as the certificate does",
    ),
    "RabbitMQ: a file that is not there": (
        lambda s, _: {BROKER: s.broker(query="?cafile=/no/such/file").replace("amqp:", "amqps:")},
        BROKER,
        "cannot be read",
    ),
    # Where it listens
    "a port of somebody else's": (lambda s, _: {OPERATIONS: str(s.silent)}, OPERATIONS, "address already in use"),
    "an address of another machine": (lambda *_: {"TRUEUP_HOST": "192.0.2.1"}, "TRUEUP_HOST", "say where to listen"),
    "the name of no host": (lambda *_: {"TRUEUP_HOST": "no-such-host.invalid"}, "TRUEUP_HOST", "say where to listen"),
}
"""Rows that end with 2: the settings of each, the one that the line names, and the remedy in it."""

AWAY: dict[str, tuple[Given, str, str]] = {
    "MongoDB: nobody listens": (
        lambda *_: {STORE: f"mongodb://{LOOPBACK}:1/?replicaSet=rs0"},
        f"{LOOPBACK}:1",
        "refused",
    ),
    "MongoDB: an unknown host": (
        lambda *_: {STORE: "mongodb://no-such-host.invalid/"},
        "no-such-host.invalid",
        "not known",
    ),
    "MongoDB: nothing is answered": (
        lambda s, _: {STORE: f"mongodb://{LOOPBACK}:{s.silent}/"},
        LOOPBACK,
        "nothing came back in time",
    ),
    "MongoDB: no connection comes about": (
        lambda s, _: {STORE: f"mongodb://{LOOPBACK}:{s.full}/"},
        LOOPBACK,
        "nothing came back in time",
    ),
    "RabbitMQ: nobody listens": (lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:1")}, f"{LOOPBACK}:1", "refused"),
    "RabbitMQ: an unknown host": (
        lambda s, _: {BROKER: s.broker(place="no-such-host.invalid:5672")},
        "no-such-host.invalid:5672",
        "not known",
    ),
    "RabbitMQ: nothing is answered": (
        lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:{s.silent}")},
        LOOPBACK,
        "did not answer in time",
    ),
    "RabbitMQ: no connection comes about": (
        lambda s, _: {BROKER: s.broker(place=f"{LOOPBACK}:{s.full}")},
        LOOPBACK,
        "did not answer in time",
    ),
}
"""Rows that end with 3: the settings of each, and the host and the cause that the line names."""


@pytest.fixture(scope="module")
def stores() -> Iterator[tuple[MongoDbReplicaSet, MongoDbMember, MongoDbMember]]:
    """A MongoDB that lets only users in, one of no set, and one of a set that was never begun."""
    folder = make_run_directory("unable-mongodb", in_memory=True)
    guarded = MongoDbReplicaSet(folder / "guarded", access_control=True)
    others = MongoDbMember(folder / "standalone", standalone=True), MongoDbMember(folder / "never-begun")
    try:
        guarded.start()
        for member in others:
            member.start()
        yield guarded, *others
    finally:
        for node in (guarded, *others):
            node.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def standing(
    amqp_url: str,
    mongodb_uri: str,
    management: Management,
    stores: tuple[MongoDbReplicaSet, MongoDbMember, MongoDbMember],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Servers]:
    """Every server of the table but the one of TLS."""
    guarded, standalone, never_begun = stores
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server((LOOPBACK, 0)))
        full = stack.enter_context(socket.create_server((LOOPBACK, 0), backlog=0))
        for _ in range(3):  # the kernel keeps one more than it is told; what comes then is not even refused
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield Servers(
            amqp_url=amqp_url,
            mongodb_uri=mongodb_uri,
            guarded=guarded,
            standalone=standalone.address,
            never_begun=never_begun.address,
            management=management,
            certificate=make_certificate(tmp_path_factory.mktemp("tls")),
            silent=silent.getsockname()[1],
            full=full.getsockname()[1],
            http=management.port,
            users=store_users(guarded, DATABASE),
        )


@pytest.fixture
async def servers(standing: Servers) -> AsyncIterator[Servers]:
    """Every server of the table."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(standing.certificate.with_suffix(".both"))

    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(close, LOOPBACK, 0, ssl=context)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # handshakes that fail are the point
    try:
        yield replace(standing, tls=server.sockets[0].getsockname()[1])
    finally:
        server.close()


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


async def started_here(given: Environment, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """Start all services in this process, by the settings of the environment: the last line, and the exit code."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    try:
        service = await AllServices.start(load_settings())
    except Exception as error:  # noqa: BLE001  # whatever it is: that is what is looked at
        return ending_of(error)
    await service.stop()
    return "", 0


@pytest.fixture
def _first_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As patient with a first answer as the product is; other tests are more, on a machine that has much to do."""
    monkeypatch.setattr(rabbitmq, "FIRST_ANSWER", PATIENCE)
    monkeypatch.setattr(mongodb, "FIRST_ANSWER", PATIENCE)


TWINS = frozenset(
    {
        "a standalone mongod, asked for a set",
        "another set",
        "MongoDB: the port of HTTP",
        "MongoDB: none where TLS is",
        "MongoDB: a user of one role",
        "RabbitMQ: no right to write",
        "RabbitMQ: a certificate of nobody",
        "RabbitMQ: the port of HTTP",
        "a capped collection",
        "another's own queue",
        "MongoDB: no connection comes about",
        "RabbitMQ: nothing is answered",
    }
)
"""Rows that are told by the same line of ours as another one: for the full table alone."""


@pytest.mark.usefixtures("_first_answers")
@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=[pytest.mark.full] * (row in TWINS)) for row in (*WRONG, *AWAY)]
)
async def test_a_start_that_cannot_work_says_why_on_one_line(
    servers: Servers, vhost: str, database_name: str, monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    """Of what must be mended the setting and the remedy, of what is away the host and the cause; never a secret."""
    given, named, words = WRONG.get(row) or AWAY[row]
    async with AsyncExitStack() as stack:
        own = given(servers, stack)
        own = await own if asyncio.iscoroutine(own) else own
        began = monotonic()  # only printed
        line, code = await started_here(environment(servers, vhost, database_name) | own, monkeypatch)
    print(f"{monotonic() - began:5.1f} s  {code}  {row}: {line}")  # noqa: T201  # the table, with `pytest -s`
    assert code == (2 if row in WRONG else 3), line
    assert named in line
    assert words in line
    assert "\n" not in line
    assert not any(secret in line for secret in ("not-it", "hid@den", "hid", "guest:guest", "readerpass")), line


PROCESSES = (
    "a standalone mongod",
    "MongoDB: a wrong password",
    "MongoDB: a read-only user",
    "RabbitMQ: an unknown vhost",
    "a queue with other arguments",
    "RabbitMQ: no connection comes about",
)
"""Rows that are also tried as a person does; one of them stands for all in a short run."""


@pytest.mark.parametrize("row", [PROCESSES[0], *(pytest.param(row, marks=pytest.mark.full) for row in PROCESSES[1:])])
async def test_the_process_itself_ends_so(servers: Servers, vhost: str, database_name: str, row: str) -> None:
    """`trueup serve all`, whole: one line on standard error, nothing on the other, and the exit status."""
    given, named, words = WRONG.get(row) or AWAY[row]
    async with AsyncExitStack() as stack:
        own = given(servers, stack)
        own = await own if asyncio.iscoroutine(own) else own
        began = monotonic()  # only printed
        process = await _serve_all(environment(servers, vhost, database_name) | own)
        output, errors = await ended(process, what=f"trueup serve all: {row}")
    lines = errors.decode().splitlines()
    print(f"{monotonic() - began:5.1f} s  {process.returncode}  {row}: {lines}")  # noqa: T201  # with `pytest -s`
    assert (process.returncode, len(lines), output) == (2 if row in WRONG else 3, 1, b""), lines
    assert lines[0].startswith("trueup: ")
    assert named in lines[0]
    assert words in lines[0]


async def test_a_secret_that_ends_with_a_line_break_starts(servers: Servers, vhost: str, database_name: str) -> None:
    """A file read into a variable brings its last line break: it is none of the secret, so all is ready."""
    (port,) = free_ports(1)
    known = environment(servers, vhost, database_name) | {"TRUEUP_OPERATIONS_PORT": str(port)}
    secret = (BROKER, STORE, "TRUEUP_SHOPIFY_CLIENT_SECRET", "TRUEUP_TOKEN_KEYS")
    process = await _serve_all({name: f"{value}\n" if name in secret else value for name, value in known.items()})

    async def ready() -> bool:
        assert process.returncode is None, await ended(process, what="trueup serve all")
        try:
            async with aiohttp.ClientSession() as http, http.get(f"http://{LOOPBACK}:{port}/readyz") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    try:
        await until(ready, what="all is ready", progress=work_of(process.pid), every=0.2)
    finally:
        process.terminate()
        await ended(process, what="trueup serve all")
    assert process.returncode == 0


async def _serve_all(given: Environment) -> asyncio.subprocess.Process:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TRUEUP_", "OTEL_"))}
    return await asyncio.create_subprocess_exec(
        str(TRUEUP), "serve", "all", env=bare | given, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


COMMANDS: dict[str, tuple[str, ...]] = {
    "prepare": (STORE, BROKER),
    "jobs": (STORE,),
    "audit": (STORE,),
    "boms list": (STORE,),
    "dead-letters list": (STORE,),
    "shop rotate-keys": (STORE,),
    "shop redact a.myshopify.com --yes": (STORE,),
    "import --all-variants": (STORE,),
    "preview --all": (STORE, BROKER),
    "reconcile --all --direction toLocal --yes": (STORE, BROKER),
    "sweep": (STORE, BROKER),
    "after-restore --yes": (STORE,),
}
"""Commands, and the servers that each opens."""


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_says_so_alike(servers: Servers, vhost: str, database_name: str, command: str) -> None:
    """Whatever opens a server is stopped by one that refuses it as `serve` is, and by one that is away with 3."""
    works = environment(servers, vhost, database_name)
    wrong = {STORE: f"mongodb://{servers.standalone}/", BROKER: servers.broker(user="guest:not-it")}
    away = {STORE: f"mongodb://{LOOPBACK}:1/?serverSelectionTimeoutMS=1", BROKER: servers.broker(place=f"{LOOPBACK}:1")}
    for name in COMMANDS[command]:
        for pointed, code in ((wrong, 2), (away, 3)):
            done = await run_here(command.split(), works | {name: pointed[name]})
            assert (done.code, len(done.errors.splitlines()), done.output) == (code, 1, ""), (name, done.errors)
            assert name in done.errors


async def test_a_person_who_may_only_read_may_look(servers: Servers, vhost: str) -> None:
    """Commands that only read need no more than that; one without any right is told so, and no traceback."""
    works = environment(servers, vhost, DATABASE)
    done = await run_here(["jobs"], works | {STORE: servers.store_user(READ)})
    assert "no shop" in done.errors, done.errors
    done = await run_here(["jobs"], works | {STORE: servers.store_user()})
    assert (done.code, len(done.errors.splitlines())) == (2, 1), done.errors
    assert "give it its rights" in done.errors


async def test_a_least_user_of_each_role_is_let_in(servers: Servers) -> None:
    """What is asked for is no more than the documented rights of the role, on MongoDB."""
    owner = Mongo(servers.users[Role.OWNER], DATABASE)
    await owner.make([Role.OWNER])
    owner.close()
    for role in ACCESS:
        mongo = Mongo(servers.users[role], DATABASE)
        await mongo.prepare([role])
        assert await mongo.alive(), mongo.refusal
        mongo.close()


async def test_rights_that_go_while_it_runs_are_told(servers: Servers, vhost: str) -> None:
    """A user that loses its rights makes /readyz false with the reason; when they are given back it is true again."""
    name, store = f"able-{secrets.token_hex(4)}", servers.guarded
    with MongoClient[dict[str, Any]](store.uri) as client, servers.user(vhost, ".*", ".*", ".*") as user:
        admin = client["admin"]
        admin.command("createUser", name, pwd=name, roles=[READ_WRITE])
        settings = settings_for(
            servers.broker(user=user, vhost=vhost), store.uri_of(name, name), DATABASE, "http://127.0.0.1:1"
        )
        service = await WebhookIngestService.start(settings)
        try:
            admin.command("revokeRolesFromUser", name, roles=[READ_WRITE])
            await _told(service, "mongodb", "lacks rights")
            admin.command("grantRolesToUser", name, roles=[READ_WRITE])
            await _until_ready(service)

            rights = {"configure": ".*", "write": "^$", "read": ".*"}
            path = f"/permissions/{vhost}/{user.partition(':')[0]}"
            servers.management.request("PUT", path, rights)
            # RabbitMQ asks for rights once per connection, and its list of connections comes late.
            await _told(service, "publishing", "trueup.webhooks", lambda: servers.management.cut_connections(vhost))
            servers.management.request("PUT", path, rights | {"write": ".*"})
            await _until_ready(service)
        finally:
            await service.stop()


async def _told(
    service: WebhookIngestService, part: str, words: str, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Wait until /readyz says that the part does not work, and why."""
    url = f"http://{LOOPBACK}:{service.operations_port}/readyz"

    async def so() -> bool:
        await asyncio.to_thread(meanwhile)
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            answer = await response.json()
        return response.status == 503 and words in answer["reasons"].get(part, "")

    await until(so, what=f"{part}: {words}", every=0.5)


async def _until_ready(service: WebhookIngestService) -> None:
    async def ready() -> bool:
        return all((await service.ready()).values())

    await until(ready, what="the service is ready again", every=0.2)
