"""A running simulator and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from simulator.clock import VirtualClock
from simulator.http.server import Simulator, start
from simulator.settings import Settings
from tests.simulator.client import Client
from tests.simulator.receiver import Receiver

START = datetime(2026, 11, 25, 12, 0, 0, 654321, tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that stands still until a test moves it."""
    return VirtualClock(START)


@pytest.fixture
async def client(clock: VirtualClock) -> AsyncIterator[Client]:
    """A client of a fresh simulator on the virtual clock; webhook retries follow at once, none for a slow receiver."""
    settings = Settings(webhook_backoff_factor=0.0, webhook_timeout_seconds=600.0)
    running = await start(Simulator(client_id="app", client_secret="hush", clock=clock, settings=settings))
    async with aiohttp.ClientSession() as http:
        yield Client(running, http)
    await running.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/webhooks", receiver.receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks"
    yield receiver
    await runner.cleanup()
