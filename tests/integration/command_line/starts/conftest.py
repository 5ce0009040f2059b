"""The servers of the table, made once for all tests of the folder."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from deploy.local.mongodb import MongoDbMember, MongoDbReplicaSet
from deploy.local.ports import LOOPBACK
from deploy.local.run_directory import make_run_directory
from tests.backends.management import Management
from tests.integration.command_line.starts.servers import (
    DATABASE,
    Servers,
    make_certificate,
)
from tests.integration.whole.role_users import store_users


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
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
