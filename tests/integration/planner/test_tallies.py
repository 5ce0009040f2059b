"""The totals of a job are derived from tallies, which say at any moment what counting its cells would."""

from __future__ import annotations

import asyncio
import random

import pytest

from shared.domain.cell import CellState
from shared.domain.comparison import Reason
from shared.domain.job import JobState, Totals
from shared.domain.words.codes import Code
from shared.mongodb.jobs.cells.cell import CellEnd
from shared.mongodb.jobs.totals.tallies import GATHERED_FROM
from shared.mongodb.transactions import Overtaken, Session
from tests.integration.planner.job_of_cells import JobOfCells
from tests.integration.shop_world import SHOP

ENDED = {"updated", "skipped", "error", "cancelled"}


async def _agree(job: JobOfCells) -> None:
    counted = await job.counted()
    assert await job.tallied() == {state: n for state, n in counted.items() if state in ENDED}


async def test_tallies_and_cells_agree_whatever_happens(job: JobOfCells) -> None:
    """Ends of every kind, several at once about the same cells, those that are overtaken, cancellations of a job and of
    a shop: tallies equal what is counted, and so do the totals, at every step."""
    chance = random.Random(3)  # noqa: S311  # a history that can be repeated
    await job.start(400, dead=range(0, 400, 17))
    await job.publish(400)
    alive = [key for n, key in enumerate(job.keys) if n % 17]
    ways = [
        (CellState.UPDATED, None, None),
        (CellState.SKIPPED, None, Reason.UNTRACKED),
        (CellState.ERROR, Code.CONFLICT, None),
        (CellState.ERROR, Code.NEGATIVE_TARGET, None),
    ]

    async def some() -> None:
        state, code, reason = chance.choice(ways)
        try:
            await job.end(chance.sample(alive, 5), state, code=code, reason=reason)
        except Overtaken:
            return

    for _ in range(12):
        await asyncio.gather(*(some() for _ in range(6)))
        await job.cells.begin(SHOP, await job.cells.load(SHOP, job.ids(chance.sample(alive, 10))))
        await _agree(job)
    shown = await job.totals.refresh(SHOP, job.job_id)
    assert shown is not None
    counted = await job.counted()
    assert shown.totals == Totals.of({CellState(state): n for state, n in counted.items()})
    assert shown.codes[Code.BOM_NOT_FOUND] == 24
    cancels = [job.cells.cancel_pending(SHOP, job.job_id), job.cells.cancel_unsent(SHOP, Code.SHOP_PAUSED_TOO_LONG)]
    await asyncio.gather(*cancels, some(), some())
    await _agree(job)
    ended = await job.totals.refresh(SHOP, job.job_id)
    assert ended is not None
    assert ended.state is JobState.COMPLETED_WITH_ERRORS
    counted = await job.counted()
    assert ended.totals == Totals.of({CellState(state): n for state, n in counted.items()})


async def test_ends_that_did_not_commit_leave_no_tally(job: JobOfCells) -> None:
    """A transaction that fails after the cells' ends takes the tallies back with them; an end happens once."""
    await job.start(8)

    async def body(session: Session) -> None:
        ends = [CellEnd(job.job_id, key, CellState.UPDATED, None) for key in job.keys]
        await job.cells.end(session, SHOP, ends)
        raise Overtaken("for a reason of its own")

    with pytest.raises(Overtaken):
        await job.mongo.transactions.run(body)
    assert await job.tallied() == {}
    await job.end(job.keys[:4])
    with pytest.raises(Overtaken):
        await job.end(job.keys[3:])
    assert await job.tallied() == {"updated": 4}
    await _agree(job)


async def test_an_end_under_another_push_ends_nothing(job: JobOfCells) -> None:
    """Cells of several pushes end together, each only under its own; one that names another keeps all of them open."""
    await job.start(6)
    for push_id, keys in (("P", job.keys[:2]), ("Q", job.keys[2:4])):
        await job.mongo.transactions.run(
            lambda session, push_id=push_id, keys=keys: job.cells.point(session, SHOP, job.ids(keys), None, push_id)  # type: ignore[misc]  # mypy cannot infer bound defaults
        )
    pushes = ["P", "P", "Q", "Q", None, None]

    async def end(named: list[str | None]) -> None:
        ends = [
            CellEnd(job.job_id, key, CellState.UPDATED, push_id) for key, push_id in zip(job.keys, named, strict=True)
        ]
        await job.mongo.transactions.run(lambda session: job.cells.end(session, SHOP, ends))

    for wrong in (["P", "P", "P", "Q", None, None], ["P", "P", "Q", "Q", "Q", None], ["P", None, "Q", "Q", None, None]):
        with pytest.raises(Overtaken):
            await end(wrong)
        assert await job.counted() == {"pending": 6}
    await end(pushes)
    assert await job.counted() == {"updated": 6}
    await _agree(job)


@pytest.mark.parametrize("tallied", [True, False])
async def test_a_job_whose_tallies_cannot_be_right_is_counted(job: JobOfCells, *, tallied: bool) -> None:
    """Cells that an earlier build has ended have no tally: the totals are right, and the job ends."""
    await job.start(10, dead=[0])
    if not tallied:
        await job.change({"$unset": {"tallied": ""}})
    await job.end(job.keys[1:8])
    await job.mongo.db["tallies"].delete_many({})
    if not tallied:
        shown = await job.totals.refresh(SHOP, job.job_id)
        assert shown is not None
        assert (shown.totals.updated, shown.totals.errors, shown.totals.pending) == (7, 1, 2)
    await job.end(job.keys[8:])
    ended = await job.totals.refresh(SHOP, job.job_id)
    assert ended is not None
    assert (ended.state, ended.totals) == (JobState.COMPLETED_WITH_ERRORS, Totals(total=10, updated=9, errors=1))


async def test_no_job_ends_with_an_open_cell(job: JobOfCells) -> None:
    """Tallies that say too much end nothing: the cells themselves are looked at."""
    await job.start(5)
    await job.end(job.keys[:4])
    await job.mongo.db["tallies"].update_many({}, {"$inc": {"cells": 1}})
    shown = await job.totals.refresh(SHOP, job.job_id)
    assert shown is not None
    assert (shown.state, shown.totals.updated, shown.totals.pending) == (JobState.RUNNING, 4, 1)


async def test_a_job_that_never_started_leaves_none(job: JobOfCells) -> None:
    """With its cells their tallies go."""
    await job.start(5, dead=[1])
    await job.cells.remove(SHOP, job.job_id)
    assert (await job.counted(), await job.tallied()) == ({}, {})


async def test_many_tallies_become_one(job: JobOfCells) -> None:
    """However many batches have ended, a sum reads a bounded number of tallies; several who sum up at once, ends that
    come meanwhile and a transaction that fails change no figure."""
    number = 2 * GATHERED_FROM + 40
    await job.start(number, dead=[0, 7])
    alive = [key for n, key in enumerate(job.keys) if n not in {0, 7}]
    read: list[int] = []
    for first in range(0, len(alive), 8):
        ways = [CellState.UPDATED, CellState.SKIPPED, CellState.ERROR]
        ends = [
            job.end([key], ways[n % 3], code=Code.CONFLICT if n % 3 == 2 else None)
            for n, key in enumerate(alive[first : first + 8])
        ]
        sums = [job.totals.refresh(SHOP, job.job_id) for _ in range(3)]
        await asyncio.gather(*ends, *sums)
        await _agree(job)
        read.append(await job.mongo.db["tallies"].count_documents({}))
    assert max(read) < GATHERED_FROM + 3 + 8 + 1
    counted = await job.counted()
    ended = await job.jobs.get(SHOP, job.job_id)
    assert ended is not None
    if not ended.ended:
        ended = await job.totals.refresh(SHOP, job.job_id)
    assert ended is not None
    assert ended.totals == Totals.of({CellState(state): n for state, n in counted.items()})
    assert ended.codes == {Code.BOM_NOT_FOUND: 2, Code.CONFLICT: counted["error"] - 2}


async def test_a_sum_that_did_not_commit_leaves_the_tallies(job: JobOfCells, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever dies after it has removed what it summed up leaves all as it was."""
    await job.start(GATHERED_FROM + 2)
    for key in job.keys[:-1]:
        await job.end([key])

    def dies(_: object) -> None:
        raise Overtaken("for a reason of its own")

    with monkeypatch.context() as patched:
        # What the figures are made of stands at the end of the transaction's reads.
        patched.setattr("shared.mongodb.jobs.totals.job_totals._figures", dies)
        with pytest.raises(Overtaken):
            await job.totals.refresh(SHOP, job.job_id)
    assert await job.mongo.db["tallies"].count_documents({}) == GATHERED_FROM + 1
    shown = await job.totals.refresh(SHOP, job.job_id)
    assert shown is not None
    assert (shown.totals.updated, shown.totals.pending) == (GATHERED_FROM + 1, 1)
    assert await job.mongo.db["tallies"].count_documents({}) == 1
    await _agree(job)


async def test_totals_cost_the_same_however_many_cells_have_ended(job: JobOfCells) -> None:
    """Of the cells one index entry is read, and those that are published."""
    await job.start(1000)
    for first in range(0, 900, 100):
        await job.publish(100)
        await job.end(job.keys[first : first + 100])
    await job.publish(100)
    await job.mongo.db.command({"profile": 2})
    shown = await job.totals.refresh(SHOP, job.job_id)
    await job.mongo.db.command({"profile": 0})
    assert shown is not None
    assert (shown.totals.updated, shown.totals.pending) == (900, 100)
    seen = [entry async for entry in job.mongo.db["system.profile"].find({"command.aggregate": "cells"})]
    seen += [entry async for entry in job.mongo.db["system.profile"].find({"command.find": "cells"})]
    assert len(seen) == 2
    assert sum(entry["docsExamined"] for entry in seen) <= 100
