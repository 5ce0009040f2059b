"""What a figure is to be: the goal beside what was measured, and whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measuring.figures import Figures, median
from benchmarks.measuring.tables import table


@dataclass(frozen=True, slots=True)
class Goal:
    """One, of the figures of a run. A ratio is one of a single run: its median is that of the runs' ratios."""

    what: str
    figure: Callable[[Figures], float]
    """May raise KeyError: the run has no such figure, since a part of it was left out."""
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""

    @property
    def told(self) -> str:
        """As a person reads it."""
        sign, bound = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        return f"{sign} {_shown(bound or 0)} {self.unit}".rstrip()

    def holds(self, value: float) -> bool:
        """Whether a value is as it should be."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal and what the runs gave; no values: it was not measured."""

    goal: Goal
    values: tuple[float, ...]

    @property
    def holds(self) -> bool | None:
        """Whether the median is as it should be; None: nobody knows."""
        return self.goal.holds(median(self.values)) if self.values else None


def judged(goals: Sequence[Goal], runs: Sequence[Figures]) -> list[Verdict]:
    """Each goal by the figures of these runs."""
    return [Verdict(goal, tuple(_values(goal, runs))) for goal in goals]


def _values(goal: Goal, runs: Sequence[Figures]) -> list[float]:
    found = []
    for run in runs:
        try:
            found.append(goal.figure(run))
        except (KeyError, ZeroDivisionError):
            continue  # left out in this run
    return sorted(found)


def of_goals(verdicts: Sequence[Verdict], *, full: bool) -> str:
    """Goals as a table. Without `full` the sizes are smaller ones than the goals speak of, and nothing is decided."""
    rows = [
        [
            _word(verdict.holds, full=full),
            verdict.goal.what,
            verdict.goal.told,
            _shown(median(verdict.values)) if verdict.values else "–",
            f"{_shown(verdict.values[0])} – {_shown(verdict.values[-1])}" if len(verdict.values) > 1 else "–",
        ]
        for verdict in verdicts
    ]
    return table(["holds", "what", "goal", "median", "least – most"], rows)


def _word(holds: bool | None, *, full: bool) -> str:
    if holds is None:
        return "not measured"
    word = "yes" if holds else "NO"
    return word if full else f"({word})"


_FROM = 1000
_DIGITS = {100: 0, 10: 1, 0: 2}


def _shown(value: float) -> str:
    """A number with as many digits as are read."""
    if value >= _FROM or value == int(value):
        return f"{value:,.0f}"
    digits = next(digits for least, digits in _DIGITS.items() if abs(value) >= least)
    return f"{value:.{digits}f}" if abs(value) >= 1 or not value else f"{value:.3g}"


def programs(row: Any) -> float:
    """Processor time of all services and both servers, in milliseconds: the simulator stands for Shopify."""
    used: dict[str, float] = row["ms_per_cell"]
    return sum(value for name, value in used.items() if name != "simulator")
