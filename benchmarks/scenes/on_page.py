"""The scenes of the page: how long its list takes to open, and what it waits beside a shop that wants everything."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import fairness
from benchmarks.measuring import tables
from benchmarks.measuring.figures import Figures
from benchmarks.page import opening as page_open
from benchmarks.scenes.scene import Form, Scene

_OURS, _CROWD = "page", "crowd"


@dataclass(frozen=True, slots=True)
class Opened:
    """A list of so many BOMs, opened so often."""

    boms: int = 50
    locations: int = 4
    times: int = 15


async def _open(size: Opened, numbers: Iterable[int], notes: dict[str, Any]) -> AsyncGenerator[Figures, None]:
    for _ in numbers:
        yield {_OURS: await page_open.run(size.boms, size.locations, size.times, notes)}


def _of_page(figures: Figures) -> Mapping[str, str]:
    one = figures[_OURS]
    spread = f"{one['ratio_min']:.2f} – {one['ratio_max']:.2f}"
    row = [one["ratio"], spread, one["list_ms"], one["bare_ms"], f"{one['bytes']:,.0f}", one["times"]]
    heads = ["× bare page", "least – most", "list can be worked with, ms", "bare page, ms", "bytes", "times"]
    return {"": tables.table(heads, [row])}


PAGE = Scene(
    name="page",
    about="the list of 50 BOMs at four locations opens in Chromium, beside a bare page of as many bytes",
    sizes={Form.LONG: Opened()},
    run=_open,
    tables=_of_page,
    goals=[],
    runs=1,
)


async def _beside_a_crowd(times: int, numbers: Iterable[int], notes: dict[str, Any]) -> AsyncGenerator[Figures, None]:
    for _ in numbers:
        yield {_CROWD: await fairness.measure(times, fairness.Size(), notes)}


def _of_crowd(figures: Figures) -> Mapping[str, str]:
    acts = {name: one for name, one in figures[_CROWD].items() if "ratio" in one}
    rows = [[one["ratio"], name, one["quiet"], one["beside"]] for name, one in acts.items()]
    return {"": tables.table(["× quiet", "of another shop", "quiet, s", "beside, s"], rows)}


CROWD = Scene(
    name="crowd",
    about="another shop beside one with 200 previews, 500 streams, 2,000 requests a second and 80 silent receivers",
    sizes={Form.LONG: 20},
    run=_beside_a_crowd,
    tables=_of_crowd,
    goals=[],
    runs=1,
)
