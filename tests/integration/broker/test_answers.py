"""Acknowledgements are told together, in whatever order messages are done with, and none of another message is among
them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random
from typing import Any

import pytest
from aiormq import Channel

from shared.contract.messages import CellWork
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consuming.answers import ChannelAnswers
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.consuming.delivery import Delivery
from shared.rabbitmq.consuming.subscription import Subscription
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import CELLS, cell_key
from tests.backends.management import Management
from tests.integration.shop_world import SHOP, new_id
from tests.waiting import until

PREFETCH = 400
FOR_EVER = 3600.0


class Desk:
    """What has been delivered of one queue, and the frames that acknowledge it."""

    def __init__(self, url: str, publisher: Publisher, in_queue: Callable[[], Awaitable[int]]) -> None:
        """`in_queue`: how many messages the queue has, delivered ones included, as the broker tells."""
        self._url, self._publisher, self._in_queue = url, publisher, in_queue
        self.consumer: Consumer
        self.subscription: Subscription
        self.arrived: list[Delivery] = []
        self.frames: list[tuple[int, bool]] = []

    async def publish(self, number: int) -> None:
        """So many cells of a shop."""
        job_id = new_id()
        messages = [CellWork(shop=SHOP, job_id=job_id, bom_id=f"B{n}", location_id="1") for n in range(number)]
        await self._publisher.commands(cell_key(0), messages)

    async def open(self) -> None:
        """Consume, answering nothing."""

        async def keep(delivery: Delivery) -> None:
            self.arrived.append(delivery)

        self.arrived = []
        self.consumer = await Consumer.open(self._url, "desk")
        self.subscription = await self.consumer.deliver(CELLS[0], keep, prefetch=PREFETCH)

    async def close(self) -> None:
        """Nothing more is answered: what was not goes back to its queue."""
        await self.consumer.stop()
        await self.consumer.close()

    async def came(self, number: int) -> list[Delivery]:
        """So many deliveries, as they came."""
        await until(
            lambda: len(self.arrived) >= number, what=f"{number} deliveries", progress=lambda: len(self.arrived)
        )
        return self.arrived

    async def told(self, number: int) -> None:
        """Wait for so many frames."""
        await until(lambda: len(self.frames) >= number, what=f"{number} frames", progress=lambda: len(self.frames))

    async def left(self, number: int) -> set[bytes]:
        """What is in the queue once the consumer has gone, which are so many messages.

        Not before the broker has dropped what was acknowledged: it may forget to where a channel closes meanwhile.
        """

        async def so_many() -> bool:
            return await self._in_queue() == number

        await self.subscription.tell_answers()
        await until(so_many, what=f"{number} messages left", progress=self._in_queue, every=0.5)
        await self.close()
        await self.publish(1)  # behind all that went back
        await self.open()
        seen: set[bytes] = set()
        marker = 1
        while marker:
            await self.came(1)
            for delivery in self.arrived:
                marker -= not delivery.redelivered
                seen.add(delivery.body)
            self.arrived.clear()
        return seen


@pytest.fixture
async def desk(
    vhost_url: str, vhost: str, management: Management, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """An empty queue and its consumer."""
    await declare_topology(vhost_url)
    publisher = await Publisher.open(vhost_url, "desk")

    async def in_queue() -> int:
        queues = await asyncio.to_thread(management.queues, vhost)
        return int(queues[CELLS[0].name].get("messages", -1))

    made = Desk(vhost_url, publisher, in_queue)
    ack = Channel.basic_ack

    async def noted(channel: Channel, number: int, multiple: bool = False, wait: bool = True) -> Any:
        made.frames.append((number, multiple))
        await ack(channel, number, multiple=multiple, wait=wait)

    monkeypatch.setattr(Channel, "basic_ack", noted)
    await made.open()
    yield made
    await made.close()
    await publisher.close()


def hurried(monkeypatch: pytest.MonkeyPatch, longest_wait: float) -> None:
    """Have acknowledgements wait so long for those before them."""
    made = ChannelAnswers.__init__

    def init(answers: ChannelAnswers, channel: Channel, most_waiting: int) -> None:
        made(answers, channel, most_waiting, longest_wait)

    monkeypatch.setattr(ChannelAnswers, "__init__", init)


async def test_a_batch_is_acknowledged_by_one_frame(desk: Desk) -> None:
    """250 messages that are done with together cost one frame."""
    await desk.publish(300)
    deliveries = await desk.came(300)
    for delivery in deliveries[:250]:
        await delivery.ack()
    await desk.told(1)
    assert desk.frames == [(250, True)]
    for delivery in deliveries[250:]:
        await delivery.ack()
    await desk.told(2)
    assert desk.frames == [(250, True), (300, True)]


async def test_what_is_done_before_an_earlier_one_waits_for_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second batch ends before the first: both go in one frame as the first ends."""
    await desk.close()
    hurried(monkeypatch, FOR_EVER)
    await desk.open()
    await desk.publish(100)
    deliveries = await desk.came(100)
    for delivery in deliveries[50:]:
        await delivery.ack()
    await asyncio.sleep(0)  # a turn of the loop, in which it would be told
    assert desk.frames == []
    for delivery in deliveries[:50]:
        await delivery.ack()
    await desk.told(1)
    assert desk.frames == [(100, True)]


async def test_an_open_one_holds_no_acknowledgement_for_long(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands behind an open message is told one by one after a moment; the open one comes again, they do not."""
    await desk.close()
    hurried(monkeypatch, 0.01)
    await desk.open()
    await desk.publish(5)
    deliveries = await desk.came(5)
    for delivery in deliveries[1:]:
        await delivery.ack()
    await desk.told(4)
    assert desk.frames == [(number, False) for number in (2, 3, 4, 5)]
    kept = deliveries[0].body
    assert kept in await desk.left(1)


async def test_no_more_wait_than_leave_room_for_deliveries(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fourth of what the broker delivers may wait behind an open message, however long they may."""
    await desk.close()
    hurried(monkeypatch, FOR_EVER)
    await desk.open()
    await desk.publish(PREFETCH)
    deliveries = await desk.came(PREFETCH)
    for delivery in deliveries[1 : 2 + PREFETCH // 4]:
        await delivery.ack()
    await desk.told(1 + PREFETCH // 4)
    assert not any(multiple for _, multiple in desk.frames)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_the_order_what_is_left_is_what_was_not_acknowledged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Messages are acknowledged, given back and left alone in any order: those that come again are the other two."""
    random = Random(seed)  # noqa: S311  # a test, not a secret
    await desk.close()
    hurried(monkeypatch, random.choice([0.0, 0.005, FOR_EVER]))
    await desk.open()
    await desk.publish(200)
    deliveries = list(await desk.came(200))
    acked, back = set[bytes](), set[bytes]()
    for delivery in random.sample(deliveries, 190):
        if random.random() < 0.1 and len(back) < 5:
            back.add(delivery.body)
            await delivery.requeue()
        else:
            acked.add(delivery.body)
            await delivery.ack()
        if random.random() < 0.3:
            await asyncio.sleep(0)  # a turn of the loop: what was acknowledged until here is told
    left = await desk.left(200 - len(acked))
    assert not left & acked
    assert {delivery.body for delivery in deliveries} - acked <= left
