"""The gauges of unfinished jobs: what a scrape sees at any moment, and what a paused shop does to them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.reconciler.aggregator.watchdog import Watchdog
from shared.metrics import REGISTRY


class Documents:
    """Stands for the stores: answers as they do, and notes what a scrape shows in the meantime."""

    def __init__(self) -> None:
        self.open: list[tuple[str, int, datetime]] = []
        self.paused: dict[str, int] = {}
        self.seen: list[float | None] = []
        self.left_out: list[Collection[str]] = []

    async def open_by_state(self, paused: Collection[str] = ()) -> list[tuple[str, int, datetime]]:
        self.seen.append(REGISTRY.get_sample_value("trueup_jobs_open", {"state": "running"}))
        self.left_out.append(paused)
        return self.open

    async def held_by_reason(self, paused: Collection[str] = ()) -> dict[str, int]:
        """One job waits, of no paused shop."""
        assert list(paused) == ["paused.myshopify.com"]
        return {"throttled": 1}

    async def paused_by_reason(self) -> dict[str, int]:
        self.seen.append(REGISTRY.get_sample_value("trueup_jobs_open", {"state": "running"}))
        return self.paused

    async def paused_domains(self) -> list[str]:
        return ["paused.myshopify.com"]


@pytest.fixture
def documents() -> Documents:
    """Two running jobs, the older one an hour old; one shop that is locked."""
    made = Documents()
    made.open = [("running", 2, datetime.now(UTC) - timedelta(hours=1))]
    made.paused = {"locked": 1}
    return made


def watchdog(documents: Documents) -> Watchdog:
    """One that can only measure."""
    nothing = cast(Any, None)
    return Watchdog(
        jobs=cast(Any, documents),
        cells=nothing,
        shops=cast(Any, documents),
        planner=nothing,
        aggregator=nothing,
        job_events=nothing,
        window=nothing,
    )


async def test_a_scrape_during_the_measuring_sees_the_last_figures(documents: Documents) -> None:
    """While the documents are asked, the gauges stand: a gap would begin an alert's waiting time anew."""
    dog = watchdog(documents)
    await dog._measure()
    documents.seen.clear()
    await dog._measure()
    assert documents.seen == [2, 2]


async def test_a_state_without_jobs_is_zero(documents: Documents) -> None:
    """A state that no job is in any more is shown as zero, with age zero: a missing figure would look like no data."""
    dog = watchdog(documents)
    await dog._measure()
    documents.open = []
    await dog._measure()
    assert REGISTRY.get_sample_value("trueup_jobs_open", {"state": "running"}) == 0
    assert REGISTRY.get_sample_value("trueup_job_oldest_seconds", {"state": "running"}) == 0


async def test_a_paused_shop_is_told_apart(documents: Documents) -> None:
    """Jobs of paused shops are asked for apart: they wait for the merchant, and nobody here can make them faster."""
    await watchdog(documents)._measure()
    assert documents.left_out == [["paused.myshopify.com"]]
