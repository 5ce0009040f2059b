"""Batches under way end in any order and in any way, and lanes stop in any state: no cell is lost, none done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import product

import pytest

from services.reconciler.worker.lanes import lane, waits
from services.reconciler.worker.lanes.lane import BATCHES_AT_ONCE
from shared.domain.words.waits import WaitReason
from shared.errors import ShopifyThrottled, ShopifyUnclear
from shared.mongodb.connection import Mongo
from shared.mongodb.transactions import Overtaken
from tests.integration.shop_world import SHOP
from tests.integration.worker.lanes.lane_scene import Scene
from tests.waiting import arrival, until

ROWS = 4

ENDS: dict[str, Callable[[], Exception | None]] = {
    "done": lambda: None,
    "overtaken": lambda: Overtaken("another worker has it"),
    "budget": lambda: ShopifyThrottled("spent", 0.01, WaitReason.BUDGET),
    "no outcome": lambda: ShopifyThrottled("evidence comes later", 0.01, WaitReason.OUTCOME),
    "no answer": lambda: ShopifyUnclear("no answer"),
    "fault": lambda: ZeroDivisionError("a fault of ours"),
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches, and waits that are over at once."""
    monkeypatch.setattr(lane, "ROWS_PER_CALL", ROWS)
    monkeypatch.setattr(waits, "UNCLEAR_WAIT", 0.01)
    monkeypatch.setattr(waits, "FAILED_WAIT", 0.01)


async def test_two_batches_end_in_every_order_and_in_every_way(mongodb_uri: str, database_name: str) -> None:
    """Each cell runs once more for each failure of its own batch, for none of the other's, and ends once; each message
    is answered once."""
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    for first, second, order in product(ENDS, ENDS, [(0, 1), (1, 0)]):
        scene = Scene(mongo)
        scene.worker.by_gate = True
        ids = await scene.deliver(2 * ROWS)
        await scene.begun(2)
        ways = (first, second)
        batches = [list(batch) for batch in scene.worker.begun]
        scene.worker.by_gate = False  # all later ones succeed
        for number in order:
            outcome = ENDS[ways[number]]()
            scene.worker.gates[number].set_result(outcome)
            await scene.over(batches[number])
        await scene.empty()
        for way, batch in zip(ways, batches, strict=True):
            assert {scene.runs(cell) for cell in batch} == {1 if way == "done" else 2}, (first, second, order)
        assert all(scene.messages[cell].acked for cell in ids)
        assert await mongo.db["cells"].count_documents({"_id": {"$in": ids}, "state": "updated"}) == len(ids)
    mongo.close()


async def test_a_suspect_that_is_found_while_four_are_under_way_waits_for_them(scene: Scene) -> None:
    """Nothing else begins until the other batches have ended and the suspect has run alone; then the rest goes on."""
    scene.worker.by_gate = True
    ids = await scene.deliver((BATCHES_AT_ONCE + 2) * ROWS)
    await scene.begun(BATCHES_AT_ONCE)
    gates, begun = scene.worker.gates, scene.worker.begun
    suspect = begun[0][1]
    gates[0].set_result([suspect])
    for number in range(1, BATCHES_AT_ONCE):
        await until(lambda: len(scene.worker.now) == len([g for g in gates if not g.done()]), what="the ends so far")
        assert len(begun) == BATCHES_AT_ONCE
        gates[number].set_result(None)
    await scene.begun(BATCHES_AT_ONCE + 1)
    assert begun[BATCHES_AT_ONCE] == [suspect]
    assert scene.worker.now == [[suspect]]
    scene.worker.let_go()
    await scene.empty()
    assert {scene.runs(cell) for cell in ids if cell != suspect} == {1}
    assert scene.runs(suspect) == 2


async def test_a_failure_lets_the_others_end_and_one_batch_finds_out(scene: Scene) -> None:
    """While Shopify does not answer one batch, those under way end as they would; the next one is alone."""
    scene.worker.by_gate = True
    await scene.deliver((BATCHES_AT_ONCE + 1) * ROWS)
    await scene.begun(BATCHES_AT_ONCE)
    gates = scene.worker.gates
    gates[0].set_result(ShopifyUnclear("no answer"))
    await until(lambda: len(scene.worker.now) == BATCHES_AT_ONCE - 1, what="its end")
    for gate in gates[1:BATCHES_AT_ONCE]:
        gate.set_result(None)
    scene.worker.by_gate = False
    await scene.empty()
    assert sorted(map(len, scene.worker.begun)) == [ROWS] * (BATCHES_AT_ONCE + 2)


class State:
    """States in which a lane is stopped, each made by a coroutine of its name; returns the cells that are under way."""

    @staticmethod
    async def gathers(scene: Scene) -> list[str]:
        """A batch is not full, and the documents speak of more."""
        ids = await scene.deliver(ROWS - 1)
        job = {"shop": SHOP, "job_id": ids[0].split("|")[1]}
        more = {**job, "_id": "on its way", "location_id": "1", "state": "pending", "open": True, "push_id": None}
        await scene.mongo.db["cells"].insert_one({**more, "bom_id": "more", "no": ROWS})
        await scene.mongo.db["jobs"].update_one(job, {"$set": {"published_to": ROWS + 1}})
        return []

    @staticmethod
    async def works(scene: Scene) -> list[str]:
        """As many batches as may be are under way, and more cells wait."""
        scene.worker.by_gate = True
        await scene.deliver((BATCHES_AT_ONCE + 1) * ROWS)
        await scene.begun(BATCHES_AT_ONCE)
        return [cell for batch in scene.worker.now for cell in batch]

    @staticmethod
    async def rests(scene: Scene) -> list[str]:
        """The whole lane waits for the budget, holding no message."""
        scene.worker.act = lambda _: ShopifyThrottled("spent", 30.0, WaitReason.BUDGET)
        ids = await scene.deliver(2)
        await until(lambda: all(scene.messages[cell].acked for cell in ids), what="messages let go")
        return []

    @staticmethod
    async def rests_in_part(scene: Scene) -> list[str]:
        """One cell waits for the outcome of its push, and another one is under way."""
        scene.worker.act = lambda _: ShopifyThrottled("evidence comes later", 30.0, WaitReason.OUTCOME)
        [doubt] = await scene.deliver(1)
        await scene.mongo.db["cells"].update_one({"_id": doubt}, {"$set": {"push_id": "a push"}})
        await until(lambda: scene.messages[doubt].acked, what="a message let go", progress=lambda: scene.runs(doubt))
        scene.worker.by_gate = True
        await scene.deliver(1)
        await until(lambda: len(scene.worker.now) == 1, what="the other's begin")
        return scene.worker.now[0]

    @staticmethod
    async def runs_a_suspect(scene: Scene) -> list[str]:
        """A suspect is under way, alone, and others wait."""
        scene.worker.by_gate = True
        await scene.deliver(2 * ROWS)
        await scene.begun(2)
        scene.worker.gates[1].set_result(None)
        scene.worker.gates[0].set_result([scene.worker.begun[0][0]])
        await scene.begun(3)
        await scene.deliver(2)
        return scene.worker.now[0]


@pytest.mark.parametrize("state", ["gathers", "works", "rests", "rests_in_part", "runs_a_suspect"])
async def test_a_lane_that_stops_loses_nothing_in_any_state(scene: Scene, state: str) -> None:
    """What is under way comes to its end, and the stop waits for it; of the rest each cell goes back by its message, or
    is free to be published where only the lane knew of it. Nothing begins any more."""
    under_way = await getattr(State, state)(scene)
    begun = len(scene.worker.begun)
    stopping = asyncio.create_task(scene.lane.stop())
    if under_way:
        await asyncio.sleep(0)  # the stop has begun
        assert not stopping.done()
    scene.worker.let_go()
    await arrival(stopping, what="the stop")
    assert len(scene.worker.begun) == begun
    for cell, message in scene.messages.items():
        stored = await scene.stored(cell)
        ended, freed = stored["state"] == "updated", "freed_at" in stored
        assert [ended, message.back, freed and message.acked].count(True) == 1, (cell, stored)
        assert ended or cell not in under_way
