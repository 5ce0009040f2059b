"""The scene of the plan: whether Shopify's points are what a large job waits for, or we are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.cells import Cells, Size
from benchmarks.measuring import tables
from benchmarks.measuring.figures import Figures
from benchmarks.measuring.goals import Goal
from benchmarks.scenes.scene import Form, Scene
from benchmarks.stages.place import Place, opened
from shared.contract.seal import Seals
from shared.domain.comparison import Direction
from shared.rabbitmq.publishing.publisher import Publisher
from simulator.settings import shopify_plans
from tests.integration.shop_world import new_id

FULL, EMPTY = "from a full bucket", "from an empty bucket"
"""As a shop has it that nobody has asked anything; and as one has it whose app has just used all of it."""

_PREVIEW, _JOB, _BOTH = "preview", "toShopify", "preview and job"


@dataclass(frozen=True, slots=True)
class Planned:
    """How many cells, and the plan."""

    boms: int
    locations: int = 5
    plan: str = "standard"


def seconds_of_points(points: float, *, plan: str, full: bool) -> float:
    """How long the points alone take: what the bucket does not hold as it begins is restored at the plan's rate."""
    bucket = shopify_plans()[plan]
    return max(0.0, points - (bucket.maximum if full else 0.0)) / bucket.restore_rate


async def run(size: Planned, numbers: Iterable[int], notes: dict[str, Any]) -> AsyncGenerator[Figures, None]:
    """A preview and its job, from a bucket that is full, and from one that is empty; a shop of its own for each."""
    async with opened(notes) as place:
        for number in numbers:
            yield {
                case: await _once(place, size, f"{'full' if case == FULL else 'empty'}-{number}", full=case == FULL)
                for case in (FULL, EMPTY)
            }


async def _once(place: Place, size: Planned, name: str, *, full: bool) -> Figures:
    asked = Size(size.boms, size.locations, plan=size.plan, directions=(Direction.TO_SHOPIFY,))
    bench = Cells(place, asked, name=name)
    shop = f"plan-{name}.myshopify.com"
    await bench.drifted.make(shop, Direction.TO_SHOPIFY, size.boms, size.locations)
    # What making it has cost is restored.
    await asyncio.sleep(2)
    if not full:
        await bench.drifted.control(f"shops/{shop}/empty_bucket")
    settings = place.stage.settings
    publisher = await Publisher.open(settings.amqp_url.get_secret_value(), "benchmark", Seals(settings.client_secrets))
    try:
        previews = {shop: new_id()}
        previewed = await bench.previews(publisher, previews)
        ran = await bench.jobs(publisher, Direction.TO_SHOPIFY, previews)
    finally:
        await publisher.close()
    points = previewed["points_until_its_end"] + ran["points_until_its_end"]
    seconds = previewed["seconds"] + ran["seconds"]
    alone = seconds_of_points(points, plan=size.plan, full=full)
    both: Figures = {"cells": asked.cells, "points": points, "seconds": seconds, "seconds_of_points": alone}
    if alone:
        both["times_points"] = seconds / alone
    return {_PREVIEW: previewed, _JOB: ran, _BOTH: both}


def _tables(figures: Figures) -> Mapping[str, str]:
    rows = []
    for case, steps in figures.items():
        both = steps[_BOTH]
        times = f"{both['times_points']:.2f}" if "times_points" in both else "–"
        rows.append(
            [
                *(times, case, f"{both['seconds']:.1f}", tables.spread(both), f"{both['seconds_of_points']:.1f}"),
                *(f"{both['points']:,.0f}", f"{steps[_JOB]['cells_per_second']:,.0f}", steps[_JOB]["throttled"]),
            ]
        )
    heads = [
        *("× points alone", "preview and job", "seconds", "least – most", "seconds that the points take", "points"),
        *("cells/s of the job", "throttled"),
    ]
    return {"": tables.table(heads, rows)}


PLAN = Scene(
    name="plan",
    about="50,000 cells on the Standard plan: the time beside what the points alone take",
    # Few cells take no more points than the bucket holds: there is no quick form.
    sizes={Form.TINY: Planned(boms=10), Form.LONG: Planned(boms=10_000)},
    run=run,
    tables=_tables,
    goals=[
        Goal(f"preview and job {case}", lambda run, case=case: run[case][_BOTH]["times_points"], at_most=1.15, unit="×")  # type: ignore[misc]  # a bound default
        for case in (FULL, EMPTY)
    ],
    runs=3,
)
