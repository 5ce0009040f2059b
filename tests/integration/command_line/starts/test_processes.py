"""`trueup serve all` in a process of its own, as a person starts it: one line and the exit status, or ready."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from time import monotonic

import aiohttp
import pytest

from deploy.local.ports import LOOPBACK, free_ports
from tests.integration.command_line.command_line_runs import TRUEUP
from tests.integration.command_line.starts.rows import AWAY, WRONG
from tests.integration.command_line.starts.servers import (
    BROKER,
    STORE,
    Environment,
    Servers,
    environment,
)
from tests.waiting import ended, until, work_of

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
