"""A job of 400 cells, undisturbed and with several faults in one run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from shared.domain.cell import partition_of
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.rabbitmq.topology import COMMANDS, PARTITIONS, cell_key
from tests.integration.shop_world import SHOP, ShopWorld, previewer, reconciler, shop_world
from tests.waiting import arrival

LAST = "cell.last-of-the-test"
"""No queue but the test's own is bound to it."""


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """100 BOMs that track at 4 locations, each count 2 above Shopify's value; services running."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name) as made,
        reconciler(made),
        previewer(made),
    ):
        await made.add_boms({f"B{n:03}": [n, n + 1, n + 2, n + 3] for n in range(100)}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        yield made


@asynccontextmanager
async def tapped(world: ShopWorld) -> AsyncIterator[list[str]]:
    """The keys of all cell messages that are published meanwhile: a queue of our own gets a copy of each.

    Whole at the end of the block: a last message of our own has come by then.
    """
    keys: list[str] = []
    last = asyncio.Event()

    async def take(message: AbstractIncomingMessage) -> None:
        if message.routing_key == LAST:
            last.set()
        else:
            keys.append(message.routing_key or "")

    async with await aio_pika.connect(world.settings.amqp_url.get_secret_value()) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        commands = await channel.get_exchange(COMMANDS)
        await queue.bind(commands, "cell.#")
        await queue.consume(take, no_ack=True)
        yield keys
        await commands.publish(aio_pika.Message(b""), LAST)
        await arrival(last.wait(), what="the last of the copies", progress=lambda: len(keys))


async def test_400_cells_make_400_messages_and_few_calls(world: ShopWorld) -> None:
    """An undisturbed job publishes exactly one message per cell, and 400 changed cells cost two mutations or three."""
    before = await world.shopify()
    preview_id = await world.preview()
    await world.control("calls/reset")
    async with tapped(world) as messages:
        job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)

    assert job["totals"] == {
        "total": 400,
        "pending": 0,
        "applying": 0,
        "updated": 400,
        "skipped": 0,
        "errors": 0,
        "cancelled": 0,
    }
    assert await world.shopify() == {cell: value + 2 for cell, value in before.items()}
    calls = await world.calls()
    # Two where the first batch was full; on a busy machine it may start before that.
    assert calls["inventorySetQuantities"]["calls"] in {2, 3}
    ledger = await world.ledger()
    assert len(ledger) == 400
    assert messages == [cell_key(partition_of(SHOP, PARTITIONS))] * 400


async def test_bad_rows_end_with_codes_of_their_own_and_retry_takes_only_those(world: ShopWorld) -> None:
    """A deleted variant, a bundle parent and an inactive location do not stop the others; a retry re-runs only them."""
    gone, bundle, closed = world.items["B010"], world.items["B020"], world.locations[3]
    await world.control("delete_item", {"item_id": gone})
    await world.control("set_item", {"item_id": bundle, "bundle": True})
    await world.control("deactivate_location", {"location_id": closed})
    preview_id = await world.preview()
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)

    assert job["state"] == "completed_with_errors"
    # 4 cells of the deleted variant, 3 of the bundle; the closed location has 99 cells of items that exist.
    assert job["codes"] == {"ITEM_NOT_FOUND": 4, "BUNDLE_PARENT": 3}
    assert job["reasons"] == {"location_inactive": 99}
    assert job["totals"]["updated"] == 400 - 4 - 3 - 99
    errors = {error["code"] for error in job["first_errors"]}
    assert errors == {"ITEM_NOT_FOUND", "BUNDLE_PARENT"}

    await world.control("restore_item", {"item_id": gone})
    await world.control("set_item", {"item_id": bundle, "bundle": False})
    await world.control("activate_location", {"location_id": closed})
    again = await world.run(
        Direction.TO_SHOPIFY, source=JobSource.RETRY, of_job_id=job["job_id"], with_not_compared=True
    )
    assert again["totals"]["total"] == 4 + 3 + 99
    assert again["totals"]["updated"] == again["totals"]["total"], again["codes"]
    assert {key for key, cell in (await world.cells(again["job_id"])).items() if cell["state"] == "updated"} == {
        key for key, cell in (await world.cells(job["job_id"])).items() if cell["state"] != "updated"
    }
