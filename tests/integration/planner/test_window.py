"""The window of a job is a mark: no cell is lost by one that has died, and none is published twice without need."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel

from services.reconciler.jobs import window as window_module
from services.reconciler.jobs.window import Window
from shared.domain.cell import CellState
from shared.rabbitmq.publishing.publisher import Publisher
from tests.integration.planner.job_of_cells import JobOfCells
from tests.integration.shop_world import SHOP
from tests.waiting import arrival, stored

SILENT = timedelta(seconds=60)


async def _pass(job: JobOfCells, time: timedelta) -> None:
    """Let time pass for what the documents say of the window: its moments lie that much further back."""
    stored = await job.stored()
    stood = [{**one, "at": one["at"] - time} for one in stored.get("stood", [])]
    await job.change({"$set": {"stood": stood}})
    earlier = {"$set": {"published_at": {"$subtract": ["$published_at", int(time.total_seconds() * 1000)]}}}
    await job.mongo.db["cells"].update_many({"published_at": {"$exists": True}}, [earlier])


async def test_the_next_are_published_as_others_end(job: JobOfCells) -> None:
    """So many are published and open, in the order of their numbers; those that ended when they were made are passed
    over."""
    await job.start(40, dead=[1, 2, 12])
    alive = [key for n, key in enumerate(job.keys) if n not in {1, 2, 12}]
    assert await job.publish(10) == alive[:10]
    assert await job.publish(10) == []
    await job.end(alive[3:7])
    assert await job.publish(10) == alive[10:14]
    assert await job.publish(5) == []
    await job.end([*alive[:3], *alive[7:14]])
    assert await job.publish(1000) == alive[14:]
    await job.end(alive[14:])
    assert await job.publish(1000) == []


async def test_one_publishes_at_a_time(job: JobOfCells) -> None:
    """While a claim is not confirmed nobody else has one, however much room there is; of many at once one has it."""
    await job.start(30)
    claims = await asyncio.gather(*(job.cells.claim_window(SHOP, job.job_id, 10) for _ in range(12)))
    [claim] = [one for one in claims if one is not None]
    assert await job.cells.claim_window(SHOP, job.job_id, 20) is None
    await job.cells.confirm_claim(claim)
    assert await job.publish(20) == job.keys[10:20]


async def test_what_was_not_published_is_free_at_once(job: JobOfCells) -> None:
    """A claim that is returned leaves everything as it was: first ones and those published again."""
    await job.start(20)
    await job.publish(5)
    await job.cells.free_places(SHOP, job.ids(job.keys[1:3]))
    claim = await job.claim(8)
    assert claim.cells == (*job.keys[1:3], *job.keys[5:8])
    await job.cells.return_claim(claim)
    assert await job.publish(8) == [*job.keys[1:3], *job.keys[5:8]]


async def test_what_a_dead_process_has_claimed_is_published_by_the_next(job: JobOfCells) -> None:
    """Killed between the mark and the broker's word: once the claim has run out its cells are claimed anew, and the
    word of the first, should it still come, confirms nothing."""
    await job.start(20)
    await job.publish(5)
    await job.cells.free_places(SHOP, job.ids(job.keys[1:3]))
    dead = await job.claim(8)
    assert await job.cells.claim_window(SHOP, job.job_id, 8) is None
    await job.change({"$set": {"publishing.until": datetime.now(UTC)}})
    again = await job.claim(8)
    assert again.cells == dead.cells
    await job.cells.confirm_claim(dead)
    await job.cells.return_claim(dead)
    assert await job.cells.claim_window(SHOP, job.job_id, 9) is None
    await job.cells.confirm_claim(again)
    assert await job.publish(9) == job.keys[8:9]


class _Unanswered(Publisher):
    """A publisher whose broker takes the messages, and says nothing."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def commands(self, key: str, messages: Sequence[BaseModel]) -> None:  # noqa: ARG002  # as the publisher's
        """Never returns."""
        self.asked.set()
        await asyncio.Event().wait()


async def test_who_stops_while_publishing_leaves_nothing_claimed(job: JobOfCells) -> None:
    """Cancelled before the broker has confirmed: the cells are free at once, not when the claim has run out."""
    await job.start(20)
    publisher = _Unanswered()
    refill = asyncio.create_task(Window(job.jobs, job.cells, publisher).refill(SHOP, job.job_id))
    await arrival(publisher.asked.wait(), what="messages that are published")
    assert await job.cells.claim_window(SHOP, job.job_id, 1000) is None
    refill.cancel()
    with pytest.raises(asyncio.CancelledError):
        await refill
    assert await job.publish(1000) == job.keys


async def test_a_slow_broker_is_not_taken_for_a_dead_process(job: JobOfCells, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim is renewed for as long as its messages wait for the broker's word."""
    monkeypatch.setattr(window_module, "CLAIM", timedelta(seconds=0.1))
    await job.start(20)
    publisher = _Unanswered()
    refill = asyncio.create_task(Window(job.jobs, job.cells, publisher).refill(SHOP, job.job_id))
    await arrival(publisher.asked.wait(), what="messages that are published")
    await job.change({"$set": {"publishing.until": datetime.now(UTC) - timedelta(hours=1)}})
    named = {"job_id": job.job_id}
    await stored(job.mongo.db["jobs"], named, lambda now: now["publishing"]["until"] > datetime.now(UTC))
    assert await job.cells.claim_window(SHOP, job.job_id, 1000) is None
    refill.cancel()
    with pytest.raises(asyncio.CancelledError):
        await refill


async def test_a_freed_place_goes_to_its_cell_again(job: JobOfCells) -> None:
    """A lane that gives up cells leaves room for them, and they go before the others; ended ones need none."""
    await job.start(20)
    await job.publish(10)
    await job.cells.free_places(SHOP, job.ids(job.keys[2:6]))
    await job.end(job.keys[2:3])
    assert await job.publish(10) == [*job.keys[3:6], job.keys[10]]
    assert await job.publish(10) == []


async def test_silent_cells_are_published_again_and_again(job: JobOfCells) -> None:
    """What has been open for the silence is free, whether the mark or the cell itself says since when; what was kept,
    and what came later, is not."""
    await job.start(20)
    await job.publish(10)

    async def look() -> int:
        return await job.cells.unclaim_silent(SHOP, job.job_id, SILENT)

    assert await look() == 0
    await _pass(job, SILENT / 2)
    await job.end(job.keys[:2])
    assert await job.publish(10) == job.keys[10:12]
    assert await look() == 0
    await _pass(job, SILENT / 2)
    await job.cells.keep_places(SHOP, job.ids(job.keys[2:4]))
    assert await look() == 6
    assert await job.publish(10) == job.keys[4:10]
    assert await look() == 0
    await _pass(job, SILENT / 2)
    assert await look() == 2  # the two that were published in between
    await _pass(job, SILENT / 2)
    assert await look() == 8  # those that were kept, or published again
    assert await look() == 0
    assert sorted(await job.publish(10)) == sorted(job.keys[2:12])


async def test_all_that_was_published_is_free_where_a_partition_changes_hands(job: JobOfCells) -> None:
    """Without a silence to wait for, everything published and open is free."""
    await job.start(20)
    await job.publish(10)
    await job.cells.keep_places(SHOP, job.ids(job.keys[2:4]))
    assert await job.cells.unclaim_silent(SHOP, job.job_id, timedelta()) == 10
    assert await job.publish(10) == job.keys[:10]


async def test_what_is_on_its_way_is_what_was_published_and_not_begun(job: JobOfCells) -> None:
    """Cells begun, freed, ended or not yet published are not waited for."""
    await job.start(12)
    await job.publish(8)
    await job.cells.begin(SHOP, await job.cells.load(SHOP, job.ids(job.keys[:2])))
    await job.cells.free_places(SHOP, job.ids(job.keys[2:4]))
    await job.end(job.keys[4:6])
    assert await job.cells.published_and_pending(SHOP) == set(job.ids(job.keys[6:8]))
    assert await job.cells.any_pending(SHOP)
    await job.cells.begin(SHOP, await job.cells.load(SHOP, job.ids(job.keys)))
    assert not await job.cells.any_pending(SHOP)


async def test_no_history_loses_a_cell_or_overfills_the_window(job: JobOfCells) -> None:
    """Claims that are confirmed, returned or abandoned, cells that end, are freed or fall silent, in any order: no more
    are published than there is room for, and in the end each has been."""
    chance = random.Random(7)  # noqa: S311  # a history that can be repeated
    window, published = 12, set[str]()
    await job.start(120, dead=range(0, 120, 11))
    for _ in range(400):
        claim = await job.cells.claim_window(SHOP, job.job_id, window)
        if claim is not None:
            fate = chance.choice(["confirmed", "confirmed", "returned", "abandoned"])
            if fate == "confirmed":
                await job.cells.confirm_claim(claim)
                published.update(job.ids(claim.cells))
            elif fate == "returned":
                await job.cells.return_claim(claim)
            else:
                await job.change({"$set": {"publishing.until": datetime.now(UTC)}})
        opened = [cell async for cell in job.mongo.db["cells"].find({"open": True}).sort("no", 1)]
        if not opened:
            break
        mark = (await job.stored()).get("published_to", 0)
        assert sum(cell["no"] < mark and "freed_at" not in cell for cell in opened) <= window
        at_work = [cell["_id"] for cell in opened if cell["_id"] in published]
        some = chance.sample(at_work, min(len(at_work), chance.randint(0, 6)))
        what = chance.choice(["end", "end", "end", "free", "silence"])
        if what == "end" and some:
            chosen = [key for key in job.keys if job.ids([key])[0] in some]
            await job.end(chosen)
        elif what == "free":
            await job.cells.free_places(SHOP, some)
        elif what == "silence":
            await job.cells.unclaim_silent(SHOP, job.job_id, SILENT)
            await _pass(job, SILENT)
    assert await job.counted() == {str(CellState.UPDATED): 109, str(CellState.ERROR): 11}


async def test_a_claim_reads_a_window_of_index_entries(job: JobOfCells) -> None:
    """However many cells have ended or wait: no document of those is read, and no entry of those beyond the window."""
    await job.start(1200)
    for _ in range(10):
        await job.end(await job.publish(100))
    await job.mongo.db.command({"profile": 2})
    assert len(await job.publish(50)) == 50
    assert await job.cells.any_open(SHOP, job.job_id)
    await job.cells.published_and_pending(SHOP)
    await job.mongo.db.command({"profile": 0})
    of_cells = {"ns": job.mongo.db["cells"].full_name}
    seen = [entry async for entry in job.mongo.db["system.profile"].find(of_cells)]
    assert len(seen) >= 4
    assert max(entry["keysExamined"] for entry in seen) <= 52
    assert sum(entry["docsExamined"] for entry in seen) <= 50
