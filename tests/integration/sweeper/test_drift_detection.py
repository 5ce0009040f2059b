"""Missed webhooks are found and recorded once; what is merely late is never accused for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from services.reconciler.sweeper.markers import Markers
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.contract.messages import DriftDetected
from shared.domain.cell import CellKey
from shared.errors import BrokerUnavailable
from shared.mongodb.drift.sweeps import SweepStore
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.consuming.delivery import Delivery
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import DRIFT_DETECTED
from tests.integration.ingest.ingest_setup import counted
from tests.integration.shop_world import SHOP
from tests.integration.sweeper.drift_setup import GRACE, TIMES, DriftWorld, drift_world
from tests.waiting import arrival, writes_to


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[DriftWorld]:
    """Ten BOMs that track at two locations, in agreement; everything runs."""
    async with drift_world(vhost_url, mongodb_uri, database_name) as made:
        yield made


async def test_one_of_twenty_webhooks_never_sent_is_repaired_within_one_sweep(world: DriftWorld) -> None:
    """The lost one is found, recorded once with its evidence, and repaired by a job of the history (case 7)."""
    recorded = counted("drift_detected_total", **{"class": "shopify_moved", "outcome": "recorded"})
    repaired = counted("drift_repaired_total", **{"class": "shopify_moved", "outcome": "repaired"})
    here, there = world.shop.locations
    cells = [(f"B{n:03}", place) for n in range(10) for place in (here, there)]
    for number, (bom, place) in enumerate(cells):
        if number == 7:
            await world.webhooks(drop_next=1)
        await world.shop.sell(bom, place, 1 + number % 3)
    lost = CellKey(*cells[7])

    await world.sweep()
    (document,) = await world.until(1, state="resolved")
    assert (document["bom_id"], document["location_id"], document["outcome"]) == (*lost, "repaired")
    assert (document["base"], document["shopify"], document["local"]) == (50, 48, 50)
    assert document["taken_at"] - document["since"] >= GRACE
    job = await world.shop.ended(document["job_id"])
    assert (job["source"], job["direction"], job["totals"]["updated"]) == ("drift", "toLocal", 1)
    await world.drained()
    for bom, place in cells:
        stock = await world.shop.cell(bom, place)
        assert stock.count == stock.base

    await world.sweep()
    await world.no_watch_is_left()
    assert len(await world.documents()) == 1
    assert counted("drift_detected_total", **{"class": "shopify_moved", "outcome": "recorded"}) == recorded + 1
    assert counted("drift_repaired_total", **{"class": "shopify_moved", "outcome": "repaired"}) == repaired + 1


async def test_a_missed_webhook_is_told(world: DriftWorld) -> None:
    """`drift.detected` names the cell, its base, Shopify's value, the class, and since when."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def hear(delivery: Delivery) -> None:
        if delivery.key == DRIFT_DETECTED:
            heard.put_nowait(delivery.body)

    listener = await Consumer.open(world.shop.settings.amqp_url.get_secret_value(), "listener")
    try:
        await listener.listen(hear)
        place = world.shop.locations[1]
        await world.webhooks(drop_next=1)
        await world.shop.sell("B004", place, 6)
        await world.sweep()
        told = DriftDetected.model_validate_json(
            await arrival(heard.get(), what="drift.detected", progress=writes_to(world.shop.mongo.db))
        )
    finally:
        await listener.stop()
        await listener.close()
    (document,) = await world.documents()
    assert (told.bom_id, told.location_id, told.base, told.shopify_value) == ("B004", place, 50, 44)
    assert (told.cell_class, told.since) == ("shopify_moved", document["since"])


async def test_a_webhook_within_the_grace_period_is_no_drift(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """Cells whose webhooks are on their way are watched only, and forgotten when they come."""
    grace = timedelta(hours=1)
    async with drift_world(vhost_url, mongodb_uri, database_name, times=replace(TIMES, grace=grace)) as world:
        await world.webhooks(paused=True)
        for n in range(5):
            await world.shop.sell(f"B{n:03}", world.shop.locations[0], 2)
        await world.sweep()
        assert len(await world.documents(state="watched")) == 5
        await world.webhooks(paused=False)
        await world.drained()
        await world.grace_passes(grace)
        await world.no_watch_is_left()
        assert await world.documents() == []
        assert await world.jobs() == []


async def test_a_late_webhook_is_not_accused_for_good(world: DriftWorld) -> None:
    """What came only after the grace period is marked late, changes no quantity twice, and counts as no loss."""
    late = counted("drift_detected_total", **{"class": "shopify_moved", "outcome": "late"})
    await world.webhooks(paused=True)
    for n in range(4):
        await world.shop.sell(f"B{n:03}", world.shop.locations[0], 3)
    await world.sweep()
    await world.until(4, state="resolved", outcome="repaired", late=False)
    # One more sale of the first, whose webhook does come, beside the late one.
    await world.shop.sell("B000", world.shop.locations[0], 1)
    await world.webhooks(paused=False)
    await world.drained()
    await world.until(4, late=True, late_told=True)
    for n in range(4):
        stock = await world.shop.cell(f"B{n:03}", world.shop.locations[0])
        assert (stock.base, stock.count) == ((46, 46) if n == 0 else (47, 47))
    await world.sweep()
    state = await world.sweeps.state(SHOP)
    assert state is not None
    assert (state.missed, state.late, state.received) == (0, 4, 5)
    assert counted("drift_detected_total", **{"class": "shopify_moved", "outcome": "late"}) == late + 4


async def test_a_later_sale_does_not_turn_a_loss_into_a_delay(world: DriftWorld) -> None:
    """The next genuine event of a cell whose webhook was lost leaves the record of the loss as it is."""
    place = world.shop.locations[0]
    await world.webhooks(drop_next=1)
    # The loss is told by its second: the next sale is in another one.
    await world.shop.sell("B001", place, 1, age=10)
    await world.sweep()
    (document,) = await world.until(1, state="resolved")
    await world.shop.sell("B001", place, 1)
    await world.drained()
    assert (await world.shop.cell("B001", place)).base == 48
    (document,) = await world.documents()
    assert document["late"] is False
    await world.sweep()
    state = await world.sweeps.state(SHOP)
    assert state is not None
    assert (state.missed, state.received) == (1, 1)


async def test_a_cell_with_an_open_job_is_left_alone(world: DriftWorld) -> None:
    """While a job is at work on the cell it is watched, neither accused nor repaired; afterwards it is judged."""
    place = world.shop.locations[0]
    await world.webhooks(drop_next=1)
    await world.shop.sell("B002", place, 1)
    cell = {"shop": SHOP, "job_id": "J", "bom_id": "B002", "location_id": place, "open": True, "state": "pending"}
    await world.shop.mongo.db["cells"].insert_one(cell | {"_id": "open"})
    await world.sweep()
    (watched,) = await world.documents()
    await world.until(1, due_at={"$gt": watched["due_at"]}, state="watched")
    assert await world.jobs() == []
    await world.shop.mongo.db["cells"].delete_one({"_id": "open"})
    await world.until(1, state="resolved", outcome="repaired")


async def test_two_processes_make_one_sweeper_of_a_shop(world: DriftWorld) -> None:
    """The lease is held by one; it passes when it is given back."""
    shops = world.shop.mongo.db["shops"]
    await shops.update_one({"_id": SHOP}, {"$set": {"status": "active", "sweep_lease": None}})
    one, two = SweepStore(world.shop.mongo.db, "one"), SweepStore(world.shop.mongo.db, "two")
    assert await one.take(SHOP)
    assert not await two.take(SHOP)
    assert await one.take(SHOP)
    await one.give_back(SHOP)
    assert await two.take(SHOP)


class RefusedOnce(Publisher):
    """A publisher whose broker is away for the first marker."""

    def __init__(self, real: Publisher) -> None:
        self.__dict__ = dict(real.__dict__)
        self.refusals = 1

    async def webhook(self, topic_key: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Refuse once, then publish."""
        self.refusals -= 1
        if self.refusals >= 0:
            raise BrokerUnavailable("away")
        await super().webhook(topic_key, body, headers)


async def test_a_marker_that_was_never_sent_is_not_waited_for(world: DriftWorld) -> None:
    """After the broker was away for a marker the next one is sent at once: accusations do not stop for minutes."""
    markers = Markers(world.sweeps, RefusedOnce(world.shop.publisher))
    with pytest.raises(BrokerUnavailable):
        await markers.passed(SHOP)
    assert await markers.passed(SHOP)


async def test_nothing_is_accused_while_webhooks_wait_in_the_queue(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """With the indexer away an event may be waiting: the cell stays watched, however long; later it is explained."""
    made = drift_world(vhost_url, mongodb_uri, database_name, roles=frozenset({"front"}))
    async with made as world:
        place = world.shop.locations[0]
        await world.shop.sell("B003", place, 4)
        await world.shop.control("webhooks/drain", {})
        await world.sweep()
        (watched,) = await world.documents()
        await world.until(1, due_at={"$gt": watched["due_at"]}, state="watched")
        assert await world.jobs() == []

        indexer = await WebhookIngestService.start(world.shop.settings, roles={"indexer"})
        await world.no_watch_is_left()
        await indexer.stop()
        assert await world.documents() == []
        assert (await world.shop.cell("B003", place)).base == 46
