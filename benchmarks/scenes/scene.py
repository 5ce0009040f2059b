"""A scene: a part of the benchmark that can be run alone, in three forms."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from benchmarks.measuring.figures import Figures
from benchmarks.measuring.goals import Goal


class Form(StrEnum):
    """How large. Goals speak of `long`; `quick` takes all scenes within three minutes; `tiny` tries that they run."""

    TINY = "tiny"
    QUICK = "quick"
    LONG = "long"


Run = Callable[[Any, Iterable[int], dict[str, Any]], AsyncGenerator[Figures, None]]
"""Plays a scene of a size again and again, and yields the figures of each run, by case and step.

Told are the numbers of the runs, and the notes on what they are made (`opened`)."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One. `sizes`: what each form measures; a form without one leaves the scene out.

    `runs`: how many there are in the long form unless REPEAT says. `minutes`: of one run; a scene that takes longer is
    ended and says so.
    """

    name: str
    about: str
    sizes: Mapping[Form, Any]
    run: Run
    tables: Callable[[Figures], Mapping[str, str]]
    """Of the medians: tables by their headings."""
    goals: Sequence[Goal]
    runs: int = 5
    minutes: float = 15.0

    def number_of_runs(self, form: Form, asked: int | None) -> int:
        """As asked, or what the form has."""
        return asked or (self.runs if form is Form.LONG else 1)
