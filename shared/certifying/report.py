"""What was seen beside what is believed, fact by fact; the verdict is a comparison and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto

from shared.certifying.facts.fact import Fact

OpenPoint = bool | int


class Verdict(StrEnum):
    """What became of a fact."""

    AS_BELIEVED = auto()
    OTHERWISE = auto()
    NOT_TRIED = auto()
    """Its probe could not be carried out this time."""
    SKIPPED = auto()
    """It needs what was not given, or something that did not happen; the note says what."""
    NO_PROBE = auto()
    """Nothing tries it; the fact says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe saw of one fact: a sentence, word for word the believed one where it is so.

    `seen` is None where it could not be tried; `note` says why, or gives figures. `open_points`: what it settles.
    """

    fact_id: str
    seen: str | None
    note: str = ""
    open_points: Mapping[str, OpenPoint] = field(default_factory=dict)
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report."""

    fact: Fact
    verdict: Verdict
    seen: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report of one certification."""

    shop: str
    api_version: str
    points: float
    lines: tuple[Line, ...]
    open_points: Mapping[str, OpenPoint]
    stopped: str | None = None
    """Why the run ended early."""

    @property
    def otherwise(self) -> tuple[Line, ...]:
        """Where Shopify does not do what is believed."""
        return tuple(line for line in self.lines if line.verdict is Verdict.OTHERWISE)

    @property
    def not_tried(self) -> tuple[Line, ...]:
        """What has a probe that could not be carried out."""
        return tuple(line for line in self.lines if line.verdict is Verdict.NOT_TRIED)


def report_of(
    shop: str,
    api_version: str,
    facts: Sequence[Fact],
    findings: Sequence[Finding],
    *,
    points: float,
    stopped: str | None = None,
) -> Report:
    """Hold the findings against the facts."""
    found = {finding.fact_id: finding for finding in findings}
    settled: dict[str, OpenPoint] = {}
    for finding in findings:
        settled |= finding.open_points
    lines = tuple(_line(fact, found.get(fact.id), stopped) for fact in facts)
    return Report(shop, api_version, points, lines, settled, stopped)


def _line(fact: Fact, finding: Finding | None, stopped: str | None) -> Line:
    if fact.probe is None:
        return Line(fact, Verdict.NO_PROBE, "no probe", fact.untried or "")
    if finding is not None and finding.skipped:
        return Line(fact, Verdict.SKIPPED, "skipped", finding.note)
    if finding is None or finding.seen is None:
        return Line(fact, Verdict.NOT_TRIED, "not tried", (finding.note if finding else "") or stopped or "")
    verdict = Verdict.AS_BELIEVED if finding.seen == fact.believed else Verdict.OTHERWISE
    return Line(fact, verdict, finding.seen, finding.note)
