"""Much is lost, much is merely late, and Trueup was off: what is found, and that nothing is accused for good."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.ports import free_ports
from services.reconciler.sweeper.change_scan import OVERLAP
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.sweeps import SweepStore
from tests.integration.shop_world import SHOP, reconciler, shop_world
from tests.integration.sweeper.drift_setup import TIMES, DriftWorld, drift_world
from tests.waiting import changed

HOUR = 3600

PACE = 1200
"""How many of Shopify's seconds go into one of the test's."""


@pytest.mark.parametrize(
    ("boms", "locations"),
    [pytest.param(20, 2, id="40"), pytest.param(250, 4, id="1000", marks=(pytest.mark.full, pytest.mark.long))],
)
async def test_of_many_lost_webhooks_each_is_listed_once_and_repaired(
    vhost_url: str, mongodb_uri: str, database_name: str, boms: int, locations: int
) -> None:
    """One sweep finds every one of them; sweeps after it list none of them again."""
    lost = boms * locations
    async with drift_world(vhost_url, mongodb_uri, database_name, boms=boms, locations=locations) as world:
        await world.policy(max_share=1.0)
        await world.webhooks(drop_ratio=1.0)
        lines = [
            {"item_id": item, "location_id": place, "quantity": 2}
            for item in world.shop.items.values()
            for place in world.shop.locations
        ]
        await world.shop.control("sell", {"lines": lines})
        await world.sweep()
        assert len(await world.documents()) == lost
        repaired = await world.until(lost, outcome="repaired")
        assert len({(document["bom_id"], document["location_id"]) for document in repaired}) == lost
        await world.sweep(full=True)
        await world.no_watch_is_left()
        assert len(await world.documents()) == lost
        assert await world.bases() == await world.shop.shopify()


async def test_a_loss_in_a_cell_that_is_watched_for_an_earlier_change_is_found_by_the_same_sweep(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """The earlier change's webhook came meanwhile: the end of its watch must not be that of the later loss."""
    grace = timedelta(hours=1)  # nobody judges before the test says so, however slow the machine
    async with drift_world(vhost_url, mongodb_uri, database_name, times=replace(TIMES, grace=grace)) as world:
        place = world.shop.locations[0]
        await world.webhooks(paused=True)
        await world.shop.sell("B001", place, 2)
        await world.sweep()
        (watched,) = await world.documents(state="watched")
        await world.webhooks(paused=False)
        await world.drained()
        await world.shop.verified()
        await world.webhooks(drop_ratio=1.0)
        await world.shop.sell("B001", place, 1)
        await world.sweep()
        (anew,) = await world.documents(state="watched")
        assert anew["due_at"] > watched["due_at"]
        await world.grace_passes(grace)
        (lost,) = await world.until(1, state="resolved")
        assert (lost["base"], lost["shopify"], lost["outcome"]) == (48, 47, "repaired")


@pytest.mark.parametrize(
    ("seeds", "hours"),
    [pytest.param(5, 1, id="an hour"), pytest.param(20, 4, id="four", marks=(pytest.mark.full, pytest.mark.long))],
)
async def test_webhooks_up_to_four_hours_late_are_not_accused_for_good(
    vhost_url: str, mongodb_uri: str, database_name: str, seeds: int, hours: int
) -> None:
    """Seeds of delays, at a pace of 1 : 1200: many cells are accused meanwhile, and none is at the end."""
    times = replace(TIMES, grace=timedelta(minutes=2) / PACE)
    made = drift_world(vhost_url, mongodb_uri, database_name, boms=2 * seeds, locations=2, times=times)
    async with made as world:
        await world.policy(max_share=1.0, jobs_per_hour=10_000)
        shop = world.shop
        for seed in range(seeds):
            # Their hours begin when enough have been accused: on a slow machine that takes its time.
            await world.webhooks(seed=seed, delay_seconds=[0, hours * HOUR / PACE], paused=True)
            for bom in (f"B{2 * seed:03}", f"B{2 * seed + 1:03}"):
                for place in shop.locations:
                    await shop.sell(bom, place, 1 + seed % 3)
        await world.sweep()
        accused, drift = {"shop": SHOP, "state": {"$in": ["missed", "resolved"]}}, shop.mongo.db["drift"]

        async def enough() -> bool:
            return await drift.count_documents(accused) > seeds

        await changed(drift, enough, what="accusations")
        await world.webhooks(paused=False)
        drained = asyncio.create_task(shop.control("webhooks/drain", {}))
        while not drained.done():
            await world.sweep()
            # Every five minutes, and a shop in which nothing happens is not swept more often.
            await asyncio.wait({drained}, timeout=5 * 60 / PACE)
        stock = shop.mongo.db["stock"]

        async def all_heard() -> bool:
            return await stock.count_documents({"events_no": 0}) == 0

        await changed(stock, all_heard, what="an event of every cell")
        await world.no_watch_is_left()
        await world.until(0, open=True)
        assert await world.documents(late=False) == []
        for bom in shop.items:
            for place in shop.locations:
                cell = await shop.cell(bom, place)
                assert cell.base == cell.count == 50 - 1 - int(bom[1:]) // 2 % 3


async def test_six_hours_off_with_every_subscription_gone_are_made_up_for(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """Shopify gives up on a front that is not there; on start subscriptions are made again and the gap is repaired."""
    async with AsyncExitStack() as stack:
        made = shop_world(vhost_url, mongodb_uri, database_name, locations=2, backoff=0.0001)
        shop = await stack.enter_async_context(made)
        (port,) = free_ports(1)
        url = f"http://127.0.0.1:{port}/webhooks/shopify"
        shop.settings = shop.settings.model_copy(update={"webhook_url": url})
        await shop.add_boms({f"B{n:03}": [50, 50] for n in range(10)}, tracks=True, age=12 * HOUR)
        await shop.agree()
        subscriptions = shop.running.simulator.tenants[SHOP].webhooks.subscriptions

        def world(ingest: WebhookIngestService) -> DriftWorld:
            return DriftWorld(shop, SweepStore(shop.mongo.db), DriftStore(shop.mongo.db), ingest)

        ingest = await WebhookIngestService.start(shop.settings, port=port)
        async with reconciler(shop, sweep_times=TIMES):
            await world(ingest).sweep()
            topics = {subscription.topic for subscription in subscriptions.values()}
            assert "INVENTORY_LEVELS_UPDATE" in topics
        await ingest.stop()
        off_since = datetime.now(UTC) - timedelta(hours=6)
        turn = {"sweep.watermark": off_since + OVERLAP, "sweep.next_at": off_since, "sweep.last_at": off_since}
        await shop.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": turn})

        for n in range(3):  # sold half an hour to six hours ago
            line = {"item_id": shop.items[f"B{n:03}"], "location_id": shop.locations[0], "quantity": 5 + n}
            await shop.control("sell", {"lines": [line | {"age_seconds": (0.5 + 2.5 * n) * HOUR}]})
        await shop.control("webhooks/drain", {})
        assert "INVENTORY_LEVELS_UPDATE" not in {subscription.topic for subscription in subscriptions.values()}
        subscriptions.clear()

        ingest = await WebhookIngestService.start(shop.settings, port=port)
        stack.push_async_callback(ingest.stop)
        async with reconciler(shop, sweep_times=TIMES):
            again = world(ingest)
            await again.until(3, state="resolved", outcome="repaired")
            assert {subscription.topic for subscription in subscriptions.values()} == topics
            for n in range(3):
                cell = await shop.cell(f"B{n:03}", shop.locations[0])
                assert cell.base == cell.count == 45 - n
            await shop.sell("B009", shop.locations[1], 1)
            await again.drained()
            await again.sweep()
            await again.no_watch_is_left()
            assert len(await again.documents()) == 3
