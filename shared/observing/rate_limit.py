"""What strangers can cause as often as they like is recorded a few times, and then how often it was."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


class RateLimit:
    """Lets `limit` through in every `seconds`; what is held back is counted and recorded with the next one."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._began = clock()
        self._let_through = 0
        self._held_back = 0

    def now(self) -> int | None:
        """Whether this one is recorded: None where not, else how many before it were not."""
        if (present := self._clock()) - self._began >= self._seconds:
            self._began, self._let_through = present, 0
        if self._let_through >= self._limit:
            self._held_back += 1
            return None
        self._let_through += 1
        held_back, self._held_back = self._held_back, 0
        return held_back
