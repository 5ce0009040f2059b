"""Dead letters: sent round again, freed, or kept for a person."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aio_pika
import pytest

from services.reconciler.planner.dead_letters import MAX_LAPS
from shared.contract.messages import CellWork
from shared.contract.seal import SEAL
from shared.domain.cell import partition_of
from shared.mongodb.schema import Document
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.consuming.delivery import Delivery, Reject
from shared.rabbitmq.topology import (
    CELLS,
    COMMANDS,
    DELIVERY_LIMIT,
    INDEXING,
    JOB_REQUEST,
    PARTITIONS,
    Queue,
    cell_key,
)
from tests.integration.command_line.command_line_runs import trueup
from tests.integration.shop_world import SHOP, ShopWorld, new_id, reconciler, shop_world
from tests.waiting import arrival, stored, until


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop, and a planner, which also looks after the dead letters."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made,
        reconciler(made, roles=["planner"]),
    ):
        yield made


@asynccontextmanager
async def consuming(
    world: ShopWorld, queue: Queue, answer: Callable[[Delivery], object]
) -> AsyncIterator[list[Delivery]]:
    """Take what comes from a queue and answer each delivery; those seen are listed."""
    consumer = await Consumer.open(world.settings.amqp_url.get_secret_value(), "test")
    seen: list[Delivery] = []

    async def take(delivery: Delivery) -> None:
        seen.append(delivery)
        await answer(delivery)  # type: ignore[misc]  # each answer is a coroutine

    await consumer.deliver(queue, take, prefetch=1)
    try:
        yield seen
    finally:
        await consumer.stop()
        await consumer.close()


WEBHOOK, BODY, OF_SHOP = "inventory_levels.update", b'{"available": 7}', {"x-shopify-shop-domain": SHOP}


async def one_letter(world: ShopWorld) -> Document:
    """Wait for the first dead letter that is kept."""
    return await stored(world.mongo.db["dead_letters"], {}, what="a dead letter")


async def is_kept(world: ShopWorld) -> bool:
    """Whether there is a dead letter."""
    return await world.mongo.db["dead_letters"].count_documents({}) > 0


async def test_a_message_delivered_too_often_goes_round_three_times_and_is_then_kept(world: ShopWorld) -> None:
    """After the delivery limit the message comes back as it was, three times at most; then it is kept whole."""
    async with consuming(world, INDEXING, Delivery.requeue) as seen:
        await world.publisher.webhook(WEBHOOK, BODY, OF_SHOP)
        await until(lambda: is_kept(world), what="a dead letter", progress=lambda: len(seen))
        letter = await one_letter(world)
    laps = MAX_LAPS + 1
    # The broker delivers once and then again up to its limit.
    assert len(seen) == laps * (DELIVERY_LIMIT + 1)
    assert {delivery.body for delivery in seen} == {BODY}
    assert {delivery.key for delivery in seen} == {WEBHOOK}
    assert (letter["shop"], letter["key"]) == (SHOP, WEBHOOK)
    assert (letter["body"], {name for name, _ in letter["headers"]}) == (BODY, {SEAL, *OF_SHOP})
    assert letter["reason"] == "delivery_limit by trueup.indexing"


async def test_a_dead_cell_message_is_dropped_and_its_place_freed(world: ShopWorld) -> None:
    """A cell message that nobody could handle costs its cell nothing: the place is free, nothing is kept."""
    job_id = new_id()
    work = CellWork(shop=SHOP, job_id=job_id, bom_id="B1", location_id="7")
    name = f"{job_id}|B1|7"
    await world.mongo.db["cells"].insert_one(
        {
            "_id": f"{SHOP}|{name}",
            "shop": SHOP,
            "job_id": job_id,
            "bom_id": "B1",
            "location_id": "7",
            "open": True,
        }
    )
    partition = partition_of(SHOP, PARTITIONS)
    async with consuming(world, CELLS[partition], Delivery.reject):
        await world.publisher.command(cell_key(partition), work)
        cell = await world.document("cells", name, lambda cell: "freed_at" in cell)
    assert cell["open"] is True
    assert await world.mongo.db["dead_letters"].count_documents({}) == 0


async def test_a_message_nobody_understands_is_listed_and_sent_again_on_request(world: ShopWorld) -> None:
    """A rejected message is kept with its reason; `replay` publishes it to its exchange and key, and forgets it."""

    async def refuse(delivery: Delivery) -> None:
        with pytest.raises(Reject):
            raise Reject("no")
        await delivery.reject()

    async with consuming(world, INDEXING, refuse):
        await world.publisher.webhook(WEBHOOK, BODY, OF_SHOP)
        letter = await one_letter(world)
    listed = await trueup(world.settings, "dead-letters", "list", "--shop", SHOP, "--json")
    (shown,) = listed.document["dead_letters"]
    assert (shown["id"], shown["key"]) == (letter["letter_id"], WEBHOOK)
    assert shown["reason"] == "rejected by trueup.indexing"
    assert shown["body"] == BODY.decode()

    replayed = await trueup(world.settings, "dead-letters", "replay", letter["letter_id"])
    assert replayed.code == 0, replayed.errors
    assert await world.mongo.db["dead_letters"].count_documents({}) == 0
    arrived = asyncio.Event()

    async def arrive(delivery: Delivery) -> None:
        await delivery.ack()
        arrived.set()

    async with consuming(world, INDEXING, arrive) as seen:
        await arrival(arrived.wait(), what="the message that was sent again")
    assert [(delivery.key, delivery.body) for delivery in seen] == [(WEBHOOK, BODY)]


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"direction": "sideways"}, "direction: Input should be 'toShopify' or 'toLocal'"),
        ({"shop": "other.myshopify.com"}, "the shop other.myshopify.com is not known; add it first"),
    ],
)
async def test_a_dead_letter_says_what_is_wrong_with_it(
    world: ShopWorld, vhost_url: str, changed: dict[str, str], cause: str
) -> None:
    """Whoever published a bare message that was rejected reads why in the list, not in a service's log."""
    body = {"schema": 1, "shop": SHOP, "job_id": new_id(), "direction": "toLocal", "selection": {"bom_ids": "all"}}
    async with await aio_pika.connect(vhost_url) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(COMMANDS)
        await exchange.publish(aio_pika.Message(json.dumps(body | changed).encode()), JOB_REQUEST)
    await one_letter(world)
    listed = await trueup(world.settings, "dead-letters", "list")
    assert cause in " ".join(listed.output.split())
    (shown,) = (await trueup(world.settings, "dead-letters", "list", "--json")).document["dead_letters"]
    assert shown["cause"] == cause


async def test_a_body_that_is_no_message_at_all_is_kept_without_a_shop(world: ShopWorld, vhost_url: str) -> None:
    """Bytes that no consumer can read are kept with no shop and no foreign header, and hold up nothing behind them."""
    async with await aio_pika.connect(vhost_url) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(COMMANDS)
        await exchange.publish(aio_pika.Message(b"\xff{", headers={"x-odd.name": "1"}), JOB_REQUEST)
    letter = await one_letter(world)
    assert (letter["shop"], letter["body"], letter["key"]) == (None, b"\xff{", JOB_REQUEST)
    assert letter["headers"] == []
    listed = await trueup(world.settings, "dead-letters", "list")
    assert letter["letter_id"] in listed.output
