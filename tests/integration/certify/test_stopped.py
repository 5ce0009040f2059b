"""Stopped at any moment, it leaves the shop's values as they were: at once, or when it is started again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from shared.certifying.journal import FILE
from shared.mongodb.connection import Mongo
from shared.mongodb.shops.certifications import CertificationStore
from shared.running.clock import SYSTEM_CLOCK
from shared.settings import Settings
from simulator.http.server import Simulator, start
from tests.integration.certify.certified import AS_BEFORE, Store
from tests.integration.command_line.command_line_runs import TRUEUP, environment_of, trueup
from tests.integration.shop_world import CLIENT_ID, CLIENT_SECRET, settings_for
from tests.waiting import ended

LEVELS = [(AS_BEFORE[0], True), (AS_BEFORE[1], True), (100, True)]
CALLS = 44
"""Of a whole run, but the last of its clean-up."""

MOMENTS = [Random(seed).randint(2, CALLS) for seed in range(10)]  # noqa: S311  # chance for tests, nothing secret


class Watched(Simulator):
    """Sends a signal to a process once Shopify has been called so often."""

    victim: asyncio.subprocess.Process | None = None
    moment: int = 0
    sent: signal.Signals = signal.SIGKILL

    def next_request_number(self) -> int:
        """As every call is numbered."""
        number = super().next_request_number()
        if self.victim is not None and number == self.moment:
            # What has arrived is executed all the same; its answer finds nobody.
            os.kill(self.victim.pid, self.sent)
        return number


@asynccontextmanager
async def watched(
    mongodb_uri: str, database_name: str, moment: int, sent: signal.Signals
) -> AsyncIterator[tuple[Store, Watched, Settings]]:
    """A store whose simulator stops whoever certifies it, at that moment."""
    simulator = Watched(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    simulator.moment, simulator.sent = moment, sent
    running = await start(simulator)
    settings = settings_for("amqp://guest:guest@127.0.0.1/", mongodb_uri, database_name, running.url)
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    try:
        yield (
            await Store(running, mongo, SYSTEM_CLOCK, "stopped.myshopify.com", settings.fernet_keys).open(),
            simulator,
            settings,
        )
    finally:
        await running.close()
        mongo.close()


def command(store: Store, folder: Path) -> list[str]:
    """The whole command."""
    places = ",".join(store.places)
    given = ["--shop", store.domain, "--variant", store.variant_id, "--locations", places]
    return ["certify", *given, "--out", str(folder), "--yes", "--json"]


async def stopped(store: Store, simulator: Watched, settings: Settings, folder: Path) -> tuple[int, str]:
    """Run it as a process until it is stopped; its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        str(TRUEUP),
        *command(store, folder),
        env=environment_of(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    simulator.victim = process
    _, errors = await ended(process, b"", what="a certification that is stopped")
    simulator.victim = None
    return process.returncode or 0, errors.decode()


@pytest.mark.parametrize(
    "moment",
    [pytest.param(moment, marks=() if number < 2 else pytest.mark.full) for number, moment in enumerate(MOMENTS)],
)
async def test_killed_and_started_again(mongodb_uri: str, database_name: str, tmp_path: Path, moment: int) -> None:
    """`kill -9` at a moment of chance; the next run restores first, and ends with the values as before."""
    async with watched(mongodb_uri, database_name, moment, signal.SIGKILL) as (store, simulator, settings):
        code, _ = await stopped(store, simulator, settings, tmp_path)
        assert code == -signal.SIGKILL
        again = await trueup(settings, *command(store, tmp_path))
        assert again.code == 0, again.errors
        assert again.document["stopped"] is None
        assert store.values() == LEVELS
        await _nothing_is_left(store, tmp_path)


async def test_the_note_in_the_shops_document_is_enough(mongodb_uri: str, database_name: str, tmp_path: Path) -> None:
    """Killed on one machine, and started on another that has no file of it."""
    async with watched(mongodb_uri, database_name, 20, signal.SIGKILL) as (store, simulator, settings):
        await stopped(store, simulator, settings, tmp_path / "here")
        assert (tmp_path / "here" / FILE).exists()
        async with store.certification(tmp_path / "there") as made:
            assert await made.clean_up(store.domain)
        assert store.values() == LEVELS
        # The file that was left on the first machine tells of values of then: it restores nothing any more.
        store.tenant.shop.levels_of_item[store.item_id][store.places[0]].available = 30
        async with store.certification(tmp_path / "here") as made:
            assert not await made.clean_up(store.domain)
        assert not (tmp_path / "here" / FILE).exists()
        assert store.values()[0] == (30, True)


async def test_two_do_not_certify_at_once(mongodb_uri: str, database_name: str, tmp_path: Path) -> None:
    """The second is told, and restores nothing of the first one's."""
    async with (
        watched(mongodb_uri, database_name, 0, signal.SIGKILL) as (store, _, settings),
        store.certification(tmp_path) as first,
    ):
        await first.journal.note(await first.look(store.asked()))
        second = await trueup(settings, *command(store, tmp_path))
        assert second.code == 1
        assert "another certification runs" in second.errors
        assert (tmp_path / FILE).exists()
        assert await first.clean_up(store.domain)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 1)])
async def test_asked_to_stop_it_restores_first(
    mongodb_uri: str, database_name: str, tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    """Ctrl-C, and a service manager's word."""
    async with watched(mongodb_uri, database_name, 25, sent) as (store, simulator, settings):
        ended_with, said = await stopped(store, simulator, settings, tmp_path)
        assert ended_with == code, said
        assert "Traceback" not in said
        assert store.tenant.stock.ledger
        assert store.values() == LEVELS
        await _nothing_is_left(store, tmp_path)


async def _nothing_is_left(store: Store, folder: Path) -> None:
    assert not (folder / FILE).exists()
    assert await CertificationStore(store.mongo.db).open(store.domain) is None
