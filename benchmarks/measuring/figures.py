"""Figures of several runs made one: the median of each, and how far the runs lie apart.

A run's figures are dictionaries within each other, numbers at their ends; a part that was left out has its reason
under `not_measured` instead.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

Figures = dict[str, Any]

NOT_MEASURED = "not_measured"
RATES = ("cells_per_second", "per_second", "seconds")
"""What the runs differ in: of a row that has one of them all runs' values are kept, in order, under `of_runs`."""


def combined(runs: Sequence[Figures]) -> Figures:
    """The median of every number; of anything else the last run's. A part left out counts where no run has it."""
    measured = [run for run in runs if NOT_MEASURED not in run] or list(runs)
    figures: Figures = {}
    for name in dict.fromkeys(name for run in measured for name in run):
        figures[name] = _combined_value([run[name] for run in measured if name in run])
    rate = next((name for name in RATES if _is_number(figures.get(name))), None)
    if rate is not None and len(measured) > 1:
        figures["of_runs"] = sorted(run[rate] for run in measured if rate in run)
    return figures


def _combined_value(values: Sequence[Any]) -> Any:
    if all(isinstance(value, dict) for value in values):
        return combined(values)
    if all(_is_number(value) for value in values):
        return median(values)
    return values[-1]


def median(values: Sequence[float]) -> float:
    """The middle one; between two of them their mean, with no more digits than they are good for."""
    middle = statistics.median(values)
    return middle if isinstance(middle, int) else round(middle, 4)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of the values does not exceed. Raises ValueError where there is none."""
    if not values:
        raise ValueError("no values: a percentile of nothing")
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
