"""Waits that grow from one failure to the next, to a bound, and never all alike."""

from __future__ import annotations

import random

LONGEST = 60.0
"""Seconds beyond which no wait of our own making grows."""

_MAX_DOUBLINGS = 30
_LEAST_SHARE = 0.5


def backoff(failures: int, first: float, max_wait: float = LONGEST) -> float:
    """Seconds to wait after so many failures in a row (1: the first): about `first`, then twice as long each time.

    Between half of that and all of it, at random: those that failed together do not come back together.
    """
    longest = min(max_wait, first * 2.0 ** min(max(failures - 1, 0), _MAX_DOUBLINGS))
    return longest * random.uniform(_LEAST_SHARE, 1.0)  # noqa: S311  # it spreads calls, it guards nothing
