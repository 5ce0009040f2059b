"""A command starts at once: it loads what it needs and nothing else. Modules are counted here, not seconds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

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
    ("jobs", "list", "-h"): _NOTHING - {"pydantic"},
    ("completion", "bash"): _NOTHING - {"pydantic"},
    # Over the stores the API is loaded, and no service.
    ("jobs", "list"): _ANY,
    ("boms", "show", "a", "--json"): _ANY,
    ("previews", "take", "--all"): _ANY,
    ("audit", "list", "--no-shop"): _READING,
    ("audit", "list", "--no-shop", "--json"): _READING | TABLES,
    ("keys", "list"): _READING | TABLES,
    ("keys", "list", "--json"): _READING | TABLES,
    ("keys", "add", "--may", "read"): _DOCUMENTS - CIPHER,
    ("keys", "revoke", "a", "--yes"): _DOCUMENTS - CIPHER,
    ("dead-letters", "list", "--json"): _READING | TABLES,
    ("dead-letters", "replay", JOB): _ANY | HTTP | CIPHER,
    ("shop", "redact", "a.myshopify.com", "--yes"): _DOCUMENTS - CIPHER,
    ("shop", "rotate-keys"): _DOCUMENTS - CIPHER,
    ("shop", "add", "a.myshopify.com", "--token-file", "-"): _ANY | BROKER,
    ("drift", "sweep"): _ANY | CIPHER,
    ("certify", "--variant", "1", "--locations", "1,2", "--yes"): _ANY | CIPHER,
    ("after-restore", "--yes"): _ANY | HTTP | CIPHER,
    ("boms", "import", "--all-variants"): _ANY | BROKER | CIPHER,
    ("prepare",): _ANY | HTTP | CIPHER,
    ("serve", "preview"): TRACES | {"services.reconciler", "services.webhook_ingest"},
    ("serve", "webhook-ingest"): TRACES | {"services.reconciler", "services.preview"},
    ("serve", "reconciler"): TRACES | {"services.webhook_ingest", "services.preview"},
}
"""Each command with what it must not load. The servers are away, so what is loaded once they answer is not seen."""


ASK = {"jobs", "previews", "reconcile", "boms", "locations", "cells", "counts", "schedules", "policy", "drift", "shop"}
"""Nouns whose commands ask the API, all of them alike; those that do not are in the table."""

REMOTE = [("jobs", "list"), ("reconcile", "--all", "--direction", "toLocal"), ("boms", "show", "a"), ("shop", "list")]
_WITHOUT_STORES = _ANY | BROKER | METRICS | CIPHER | MESSAGES | SETTINGS | {"motor", "pymongo", "services.preview"}


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
    unknown = {way for way in commands if not any(known[: len(way)] == way for known in COMMANDS)}
    assert {way for way in unknown if way[0] not in ASK} == {("audit", "list")} & unknown


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
    for command, told in _run(preloaded, _environment(), ALIKE[without]):
        loaded = set(told["modules"])
        packages = {name.partition(".")[0] for name in loaded}
        assert (loaded | packages) & without == set(), command
        assert told["configured"], command


def test_over_http_no_driver_of_a_store_is_loaded() -> None:
    """Whoever asks a Trueup elsewhere needs none of what it is made of."""
    there = {"TRUEUP_URL": f"http://127.0.0.1:{free_ports(1)[0]}", "TRUEUP_KEY": "key"}
    for command, told in _run([], there, REMOTE):
        loaded = set(told["modules"])
        assert (loaded | {name.partition(".")[0] for name in loaded}) & _WITHOUT_STORES == set(), command


def _run(
    preloaded: list[str], environment: dict[str, str], commands: list[tuple[str, ...]]
) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """Run each; yields it with what it has loaded."""
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, json.dumps([preloaded, environment, commands])],
        env={name: value for name, value in os.environ.items() if not name.startswith(("TRUEUP_", "OTEL_"))},
        capture_output=True,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in re.findall(r"^loaded: (.+)$", ended.stdout, re.MULTILINE)]
    assert [tuple(command) for command, _ in found] == commands
    yield from found
