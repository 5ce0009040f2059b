"""A command in the test's own process ends as it does in a process of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import AsyncIterator

import pytest
import structlog

from services.command_line import main
from services.command_line.commands.runs import jobs as jobs_command
from tests.integration.command_line.command_line_runs import settings_as_environment, trueup, trueup_process
from tests.integration.command_line.commands_in_process import run_here
from tests.integration.shop_world import SHOP, TOKEN, ShopWorld, shop_world


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with one location."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made:
        yield made


async def test_it_ends_as_in_a_process_of_its_own(world: ShopWorld) -> None:
    """Same exit code, same output, same errors: an answer, a table, wrong use, a refusal, a question that nobody can
    answer, a word from a pipe."""
    commands: list[tuple[list[str], str]] = [
        (["jobs", "list", "--json"], ""),
        (["drift", "sweep", "--shop", "other.myshopify.com"], ""),
        (["reconcile", "--direction", "sideways"], ""),
        (["shop", "redact", SHOP], "y\n"),
        (["shop", "add", SHOP, "--token-file", "-", "--json"], f"{TOKEN}\n"),
    ]
    for arguments, words in commands:
        here = await trueup(world.settings, *arguments, words=words)
        assert here == await trueup_process(world.settings, *arguments, words=words)


async def test_what_others_print_and_log_meanwhile_is_not_its_output(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only what the command itself prints is taken, and of its logs the errors; the rest goes where it went before."""
    loop, go, said = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    log = structlog.get_logger()

    async def list_jobs(*_: object, **__: object) -> int:
        loop.call_soon_threadsafe(go.set)
        await asyncio.to_thread(said.wait)
        log.info("too quiet")
        log.error("loud")
        print("mine")  # noqa: T201  # what is looked for
        return 0

    monkeypatch.setattr(jobs_command, "list_jobs", list_jobs)
    another = asyncio.create_task(_print_as_another(go, said))
    ended = await trueup(world.settings, "jobs", "list")
    await another
    assert (ended.code, ended.output) == (0, "mine\n")
    assert "loud" in ended.errors
    assert "too quiet" not in ended.errors
    assert "of another" in capsys.readouterr().out


async def _print_as_another(go: asyncio.Event, said: threading.Event) -> None:
    await go.wait()
    print("of another")  # noqa: T201  # what is looked for
    said.set()


async def test_a_warning_within_it_fails_it(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings are errors, there as everywhere in a test run."""

    async def list_jobs(*_: object, **__: object) -> int:
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(jobs_command, "list_jobs", list_jobs)
    ended = await trueup(world.settings, "jobs", "list")
    assert (ended.code, ended.errors) == (
        70,
        "trueup: unexpected: DeprecationWarning: old (TRUEUP_LOG_LEVEL=debug shows where)\n",
    )


async def test_what_no_command_lets_through_reaches_the_test(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends the thread otherwise is raised where the command was run."""

    def broken(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(main, "run", broken)
    with pytest.raises(MemoryError):
        await trueup(world.settings, "jobs", "list")


async def test_afterwards_everything_is_as_it_was(world: ShopWorld) -> None:
    """Environment, standard streams, the level and the processors of the logs."""
    streams, environment = (sys.stdin, sys.stdout, sys.stderr), dict(os.environ)
    level, processors = logging.getLogger().level, list(structlog.get_config()["processors"])
    done = await run_here(["jobs", "list", "--json"], settings_as_environment(world.settings))
    assert json.loads(done.output) == {"items": [], "next_cursor": None}
    assert (sys.stdin, sys.stdout, sys.stderr) == streams
    assert dict(os.environ) == environment
    assert (logging.getLogger().level, structlog.get_config()["processors"]) == (level, processors)
