"""What the watchdog takes up again: lost messages, jobs nobody planned, cells of a shop that is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aio_pika
import pytest

from shared.contract.messages import JobRequest
from shared.contract.selection import SelectionBody
from shared.domain.cell import partition_of
from shared.domain.comparison import Direction
from shared.mongodb.jobs.jobs import JobStore
from shared.rabbitmq.topology import CELLS, PARTITIONS
from tests.integration.shop_world import SHOP, ShopWorld, new_id, reconciler, shop_world

SOON = timedelta(milliseconds=500)


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Five BOMs that track at 2 locations, each count 3 above Shopify's value; the test starts the services."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({name: [7, 7] for name in "ABCDE"}, tracks=True)
        await made.agree()
        for name in "ABCDE":
            for location in made.locations:
                await made.hand(name, location, 3)
        yield made


async def test_lost_cell_messages_lose_no_cell(world: ShopWorld) -> None:
    """All cell messages vanish from the queue; they are published again, and the job ends with every cell."""
    async with reconciler(world, roles={"planner", "aggregator"}, watchdog_every=0.2, silent_after=SOON):
        job_id = await world.request(Direction.TO_SHOPIFY)
        await world.published(job_id)
        connection = await aio_pika.connect(world.settings.amqp_url.get_secret_value())
        async with connection:
            channel = await connection.channel()
            queue = await channel.get_queue(CELLS[partition_of(SHOP, PARTITIONS)].name)
            await queue.purge()
        async with reconciler(world, roles={"worker"}):
            job = await world.ended(job_id)
    assert job["totals"]["updated"] == 10
    assert len(await world.ledger()) == 10


async def test_what_a_killed_worker_remembered_is_free_once_its_partitions_are_taken(world: ShopWorld) -> None:
    """Cells whose messages a worker had acknowledged before it died wait for its lease, not for their silence."""
    async with reconciler(world, roles={"planner", "aggregator"}, watchdog_every=0.2, silent_after=timedelta(hours=1)):
        job_id = await world.request(Direction.TO_SHOPIFY)
        await world.published(job_id)
        connection = await aio_pika.connect(world.settings.amqp_url.get_secret_value())
        async with connection:
            channel = await connection.channel()
            queue = await channel.get_queue(CELLS[partition_of(SHOP, PARTITIONS)].name)
            await queue.purge()
        async with reconciler(world, roles={"worker"}):
            job = await world.ended(job_id)
    assert job["totals"]["updated"] == 10


async def test_a_job_that_nobody_planned_is_planned(world: ShopWorld) -> None:
    """A job document without its message, as a crash leaves it, runs all the same."""
    job_id = new_id()
    request = JobRequest(
        shop=SHOP, job_id=job_id, direction=Direction.TO_SHOPIFY, selection=SelectionBody(bom_ids="all")
    )
    assert await JobStore(world.mongo.db, world.mongo.transactions).request(request)
    async with reconciler(world, watchdog_every=0.2):
        job = await world.ended(job_id)
    assert job["totals"]["updated"] == 10


async def test_jobs_of_a_shop_that_uninstalled_end(world: ShopWorld) -> None:
    """Unsent cells are cancelled and the job ends; nothing is pushed to a shop that is gone."""
    async with reconciler(world, roles={"planner"}):
        job_id = await world.request(Direction.TO_SHOPIFY)
        await world.document("jobs", job_id, lambda job: job["state"] == "running")
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": {"status": "uninstalled"}})
    async with reconciler(world, watchdog_every=0.2):
        job = await world.ended(job_id)
    assert job["state"] == "cancelled"
    assert job["totals"]["cancelled"] == 10
    assert await world.ledger() == []


async def test_a_push_sent_before_a_shop_went_away_ends_unknown(world: ShopWorld) -> None:
    """Seven days paused with a push under way: its cells end as OUTCOME_UNKNOWN and are marked for a person."""
    await world.control("/control/faults", {"operation": "inventorySetQuantities", "kind": "reset_after", "count": 99})
    async with reconciler(world, watchdog_every=0.2):
        job_id = await world.request(Direction.TO_SHOPIFY, {"bom_ids": ["A"]})
        await world.document_where("pushes", {"sends": {"$gte": 4}})
        now = datetime.now(UTC)
        paused: dict[str, object] = {"status": "paused", "pause_reason": "frozen", "paused_at": now - timedelta(days=8)}
        # It has been probed of late: the next probe, which would find it well, is minutes away.
        await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": paused | {"probed_at": now, "probes": 20}})
        job = await world.ended(job_id)
        assert job["codes"] == {"OUTCOME_UNKNOWN": 2}
        assert (await world.cell("A", world.locations[0])).unknown_outcome
        # The shop is back: pushing by class is refused until a person has settled it.
        await world.control("/control/faults", method="DELETE")
        await world.shops.resume(SHOP)
        again = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["A"]})
        assert again["codes"] == {"OUTCOME_UNKNOWN": 2}
        settled = await world.run(Direction.TO_LOCAL, {"bom_ids": ["A"]})
        assert settled["totals"]["updated"] == 2
        assert not (await world.cell("A", world.locations[0])).unknown_outcome
