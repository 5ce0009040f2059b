"""Each role as a process of its own, with its own users, secrets and settings: all works, and no more than that."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import aio_pika
import aiohttp
import pytest
from aiormq.exceptions import ChannelAccessRefused, ChannelLockedResource
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.local.mongodb import MongoDbReplicaSet
from deploy.local.ports import free_ports
from deploy.local.run_directory import make_run_directory
from shared.domain.comparison import Direction
from shared.mongodb.access.rights import ACCESS, privileges_of
from shared.mongodb.connection import Mongo
from shared.mongodb.schema import INDEXES, RETIRED
from shared.rabbitmq.access.rights import WORK
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.topology import COMMANDS, DEAD, EVENTS, EXCHANGES, QUEUES, WEBHOOKS
from shared.roles import SERVED, Role
from tests.backends.management import Management
from tests.integration.shop_world import SHOP, ShopWorld, shop_world
from tests.integration.whole.role_users import BrokerUsers, broker_users, given_to, store_users
from tests.waiting import arrival, ended, stored, until, work_of

TRUEUP = Path(sys.executable).with_name("trueup")
DATABASE = "least"

ARGUMENTS: Mapping[Role, tuple[str, ...]] = {
    Role.FRONT: ("serve", "webhook-ingest", "--role", "front"),
    Role.INDEXER: ("serve", "webhook-ingest", "--role", "indexer"),
    Role.PREVIEW: ("serve", "preview"),
    Role.PLANNER: ("serve", "reconciler", "--role", "planner"),
    Role.WORKER: ("serve", "reconciler", "--role", "worker"),
    Role.AGGREGATOR: ("serve", "reconciler", "--role", "aggregator"),
    Role.SWEEPER: ("serve", "reconciler", "--role", "sweeper"),
}


@pytest.fixture(scope="module")
def store() -> Iterator[MongoDbReplicaSet]:
    """A MongoDB that lets only users in."""
    directory = make_run_directory("guarded-mongodb", in_memory=True)
    replica_set = MongoDbReplicaSet(directory, access_control=True)
    try:
        replica_set.start()
        yield replica_set
    finally:
        replica_set.end()


@pytest.fixture
def broker(management: Management, amqp_url: str, vhost: str) -> Iterator[BrokerUsers]:
    """A user for each role on the broker."""
    with broker_users(management, amqp_url, vhost) as made:
        yield made


class Processes:
    """Processes of `trueup`, each with an environment of its own."""

    def __init__(self, folder: Path) -> None:
        """Logs go to the folder."""
        self._folder = folder
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Nothing runs yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End them all."""
        await self._stack.aclose()

    def said(self, role: Role) -> str:
        """What a process has logged."""
        return (self._folder / f"{role}.log").read_text()

    async def serve(self, role: Role, environment: Mapping[str, str], port: int) -> None:
        """Start one and wait until it is ready on its operations port."""
        log = (self._folder / f"{role}.log").open("wb")
        self._stack.callback(log.close)
        process = await asyncio.create_subprocess_exec(
            str(TRUEUP), *ARGUMENTS[role], env=dict(environment), stdout=log, stderr=log
        )
        self._stack.push_async_callback(_stop, process)

        async def ready() -> bool:
            assert process.returncode is None, self.said(role)
            try:
                async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/readyz") as response:
                    return response.status == 200
            except aiohttp.ClientError:
                return False

        await until(ready, what=f"{role} is ready", progress=work_of(process.pid), every=0.2)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await arrival(process.wait(), what="a service's end", progress=work_of(process.pid))


async def run(*arguments: str, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command to its end; returns exit code, output, errors."""
    process = await asyncio.create_subprocess_exec(
        str(TRUEUP),
        *arguments,
        env=dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await ended(process, what=f"trueup {' '.join(arguments)}")
    return process.returncode or 0, output.decode(), errors.decode()


@pytest.fixture
async def everything(
    store: MongoDbReplicaSet, broker: BrokerUsers, vhost_url: str, tmp_path: Path
) -> AsyncIterator[tuple[ShopWorld, dict[Role, Any], Processes]]:
    """The shop, environments by role, and every role at work. The test's own connections are administrators'."""
    with MongoClient[dict[str, Any]](store.uri) as admin:
        admin.drop_database(DATABASE)
    stores = store_users(store, DATABASE)
    async with AsyncExitStack() as stack:
        processes = await stack.enter_async_context(Processes(tmp_path))
        owner = given_to(Role.OWNER, _nothing_known(), broker, stores, tmp_path / "owner-first")
        code, _, errors = await run("prepare", environment=owner)
        assert code == 0, errors
        world = await stack.enter_async_context(shop_world(vhost_url, store.uri, DATABASE, locations=1))
        ports = free_ports(2 * len(SERVED))
        front = ports[0]
        environments: dict[Role, Any] = {}
        for number, role in enumerate(SERVED):
            environments[role] = given_to(
                role,
                world.settings,
                broker,
                stores,
                tmp_path / f"secrets-{role}",
                port=str(ports[number]),
                operations_port=str(ports[len(SERVED) + number]),
                webhook_url=f"http://127.0.0.1:{front}/webhooks/shopify",
                sweep_every_seconds="5",
                webhook_grace_seconds="1",
            )
        environments[Role.COMMAND_LINE] = given_to(
            Role.COMMAND_LINE, world.settings, broker, stores, tmp_path / "secrets-command-line"
        )
        starts = [processes.serve(role, environments[role], ports[len(SERVED) + n]) for n, role in enumerate(SERVED)]
        await asyncio.gather(*starts)
        yield world, environments, processes


def _nothing_known(database: str = DATABASE) -> Any:
    """Settings of which the owner reads no more than the database."""

    class Known:
        mongodb_database = database
        shopify_client_id = ""
        shopify_client_secret = type("Secret", (), {"get_secret_value": staticmethod(str)})
        shopify_url = ""
        fernet_keys: tuple[str, ...] = ()

    return Known


async def test_every_role_works_with_its_own_rights_and_settings(
    everything: tuple[ShopWorld, dict[Role, Any], Processes],
) -> None:
    """A webhook in, a preview, jobs both ways, a missed webhook found and repaired, a command; no right is missed."""
    world, environments, processes = everything
    db = world.mongo.db
    await world.add_boms({"A": [50], "B": [50]}, tracks=True)
    await world.agree()
    (place,) = world.locations
    # The sweeper makes the subscriptions; from then on a sale is told to the front.
    await stored(db["shops"], {"_id": SHOP}, lambda shop: "last_at" in (shop.get("sweep") or {}))
    await world.sell("A", place, 2)
    await stored(db["stock"], {"shop": SHOP, "bom_id": "A"}, lambda cell: cell["index"] == 48 and cell["count"] == 48)

    await world.hand("A", place, 3)
    preview = await world.preview()
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview)
    assert (job["totals"]["updated"], job["totals"]["errors"], job["requested_by"]) == (1, 0, "tests"), job
    await world.hand("B", place, -4)
    job = await world.run(Direction.TO_LOCAL)
    assert (job["totals"]["updated"], job["totals"]["errors"]) == (1, 0), job

    # A settled cell is read once more: that read would find the change, and no webhook would be missed.
    await world.verified()
    await world.edit({("A", place): 40}, age=0)
    await stored(db["drift"], {"shop": SHOP, "bom_id": "A"}, lambda one: one["state"] == "resolved")
    assert (await world.cell("A", place)).count == 40

    code, output, errors = await run("previews", "take", "--all", "--json", environment=environments[Role.COMMAND_LINE])
    assert code == 0, errors
    # How far it is, and no word of a right that it lacks.
    assert {line.partition(" ")[0] for line in errors.splitlines()} <= {"waiting", "reading"}, errors
    assert '"in_sync"' in output
    for role in SERVED:
        said = processes.said(role)
        assert "Unauthorized" not in said, said
        assert "ACCESS_REFUSED" not in said, said
        assert "not authorized" not in said, said


def test_the_ledger_is_only_added_to() -> None:
    """No service may change or remove what is in it; only with a whole shop may it go, in the hands of REDACTS."""
    for role, access in ACCESS.items():
        assert role is Role.COMMAND_LINE or set(access.get("ledger", "")) <= set("ri"), role


@pytest.mark.parametrize("role", [*ACCESS, Role.OWNER])
def test_a_user_of_mongodb_may_do_what_the_table_says_and_nothing_else(store: MongoDbReplicaSet, role: Role) -> None:
    """Of each collection: found, inserted and updated by the table's letters alone, on a real server."""
    database = "rights"
    with MongoClient[dict[str, Any]](store.uri) as admin:
        for name in INDEXES:
            if name not in admin[database].list_collection_names():
                admin[database].create_collection(name)
    uri = store_users(store, database)[role]
    access = ACCESS.get(role, {})
    with MongoClient[dict[str, Any]](uri) as client:
        for name in INDEXES:
            collection = client[database][name]
            tries = {
                "r": lambda of=collection: of.find_one({"_id": "none"}),
                "i": lambda of=collection: of.insert_one({"shop": "s", "of": str(role)}),
                "u": lambda of=collection: of.update_one({"_id": "none"}, {"$set": {"a": 1}}),
            }
            allowed = {letter for letter, attempt in tries.items() if _may(attempt)}
            assert allowed == set(access.get(name, "")) - {"d"}, name
        assert not _may(client["admin"]["system.users"].find_one)
        assert not _may(client["another"]["shops"].find_one)


async def test_an_owner_of_an_earlier_build_prepares(store: MongoDbReplicaSet) -> None:
    """Who may not drop an index leaves it, and all else is made; the owner of this build drops it."""
    database, password = "earlier", secrets.token_hex(12)
    with MongoClient[dict[str, Any]](store.uri) as admin:
        for name, indexes in RETIRED.items():
            admin[database][name].create_indexes(indexes)
        (held, *_) = privileges_of(Role.OWNER, database)
        held["actions"].remove("dropIndex")
        admin[database].command("createRole", "before", privileges=[held], roles=[])
        admin["admin"].command("createUser", "before", pwd=password, roles=[{"role": "before", "db": database}])
        for uri, left in ((store.uri_of("before", password), True), (store_users(store, database)[Role.OWNER], False)):
            mongo = Mongo(uri, database)
            await mongo.make([Role.OWNER])
            mongo.close()
            assert set(admin[database].list_collection_names()) >= set(INDEXES)
            for name, indexes in RETIRED.items():
                retired = {index.document["name"] for index in indexes}
                assert retired & admin[database][name].index_information().keys() == (retired if left else set())


def _may(attempt: Any) -> bool:
    try:
        attempt()
    except OperationFailure as error:
        # A unique index refuses a second document without an id: that is no matter of rights.
        return error.code == 11000
    return True


@pytest.mark.parametrize("role", list(SERVED))
async def test_a_user_of_the_broker_takes_from_its_own_queues_alone(
    broker: BrokerUsers, vhost_url: str, role: Role
) -> None:
    """No role reads another's queue, and none can delete a queue that is not its own or an exchange."""
    await declare_topology(vhost_url)
    connection = await aio_pika.connect(broker.urls[role])
    async with connection:
        for queue in QUEUES:
            own = queue in WORK[role].takes
            assert await _allowed(connection, lambda c, q=queue: _take(c, q.name)) is own, queue.name
            if not own:
                assert not await _allowed(connection, lambda c, q=queue: c.queue_delete(q.name)), queue.name
        for exchange in EXCHANGES:
            assert not await _allowed(connection, lambda c, e=exchange: c.exchange_delete(e)), exchange
        for exchange in (COMMANDS, EVENTS, WEBHOOKS, DEAD):
            sent = await _allowed(connection, lambda c, e=exchange: _send(c, e, "no.such.key"))
            assert not sent or exchange == WEBHOOKS, exchange


async def _take(channel: Any, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).get(fail=False)


async def _send(channel: Any, exchange: str, key: str) -> None:
    await (await channel.get_exchange(exchange, ensure=False)).publish(aio_pika.Message(b"{}"), key, mandatory=False)


async def _allowed(connection: Any, attempt: Any) -> bool:
    channel = await connection.channel()
    try:
        await attempt(channel)
    except ChannelAccessRefused:
        return False
    except ChannelLockedResource:
        return True  # it may; a queue with a single active consumer gives nothing to who only looks
    await channel.close()
    return True


async def test_what_is_not_prepared_stops_the_start_with_one_line(
    store: MongoDbReplicaSet, management: Management, amqp_url: str, fresh_vhost: str, tmp_path: Path
) -> None:
    """A role without the right to make queues or collections says that they are missing, and what makes them."""
    database = "unprepared"
    with MongoClient[dict[str, Any]](store.uri) as admin:
        admin.drop_database(database)
    stores = store_users(store, database)
    with broker_users(management, amqp_url, fresh_vhost) as users:
        bare = given_to(Role.INDEXER, _nothing_known(database), users, stores, tmp_path / "indexer")
        bare |= {"TRUEUP_LOG_LEVEL": "error", "TRUEUP_OPERATIONS_PORT": "0"}
        (tmp_path / "indexer" / "trueup_shopify_client_secret").write_text("secret")
        code, _, errors = await run(*ARGUMENTS[Role.INDEXER], environment=bare)
        assert code == 2
        assert errors.startswith("trueup: TRUEUP_AMQP_URL: RabbitMQ is not prepared: no exchange 'trueup.commands'")
        assert "run `trueup prepare` first" in errors
        await declare_topology(urlsplit(amqp_url)._replace(path=f"/{fresh_vhost}").geturl())
        code, _, errors = await run(*ARGUMENTS[Role.INDEXER], environment=bare)
        assert code == 2
        assert errors.startswith("trueup: TRUEUP_MONGODB_DATABASE: MongoDB is not prepared: ")
        assert "run `trueup prepare` first" in errors
