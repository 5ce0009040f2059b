"""One clock for a client and a simulator in two processes: the client's waits move it, the simulator reads it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path


class ReadClock:
    """The clock as the simulator sees it: a number of seconds in a file that both have mapped."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 8)

    @property
    def seconds(self) -> float:
        """Seconds since 1970."""
        value: float = struct.unpack("d", self._memory[:8])[0]
        return value

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.fromtimestamp(self.seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        """Return once the client has moved the clock that far."""
        until = self.seconds + seconds
        while self.seconds < until:  # noqa: ASYNC110  # the other process announces nothing
            await asyncio.sleep(0.001)


class MovedClock(ReadClock):
    """The clock as the client has it: it stands still while there is work, and jumps to the next sleeper's time."""

    def __init__(self, path: Path, start: datetime) -> None:
        path.write_bytes(struct.pack("d", start.timestamp()))
        super().__init__(path)
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._slept = asyncio.Event()
        self.began = self.now()

    def monotonic(self) -> float:
        """The same seconds."""
        return self.seconds

    @property
    def passed(self) -> timedelta:
        """How far it was moved."""
        return self.now() - self.began

    async def sleep(self, seconds: float) -> None:
        """Return when the clock has been moved that far."""
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.seconds + max(0.0, seconds), next(self._order), wake))
        self._slept.set()
        await wake

    async def run(self) -> None:
        """Move from sleeper to sleeper until cancelled."""
        while True:
            await self._slept.wait()
            await asyncio.sleep(0.001)  # whoever can go on without the clock does so first
            if not self._sleepers:
                self._slept.clear()
                continue
            until, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():
                self._memory[:8] = struct.pack("d", max(self.seconds, until))
                wake.set_result(None)
