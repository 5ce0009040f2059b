"""Work side by side whose results are taken in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def side_by_side(
    given: AsyncIterator[T], work: Callable[[T], Awaitable[R]], at_once: int
) -> AsyncGenerator[R, None]:
    """What `work` makes of each thing given, in the order given.

    At most `at_once` are under way, or done and not taken yet: what waits for the taker is bounded, too. The first
    error, in that order, ends it. Nothing goes on behind its end: whoever may leave early closes it (`aclosing`).
    """
    under_way: deque[asyncio.Task[R]] = deque()

    async def one(thing: T) -> R:
        return await work(thing)

    more = True
    try:
        while True:
            while more and len(under_way) < at_once:
                try:
                    thing = await anext(given)
                except StopAsyncIteration:
                    more = False
                else:
                    under_way.append(asyncio.create_task(one(thing)))
            if not under_way:
                return
            yield await under_way[0]
            under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
