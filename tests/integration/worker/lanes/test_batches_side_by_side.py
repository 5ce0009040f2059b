"""Several batches of a shop are under way at once, and what waits, waits for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from services.reconciler.worker.lanes import waits as lane_waits
from services.reconciler.worker.lanes.lane import BATCHES_AT_ONCE, GIVE_UP_WAIT, Lane
from shared.domain.batches import ROWS_PER_CALL
from shared.domain.words.waits import WaitReason
from shared.errors import ShopifyThrottled, ShopifyUnclear
from shared.mongodb.jobs.cells.cells import CellStore
from tests.integration.shop_world import SHOP
from tests.integration.worker.lanes.lane_scene import Scene
from tests.waiting import arrival, until


def doubtful(*cells: str, seconds: float = 58.0) -> Callable[[Sequence[str]], Exception | None]:
    """A worker that cannot follow the push of these cells, and does every other batch."""
    throttled = ShopifyThrottled("evidence comes later", seconds, WaitReason.OUTCOME)
    return lambda batch: throttled if set(batch) & set(cells) else None


async def test_so_many_batches_and_no_more_overlap(scene: Scene) -> None:
    """While Shopify answers none, four batches of different cells are under way; the fifth begins as one ends."""
    scene.worker.hold = asyncio.Event()
    ids = await scene.deliver((BATCHES_AT_ONCE + 1) * ROWS_PER_CALL)
    await scene.begun(BATCHES_AT_ONCE)
    scene.worker.hold.set()
    await scene.empty()
    assert sorted(cell for batch in scene.worker.begun for cell in batch) == sorted(ids)
    assert max(scene.worker.together) == BATCHES_AT_ONCE


async def test_a_doubtful_cell_keeps_no_other_waiting(scene: Scene) -> None:
    """A cell whose push has no outcome yet rests by itself; its message is not held, and another job's cell is done."""
    [doubt] = await scene.deliver(1)
    await scene.mongo.db["cells"].update_one({"_id": doubt}, {"$set": {"push_id": "a push"}})
    scene.worker.act = doubtful(doubt)
    await until(lambda: scene.messages[doubt].acked, what="a message let go", progress=lambda: len(scene.worker.begun))
    [other] = await scene.deliver(1)
    await until(lambda: scene.messages[other].acked, what="the other", progress=lambda: len(scene.worker.begun))
    assert scene.worker.begun == [[doubt], [other]]
    assert scene.lane.size == 1


async def test_the_rest_of_a_doubtful_batch_goes_on_at_once(scene: Scene) -> None:
    """Of a batch that had to stop, only the cells that name a push wait."""
    ids = await scene.deliver(3)
    await scene.mongo.db["cells"].update_one({"_id": ids[1]}, {"$set": {"push_id": "a push"}})
    scene.worker.act = doubtful(ids[1])
    await scene.begun(2)
    assert scene.worker.begun[:2] == [ids, [ids[0], ids[2]]]
    await until(lambda: scene.lane.size == 1, what="the others' end", progress=lambda: scene.lane.size)


async def test_a_cell_in_long_doubt_keeps_its_place_and_is_looked_at_once_a_minute(scene: Scene) -> None:
    """Beyond a minute nobody remembers it; it is published again when it has been silent, not every few seconds."""
    [doubt] = await scene.deliver(1)
    await scene.mongo.db["cells"].update_one({"_id": doubt}, {"$set": {"push_id": "a push"}})
    scene.worker.act = doubtful(doubt, seconds=GIVE_UP_WAIT + 1)
    await scene.empty()
    stored = await scene.stored(doubt)
    assert "published_at" in stored
    assert "freed_at" not in stored
    assert scene.messages[doubt].acked


async def test_what_only_a_stopped_lane_knew_of_is_free_at_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane that waits after an unclear answer holds no message; stopped, it leaves its cells to be published."""
    monkeypatch.setattr(lane_waits, "UNCLEAR_WAIT", 30.0)
    ids = await scene.deliver(2)
    scene.worker.act = lambda _: ShopifyUnclear("no answer")
    await until(
        lambda: all(message.acked for message in scene.messages.values()),
        what="messages let go",
        progress=lambda: len(scene.worker.begun),
    )
    await scene.lane.stop()
    assert all(["freed_at" in await scene.stored(one) for one in ids])


async def test_batches_that_fail_together_are_one_failure(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four batches without an answer lengthen the wait once, and one batch tries whether answers come again."""
    waits: list[int] = []

    def backoff(failures: int, *_: float) -> float:
        waits.append(failures)
        return 0.01

    monkeypatch.setattr(lane_waits, "backoff", backoff)
    scene.worker.hold = asyncio.Event()
    await scene.deliver(BATCHES_AT_ONCE * ROWS_PER_CALL)
    scene.worker.act = lambda _: ShopifyUnclear("no answer")
    await scene.begun(BATCHES_AT_ONCE)
    scene.worker.hold.set()
    await scene.begun(BATCHES_AT_ONCE + 1)
    assert waits[:BATCHES_AT_ONCE] == [1] * BATCHES_AT_ONCE
    assert scene.worker.together[BATCHES_AT_ONCE] == 1
    scene.worker.act = lambda _: None
    await scene.empty()


async def test_a_suspect_is_alone(scene: Scene) -> None:
    """A cell that was begun too often runs while no other of the shop does, and the others go on after it."""
    ids = await scene.deliver(3 * ROWS_PER_CALL)
    suspects = [ids[0], ids[-1]]
    scene.worker.act = lambda batch: [cell for cell in batch if cell in suspects]
    await scene.empty()
    alone = [batch for batch in scene.worker.begun if len(batch) == 1]
    assert sorted(cell for [cell] in alone) == sorted(suspects)


class _Reads:
    """A clock whose reads are given one by one, the last for good; nobody waits for it."""

    def __init__(self, *reads: float) -> None:
        self._reads = list(reads)

    def now(self) -> datetime:
        """Nobody asks."""
        raise NotImplementedError

    def monotonic(self) -> float:
        """The next read."""
        return self._reads.pop(0) if len(self._reads) > 1 else self._reads[0]

    async def sleep(self, seconds: float) -> None:
        """Any time has passed at once; none is below zero."""
        assert seconds >= 0


@pytest.mark.parametrize("whole", [True, False], ids=["the lane", "a cell"])
async def test_a_rest_that_ends_between_two_looks_is_not_slept_through(scene: Scene, whole: bool) -> None:
    """However a rest's end falls between reads of the clock, the lane comes back to it by itself."""
    for early in range(1, 5):
        lane = Lane(SHOP, scene.worker, CellStore(scene.mongo.db), lambda _: None, _Reads(*[9.9] * early, 10.1))
        lane._messages._messages["cell"] = None
        if whole:
            lane._waits._lane_until = 10.0
        else:
            lane._waits._cells_until["cell"] = 10.0
        begun = len(scene.worker.begun)
        while not lane.at_work:
            await arrival(lane._turn(), what=f"a turn of the lane, {early} early looks")
        await scene.begun(begun + 1)
        await lane.stop()
