"""How the memory of each process goes while something runs: a peak alone does not tell whether it grows."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from benchmarks.measuring.counters import resident, trees

_EVERY = 0.5
_ENOUGH = 8
"""Samples below which a half says nothing."""


class Memory:
    """Samples for an `async with` block. `processes`: by name, as it begins."""

    def __init__(self, processes: Callable[[], Mapping[str, int]]) -> None:
        self._processes = processes
        self._samples: dict[str, list[float]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._task = asyncio.create_task(self._sample())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _sample(self) -> None:
        # Once: to look for children costs more than all the rest.
        of = trees(self._processes())
        while True:
            for name, megabytes in resident(of).items():
                self._samples[name].append(megabytes)
            await asyncio.sleep(_EVERY)

    def growth(self) -> dict[str, float]:
        """Of each process, the peak of the second half over that of the first; none where it was over too soon."""
        return {name: growth(samples) for name, samples in self._samples.items() if len(samples) >= _ENOUGH}


def growth(samples: list[float]) -> float:
    """The peak of the second half over that of the first: caches fill, queues must not."""
    middle = len(samples) // 2
    first = max(samples[:middle])
    return round(max(samples[middle:]) / first, 3) if first else 1.0
