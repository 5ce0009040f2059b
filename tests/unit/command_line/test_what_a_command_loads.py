"""A command starts at once: it loads what it needs and nothing else. Modules are counted here, not seconds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import typer

from deploy.local.ports import free_ports
from services.command_line.command_table import app

_RUN = """
import json, os, sys
preloaded, environment, commands = json.loads(sys.argv[1])
os.environ.update(environment)
for name in preloaded:
    __import__(name)
from services.command_line.main import main

def run(command):
    sys.argv = ["trueup", *command]
    try:
        main()
    except SystemExit:
        pass
    structlog = sys.modules.get("structlog")
    loaded = sorted(sys.modules)
    return {"modules": loaded, "configured": structlog is None or structlog.is_configured()}

for command in commands:
    sys.stdout.flush()
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0, command
        continue
    words = os.memfd_create("words")
    os.write(words, b"token\\n")
    os.lseek(words, 0, os.SEEK_SET)
    os.dup2(words, 0)
    print("\\nloaded:", json.dumps([command, run(command)]), flush=True)
    os._exit(0)
"""
"""Runs commands one after the other, each in a process of its own: a fork of one that has loaded what each may."""

BROKER = {"aio_pika", "aiormq", "shared.rabbitmq.connection"}
HTTP = {"aiohttp", "shared.shopify.calls.client"}
METRICS = {"prometheus_client"}
CIPHER = {"cryptography"}
LOGS = {"structlog"}
TRACES = {"opentelemetry"}
SETTINGS = {"pydantic_settings", "shared.settings"}
STORES = {"motor", "pymongo", "asyncio"}
TABLES = {"rich"}
MESSAGES = {"shared.contract.messages"}
SERVICES = {"services.preview.bootstrap", "services.reconciler.bootstrap", "services.webhook_ingest.bootstrap"}

_ANY = TRACES | SERVICES
_DOCUMENTS = _ANY | BROKER | HTTP | METRICS | CIPHER | MESSAGES
_READING = _DOCUMENTS | LOGS | SETTINGS
_NOTHING = _READING | STORES | TABLES | {"pydantic"}

JOB = "01K0000000000000000000000A"

COMMANDS: dict[tuple[str, ...], set[str]] = {
    ("--help",): _NOTHING,
    # typer loads pydantic as soon as a word is to be taken in.
    ("--version",): _NOTHING - {"pydantic"},
    ("jobs", "--help"): _NOTHING - {"pydantic"},
    ("jobs",): _READING,
    ("jobs", "--json"): _READING | TABLES,
    ("jobs", JOB, "--json"): _READING | TABLES,
    ("boms", "list", "--json"): _READING | TABLES,
    ("boms", "show", "a", "--json"): _READING | TABLES,
    ("boms", "remove", "a", "--yes"): _DOCUMENTS - CIPHER,
    ("boms", "map", "a", "--item", "1", "--yes"): _DOCUMENTS - CIPHER,
    ("keys", "list"): _READING | TABLES,
    ("keys", "list", "--json"): _READING | TABLES,
    ("keys", "add", "--may", "read"): _DOCUMENTS - CIPHER,
    ("keys", "revoke", "a", "--yes"): _DOCUMENTS - CIPHER,
    ("audit",): _READING,
    ("audit", "--json"): _READING | TABLES,
    ("dead-letters", "list", "--json"): _READING | TABLES,
    ("dead-letters", "replay", JOB): _ANY | HTTP | CIPHER,
    ("shop", "redact", "a.myshopify.com", "--yes"): _DOCUMENTS - CIPHER,
    ("shop", "rotate-keys"): _DOCUMENTS - CIPHER,
    ("shop", "add", "a.myshopify.com", "--token-file", "-"): _ANY | BROKER,
    ("sweep", "--approve"): _DOCUMENTS,
    ("sweep",): _ANY | CIPHER,
    ("after-restore", "--yes"): _ANY | HTTP | CIPHER,
    ("import", "--all-variants"): _ANY | BROKER | CIPHER,
    ("preview", "--all"): _ANY | HTTP | CIPHER,
    ("reconcile", "--all", "--direction", "toLocal", "--yes"): _ANY | HTTP | CIPHER,
    ("jobs", "cancel", JOB): _ANY | HTTP | CIPHER,
    ("prepare",): _ANY | HTTP | CIPHER,
    ("serve", "preview"): TRACES | {"services.reconciler", "services.webhook_ingest"},
    ("serve", "webhook-ingest"): TRACES | {"services.reconciler", "services.preview"},
    ("serve", "reconciler"): TRACES | {"services.webhook_ingest", "services.preview"},
}
"""Each command with what it must not load. The servers are away, so what is loaded once they answer is not seen."""


def _environment() -> dict[str, str]:
    port = free_ports(1)[0]
    return {
        "TRUEUP_AMQP_URL": f"amqp://guest:guest@127.0.0.1:{port}/",
        "TRUEUP_MONGODB_URI": f"mongodb://127.0.0.1:{port}/?serverSelectionTimeoutMS=1",
        "TRUEUP_SHOPIFY_CLIENT_ID": "id",
        "TRUEUP_SHOPIFY_CLIENT_SECRET": "secret",
        "TRUEUP_TOKEN_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "TRUEUP_PORT": "0",
        "TRUEUP_OPERATIONS_PORT": "0",
    }


def _named(name: str, command: object) -> set[tuple[str, ...]]:
    inside: dict[str, object] | None = getattr(command, "commands", None)
    if inside is None:
        return {tuple(name.split())}
    return {way for word, inner in inside.items() for way in _named(f"{name} {word}", inner)}


def test_every_command_is_in_the_table() -> None:
    """A new command says what it does without."""
    commands = _named("", typer.main.get_command(app))
    assert {way for way in commands if not any(known[: len(way)] == way for known in COMMANDS)} == set()


_PRELOADED = {
    "motor.motor_asyncio": STORES,
    "pydantic": {"pydantic"},
    "aiohttp": HTTP,
    "aio_pika": BROKER,
    "rich": TABLES,
}
"""Packages that are dear to load, and what a command that may load them does not name."""

ALIKE = {
    frozenset(without): [command for command, others in COMMANDS.items() if others == without]
    for without in COMMANDS.values()
}
"""The commands that do without the same."""


@pytest.mark.parametrize("without", ALIKE, ids=lambda without: " ".join(ALIKE[without][0]))
def test_a_command_loads_nothing_that_it_does_without(without: frozenset[str]) -> None:
    """Not even where its server is away; and whoever loads the logs has set them up."""
    preloaded = [package for package, names in _PRELOADED.items() if not names & without]
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, json.dumps([preloaded, _environment(), ALIKE[without]])],
        env={name: value for name, value in os.environ.items() if not name.startswith(("TRUEUP_", "OTEL_"))},
        capture_output=True,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in re.findall(r"^loaded: (.+)$", ended.stdout, re.MULTILINE)]
    assert [tuple(command) for command, _ in found] == ALIKE[without]
    for command, told in found:
        loaded = set(told["modules"])
        packages = {name.partition(".")[0] for name in loaded}
        assert (loaded | packages) & without == set(), command
        assert told["configured"], command
