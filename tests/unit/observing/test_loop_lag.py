"""How late the event loop is."""

from __future__ import annotations

import pytest

from shared import metrics
from shared.observing.loop_lag import measure


def lag(part: str, **labels: str) -> float:
    """A part of the histogram so far."""
    return metrics.REGISTRY.get_sample_value(f"trueup_event_loop_lag_seconds_{part}", labels) or 0.0


class Ended(Exception):
    """The story is over."""


async def test_what_is_late_is_noted_and_what_is_early_is_none() -> None:
    """Each wait adds what it lasted longer than it was to; a timer that fires a little early is not late."""
    now, late = 0.0, iter([0.0, 3.0, -0.001, 0.5])
    before = lag("count"), lag("sum"), lag("bucket", le="1.0")

    async def sleep(seconds: float) -> None:
        nonlocal now
        try:
            now += seconds + next(late)
        except StopIteration:
            raise Ended from None

    with pytest.raises(Ended):
        await measure(lambda: now, sleep)
    assert lag("count") - before[0] == 4
    assert lag("sum") - before[1] == pytest.approx(3.5)
    assert lag("bucket", le="1.0") - before[2] == 3
