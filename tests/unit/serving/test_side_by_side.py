"""Work side by side: bounded, its results in order, nothing left behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from shared.running.side_by_side import side_by_side
from tests.waiting import until


async def numbers(count: int) -> AsyncIterator[int]:
    """From zero on."""
    for number in range(count):
        yield number


class Work:
    """Ends for each number when it is told to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.given_up: list[int] = []
        self.free: dict[int, asyncio.Event] = {number: asyncio.Event() for number in range(9)}

    async def __call__(self, number: int) -> int:
        self.begun.append(number)
        try:
            await self.free[number].wait()
        except asyncio.CancelledError:
            self.given_up.append(number)
            raise
        if number == 7:
            raise LookupError(number)
        self.ended.append(number)
        return number * 10


async def test_results_come_in_order_whoever_ends_first() -> None:
    """Three are begun, no fourth before the first is taken; the last one to end comes when its turn is."""
    work = Work()

    async def take() -> list[int]:
        return [result async for result in side_by_side(numbers(5), work, 3)]

    taking = asyncio.create_task(take())
    await until(lambda: len(work.begun) == 3, what="three at work")
    work.free[2].set()
    work.free[1].set()
    await until(lambda: len(work.ended) == 2, what="the later ones")
    assert (work.begun, taking.done()) == ([0, 1, 2], False)
    for number in (4, 3, 0):
        work.free[number].set()
    assert await taking == [0, 10, 20, 30, 40]


async def test_who_leaves_leaves_nothing_behind() -> None:
    """Closed early, or cancelled, all that is under way is given up before it returns."""
    work = Work()
    work.free[0].set()
    async with aclosing(side_by_side(numbers(5), work, 3)) as results:
        assert await anext(results) == 0
        await until(lambda: len(work.begun) == 3, what="the others at work")
    assert work.given_up == [1, 2]
    work = Work()
    taking = asyncio.ensure_future(anext(side_by_side(numbers(5), work, 3)))
    await until(lambda: len(work.begun) == 3, what="three at work")
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert work.given_up == [0, 1, 2]


async def test_the_first_error_by_order_ends_it() -> None:
    """What comes before it is given out, what comes behind it is given up."""
    work = Work()
    for number in (0, 1, 2, 3, 4, 5, 6, 7):
        work.free[number].set()
    results = side_by_side(numbers(9), work, 3)
    assert [await anext(results) for _ in range(7)] == [0, 10, 20, 30, 40, 50, 60]
    with pytest.raises(LookupError):
        await anext(results)
    assert 8 not in work.begun or work.given_up == [8]
