"""Scenes of growth: ten times the cells, and more workers for many shops. Each case has servers of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from benchmarks import cells
from benchmarks.cells import Size
from benchmarks.measuring import tables
from benchmarks.measuring.figures import Figures
from benchmarks.measuring.goals import Goal
from benchmarks.scenes.scene import Form, Scene
from benchmarks.stages.place import opened
from shared.domain.comparison import Direction

FEWER, MORE = "fewer cells", "ten times the cells"
MOST_GROWTH = 1.15
"""Of the peak of a step's second half over that of its first."""
MOST_MEGABYTES = 300.0

_PUSH = (Direction.TO_SHOPIFY,)


async def cases(
    size: Mapping[str, Size], numbers: Iterable[int], notes: dict[str, Any]
) -> AsyncGenerator[Figures, None]:
    """Each size on fresh servers."""
    for _ in numbers:
        figures: Figures = {}
        for name, one in size.items():
            async with opened(notes) as place:
                figures[name] = await cells.measure(place, one)
        yield figures


def _tables(figures: Figures) -> Mapping[str, str]:
    made = {"": tables.of_cases(figures)}
    for case, steps in figures.items():
        made[f"Memory, {case}"] = tables.of_memory(steps)
    return made


def _times(step: str) -> Any:
    return lambda run: run[MORE][step]["seconds"] / run[FEWER][step]["seconds"]


def _largest(figure: str) -> Any:
    """Of all processes and steps, the simulator's left out: it holds the shop."""

    def largest(run: Figures) -> float:
        values: list[float] = [
            value for step in run[MORE].values() for process, value in step[figure].items() if process != "simulator"
        ]
        if not values:
            raise KeyError(figure)
        return max(values)

    return largest


def _goals() -> list[Goal]:
    steps = [f"preview before {Direction.TO_SHOPIFY}", str(Direction.TO_SHOPIFY)]
    return [
        *(Goal(f"{step}: time of ten times the cells", _times(step), at_most=10.5, unit="×") for step in steps),
        Goal("largest process, peak", _largest("peak_mb"), at_most=MOST_MEGABYTES, unit="MB"),
        Goal("most growth of a process within a step", _largest("memory_growth"), at_most=MOST_GROWTH, unit="×"),
    ]


GROWTH = Scene(
    name="growth",
    about="20,000 and 200,000 cells to Shopify: times, and memory of every process",
    sizes={
        Form.TINY: {FEWER: Size(boms=4, directions=_PUSH), MORE: Size(boms=40, directions=_PUSH)},
        Form.LONG: {FEWER: Size(boms=4_000, directions=_PUSH), MORE: Size(boms=40_000, directions=_PUSH)},
    },
    run=cases,
    tables=_tables,
    goals=_goals(),
    runs=3,
    minutes=40,
)


def _by_workers(boms: int, shops: int, most: int) -> dict[str, Size]:
    numbers = [1 << power for power in range(most.bit_length())]
    return {
        f"{number} worker{'s' if number > 1 else ''}": Size(boms, workers=number, shops=shops, directions=_PUSH)
        for number in numbers
    }


def _fair(case: str) -> Any:
    """The most partitions of a worker over the fewest: sixteen are shared."""

    def most_over_fewest(run: Figures) -> float:
        held = next(iter(run[case].values()))["partitions_held"].values()
        return float(max(held) - min(held))

    return most_over_fewest


WORKERS = Scene(
    name="workers",
    about="200 shops of 50 cells to Shopify with one, two and four workers, each with its fair share",
    sizes={Form.TINY: _by_workers(boms=2, shops=4, most=2), Form.LONG: _by_workers(boms=10, shops=200, most=4)},
    run=cases,
    tables=lambda figures: {"": tables.of_cases(figures)},
    goals=[
        Goal(f"{case}: partitions more than the poorest", _fair(case), at_most=1) for case in ("2 workers", "4 workers")
    ],
    runs=3,
    minutes=20,
)
