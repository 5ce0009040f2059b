"""The lanes of the indexer."""

import asyncio

from services.webhook_ingest.indexer.lanes import BATCH, EventLanes
from tests.waiting import arrival


async def test_a_shop_keeps_its_order_and_waits_for_no_other() -> None:
    """A shop's items are worked on in order, one batch at a time, while another shop is held up."""
    held, all_quick = asyncio.Event(), asyncio.Event()
    done: dict[str, list[int]] = {"slow": [], "quick": []}
    sizes: list[int] = []

    async def work(shop: str, batch: list[int]) -> None:
        if shop == "slow":
            await held.wait()
        else:
            sizes.append(len(batch))
        done[shop].extend(batch)
        if len(done["quick"]) > 2 * BATCH:
            all_quick.set()

    lanes = EventLanes(work)
    lanes.add("slow", 0)
    for number in range(2 * BATCH + 1):
        lanes.add("quick", number)
    await arrival(all_quick.wait(), what="the quick shop's items")
    assert done == {"slow": [], "quick": list(range(2 * BATCH + 1))}
    assert sizes == [BATCH, BATCH, 1]
    held.set()
    await lanes.finish(600)
    assert done["slow"] == [0]


async def test_finish_gives_up_what_hangs() -> None:
    """Stopping does not wait for ever: what is not done is given up, and its messages come again."""

    async def work(_: str, __: list[int]) -> None:
        await asyncio.Event().wait()

    lanes = EventLanes(work)
    lanes.add("a", 1)
    await arrival(lanes.finish(0.02), what="the end of the lanes")
