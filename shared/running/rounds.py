"""Rounds: what a process does again and again beside its messages, each with the time of its last good one.

A loop that has died or hangs is seen by nobody: no message waits for it. So the age of the last good round is a gauge,
and a process whose rounds have been silent for several of their periods is not ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

import structlog

from shared import metrics

log = structlog.get_logger()

SILENT_PERIODS = 10
"""A round that has not ended well for so many of its periods is silent,"""

SILENT_AT_LEAST = 60.0
"""and for so many seconds: a store that is away for a moment, or a slow call to Shopify, silences nothing."""


@dataclass(slots=True)
class _Round:
    name: str
    every: float
    good_at: float
    task: asyncio.Task[None] | None = None


class Rounds:
    """Runs the rounds of one process until `stop`."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._rounds: dict[str, _Round] = {}
        ages = self._rounds
        # The gauge must not hold on to this object.
        metrics.ROUND_AGE.ask(self, lambda: {(each.name,): clock() - each.good_at for each in ages.values()})

    def begin(
        self,
        name: str,
        work: Callable[[], Awaitable[object]],
        every: float,
        *,
        rest: Callable[[float], Awaitable[object]] = asyncio.sleep,
        finish: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """Do `work` now and then again, `every` seconds after it has ended; `rest` may end a pause early.

        A round that fails is logged and done again: what it had to do stands in the documents. `finish` is for what a
        round has begun and not waited for; it runs at the end.
        """
        each = self._rounds[name] = _Round(name, every, self._clock())
        each.task = asyncio.create_task(self._run(each, work, rest, finish), name=name)

    @property
    def silent(self) -> list[str]:
        """Rounds that have not ended well for too long, by name."""
        return [
            each.name
            for each in self._rounds.values()
            if self._clock() - each.good_at > max(SILENT_PERIODS * each.every, SILENT_AT_LEAST)
        ]

    async def stop(self) -> None:
        """Cancel what is under way, and wait for it."""
        tasks = [each.task for each in self._rounds.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        metrics.ROUND_AGE.forget(self)

    async def _run(
        self,
        each: _Round,
        work: Callable[[], Awaitable[object]],
        rest: Callable[[float], Awaitable[object]],
        finish: Callable[[], Awaitable[object]] | None,
    ) -> None:
        try:
            while True:
                try:
                    await work()
                    each.good_at = self._clock()
                except Exception:  # a store or broker that is away, most often: the next round tries again
                    log.exception("round_failed", round=each.name)
                await rest(each.every)
        finally:
            if finish is not None:
                await finish()
