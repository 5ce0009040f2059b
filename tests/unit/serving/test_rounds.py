"""Rounds: done again and again, told to be silent once they have not ended well for several periods."""

from __future__ import annotations

import asyncio

from shared import metrics
from shared.running.rounds import SILENT_AT_LEAST, SILENT_PERIODS, Rounds

HANGS = "hangs"
"""No service has a round of this name: one that runs in the same process shows ages of its own."""


class Bell:
    """A pause that ends when the test says so."""

    def __init__(self) -> None:
        self.rests: asyncio.Queue[float] = asyncio.Queue()
        self.go = asyncio.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        self.rests.put_nowait(seconds)
        await self.go.acquire()


async def test_a_round_is_done_again_also_after_one_that_failed() -> None:
    """What fails is done again after the same pause, and nothing else ends with it."""
    done: list[int] = []

    async def work() -> None:
        done.append(len(done))
        if len(done) == 2:
            raise ConnectionError("the store is away")

    rounds, bell = Rounds(), Bell()
    rounds.begin("watchdog", work, 5.0, rest=bell)
    for _ in range(3):
        assert await bell.rests.get() == 5.0
        bell.go.release()
    await bell.rests.get()
    await rounds.stop()
    assert done == [0, 1, 2, 3]


async def test_a_round_that_fails_for_several_periods_is_silent_and_one_that_works_again_is_not() -> None:
    """Silence is counted from the last round that ended well."""
    now, fails = [0.0], [True]

    async def work() -> None:
        if fails[0]:
            raise ConnectionError("the store is away")

    rounds, bell = Rounds(clock=lambda: now[0]), Bell()
    rounds.begin("watchdog", work, 30.0, rest=bell)
    await bell.rests.get()
    now[0] = SILENT_PERIODS * 30.0
    assert rounds.silent == []
    now[0] += 1
    assert rounds.silent == ["watchdog"]
    fails[0] = False
    bell.go.release()
    await bell.rests.get()
    assert rounds.silent == []
    await rounds.stop()


async def test_a_round_that_hangs_is_silent_and_its_age_is_shown() -> None:
    """A loop that waits for ever is seen, by the gauge and by readiness, until the process stops it."""
    now = [0.0]
    rounds = Rounds(clock=lambda: now[0])
    rounds.begin(HANGS, asyncio.Event().wait, 1.0)
    await asyncio.sleep(0)
    now[0] = SILENT_AT_LEAST + 1
    assert rounds.silent == [HANGS]
    [family] = metrics.ROUND_AGE.collect()
    assert [(sample.labels, sample.value) for sample in family.samples if sample.labels["round"] == HANGS] == [
        ({"round": HANGS}, SILENT_AT_LEAST + 1)
    ]
    await rounds.stop()
    [family] = metrics.ROUND_AGE.collect()
    assert not [sample for sample in family.samples if sample.labels["round"] == HANGS]
