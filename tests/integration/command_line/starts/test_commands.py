"""Commands stop as services do where a server refuses them or is away."""

from __future__ import annotations

import pytest

from deploy.local.ports import LOOPBACK
from tests.integration.command_line.commands_in_process import run_here
from tests.integration.command_line.starts.servers import (
    BROKER,
    STORE,
    Servers,
    environment,
)

COMMANDS: dict[str, tuple[str, ...]] = {
    "prepare": (STORE, BROKER),
    "jobs list": (STORE,),
    "audit list": (STORE,),
    "boms list": (STORE,),
    "dead-letters list": (STORE,),
    "shop rotate-keys": (STORE,),
    "shop redact a.myshopify.com --yes": (STORE,),
    "boms import --all-variants": (STORE,),
    "previews take --all": (STORE, BROKER),
    "reconcile --all --direction toLocal --yes": (STORE, BROKER),
    "drift sweep": (STORE, BROKER),
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
