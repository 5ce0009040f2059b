"""Rights: what a person and a role need, and that those which go while a service runs are said."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import aiohttp
from pymongo import MongoClient

from deploy.local.ports import LOOPBACK
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.mongodb.access.rights import ACCESS
from shared.mongodb.connection import Mongo
from shared.roles import Role
from tests.integration.command_line.commands_in_process import run_here
from tests.integration.command_line.starts.servers import (
    DATABASE,
    READ,
    READ_WRITE,
    STORE,
    Servers,
    environment,
)
from tests.integration.shop_world import settings_for
from tests.waiting import until


async def test_a_person_who_may_only_read_may_look(servers: Servers, vhost: str) -> None:
    """Commands that only read need no more than that; one without any right is told so, and no traceback."""
    works = environment(servers, vhost, DATABASE)
    done = await run_here(["jobs", "list"], works | {STORE: servers.store_user(READ)})
    assert "no shop" in done.errors, done.errors
    done = await run_here(["jobs", "list"], works | {STORE: servers.store_user()})
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


async def test_rights_that_go_while_it_runs_are_says_why_not(servers: Servers, vhost: str) -> None:
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
            await _says_why_not(service, "mongodb", "lacks rights")
            admin.command("grantRolesToUser", name, roles=[READ_WRITE])
            await _until_ready(service)

            rights = {"configure": ".*", "write": "^$", "read": ".*"}
            path = f"/permissions/{vhost}/{user.partition(':')[0]}"
            servers.management.request("PUT", path, rights)
            # RabbitMQ asks for rights once per connection, and its list of connections comes late.
            await _says_why_not(
                service, "publishing", "trueup.webhooks", lambda: servers.management.cut_connections(vhost)
            )
            servers.management.request("PUT", path, rights | {"write": ".*"})
            await _until_ready(service)
        finally:
            await service.stop()


async def _says_why_not(
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
