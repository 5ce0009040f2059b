"""Whatever a client waits for is found in the documents when its message is lost: all queues emptied, or deleted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from services.preview.bootstrap import PreviewService
from services.reconciler.sweeper import markers
from services.reconciler.sweeper.markers import Markers
from shared.domain.comparison import Direction
from shared.mongodb.drift.sweeps import SweepStore
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.topology import INDEXING, QUEUES
from shared.serving.server import start_server
from tests.integration.aggregator.lost_requests import (
    ALIKE,
    BOMS,
    KINDS,
    LEAVES,
    LEFT,
    SCHEDULES,
    SOON,
    SWEEPS,
    TOLD,
    Reset,
    api,
    lose,
    one,
    webhooks,
)
from tests.integration.api.access.session_tokens import session_token
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world
from tests.waiting import arrival, until, writes_to


@pytest.fixture
async def world(
    vhost_url: str, mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ShopWorld]:
    """A shop with a BOM of its own for each kind, counted 3 above Shopify's value; a process that stops stops."""
    monkeypatch.setattr("services.preview.computing.turns.LAST_TURNS", 0.0)
    monkeypatch.setattr("services.reconciler.worker.lanes.gathering.NOTHING_COMES", 0.1)
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made:
        made.settings = made.settings.model_copy(update={"private_targets": True})
        await made.add_boms({name: [7] for name in (*BOMS, *ALIKE)}, tracks=True)
        await made.control("items", {"items": [{"sku": "import", "levels": []}]})
        await made.agree()
        for name in set(BOMS) - {"drift", "swept"}:
            await made.hand(name, made.locations[0], 3)
        for domain in (LEAVES, LEFT, TOLD):
            await made.control("/control/shops", {"domain": domain, "access_token": "shpat_another"})
            await made.shops.add(domain, "shpat_refused")
        yield made


@asynccontextmanager
async def address() -> AsyncIterator[str]:
    """Where outgoing webhooks are taken."""
    app = web.Application()

    async def take(_: web.Request) -> web.Response:
        return web.Response(status=204)

    app.router.add_post("/hook", take)
    server = await start_server(app, "127.0.0.1", 0, shutdown_timeout=0.1)
    try:
        yield f"http://127.0.0.1:{server.port}/hook"
    finally:
        await server.close()


@pytest.mark.parametrize(
    "how", [pytest.param("purged", id="short"), pytest.param("deleted", id="full", marks=pytest.mark.full)]
)
async def test_what_is_asked_for_ends_although_its_message_is_lost(world: ShopWorld, tmp_path: Path, how: str) -> None:
    """After each request the broker forgets every message, and at the end, or each time, every queue: all are met."""
    async with AsyncExitStack() as stack:
        hook = await stack.enter_async_context(address())
        reset = Reset(world, how, tmp_path, hook, {}, {})
        for ask, _ in KINDS.values():
            await declare_topology(world.settings.amqp_url.get_secret_value())
            await ask(reset)
            await reset.broker()
        await lose(world, QUEUES, "deleted")
        await declare_topology(world.settings.amqp_url.get_secret_value())
        await stack.enter_async_context(api(world))
        await stack.enter_async_context(webhooks(world, roles={"indexer"}))
        times: dict[str, Any] = {"sweep_times": SWEEPS, "schedule_times": SCHEDULES}
        await stack.enter_async_context(reconciler(world, watchdog_every=0.2, silent_after=SOON, **times))
        for kind, (_, ended) in KINDS.items():
            try:
                await ended(reset)
            except AssertionError as error:
                error.add_note(f"what was asked for: {kind}")
                raise


async def test_a_marker_that_was_lost_is_sent_again(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """No missed webhook stays undecided because the queue was emptied with the marker in it."""
    sent = Markers(SweepStore(world.mongo.db), world.publisher, patience=0.5)
    assert not await sent.passed(SHOP)
    await lose(world, (INDEXING,), "purged")
    async with webhooks(world, roles={"indexer"}):
        assert not await sent.passed(SHOP)
        monkeypatch.setattr(markers, "_LOST_AFTER", 0.0)
        await until(lambda: sent.passed(SHOP), what="a marker that has passed")


async def test_a_stream_whose_events_are_lost_tells_the_end(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events only wake: the state of a job is read again at each sign of life, and the last one closes the stream."""
    heard: list[str] = []

    async def unheard(_: object, delivery: Any) -> None:
        heard.append(delivery.key)

    monkeypatch.setattr("services.preview.api.http.responses.sse.EventHub.handle", unheard)
    monkeypatch.setattr("services.preview.api.http.responses.sse.HEARTBEAT", 0.1)
    service = await PreviewService.start(world.settings, port=0)
    try:
        job_id = await world.request(Direction.TO_SHOPIFY, one("cells"))
        async with reconciler(world):
            await world.document("jobs", job_id, lambda _: True)
            url = f"http://127.0.0.1:{service.port}/api/jobs/{job_id}/events"
            headers = {"Authorization": f"Bearer {session_token()}"}
            async with world.http.get(url, headers=headers) as response:
                text = await arrival(response.text(), what="the end of the stream", progress=writes_to(world.mongo.db))
        assert json.loads(text.rstrip().rpartition("data: ")[2])["state"] == "completed"
        assert heard
    finally:
        await service.stop()
