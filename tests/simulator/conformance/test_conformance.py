"""At least 95 of 100 recorded cases of each operation that Trueup uses are answered as Shopify answered them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from simulator.clock import VirtualClock
from tests.simulator.client import Client
from tests.simulator.conformance.quantities import replay_bounds, replay_contracts, replay_names, replay_reasons
from tests.simulator.conformance.replay import Tally
from tests.simulator.conformance.rest import replay_bulk, replay_cold_read, replay_locations, replay_place
from tests.simulator.conformance.stocking import replay_activation, replay_deactivation, replay_windows

Scene = Callable[[Client, Tally], Awaitable[None]]
SCENES: tuple[Scene, ...] = (
    replay_contracts,
    replay_reasons,
    replay_bounds,
    replay_names,
    replay_activation,
    replay_deactivation,
    replay_windows,
    replay_cold_read,
    replay_locations,
    replay_place,
    replay_bulk,
)
WANTED = 0.95


async def test_recorded_cases(client: Client, clock: VirtualClock, capsys: pytest.CaptureFixture[str]) -> None:
    """Each operation: equal cases of all, after ids, times and the bucket's level are taken out; the others by name."""
    del clock  # the client's own
    tally = Tally()
    for scene in SCENES:
        await scene(client, tally)
    with capsys.disabled():
        print("", *tally.lines(), sep="\n  ")  # noqa: T201  # the figures are wanted in the log
    assert tally.left() == []
    short = [operation for operation in tally.equal if tally.share(operation) < WANTED]
    assert short == []
