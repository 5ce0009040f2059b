"""The figures of all scenes as text: for a terminal, and for `docs/performance.md` between its two marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import tables
from benchmarks.measuring.figures import combined
from benchmarks.measuring.goals import judged, of_goals
from benchmarks.measuring.kept import Kept
from benchmarks.scenes.scene import Form, Scene

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- measured by `make bench` -->", "<!-- end of what was measured -->"

_OF_A_RUN = ("date", "commit", "load as it began")
"""Of the notes, what may differ between scenes of one machine."""


def of_scene(scene: Scene, kept: Kept) -> str:
    """One scene: of what, its goals, its tables. Without a run, why there is none."""
    runs = len(kept.runs)
    about = f"### {scene.name}\n\n{scene.about[0].upper()}{scene.about[1:]}."
    if not runs:
        return f"{about} Left out: {kept.failed or 'not measured yet'}."
    told = [f"{about} {_sizes(scene, kept)}"]
    if kept.failed is not None:
        told.append(f"A run was left out: {kept.failed}.")
    if scene.goals:
        told.append(of_goals(judged(scene.goals, kept.runs), full=_is_full(scene, kept)))
    for heading, text in scene.tables(combined(kept.runs)).items():
        told.append(f"**{heading}**\n\n{text}" if heading else text)
    return "\n\n".join(told)


def _is_full(scene: Scene, kept: Kept) -> bool:
    """Whether it is of the size that the goals speak of: some scenes are as large in a smaller form."""
    return kept.size == repr(scene.sizes[Form.LONG])


def _sizes(scene: Scene, kept: Kept) -> str:
    number = len(kept.runs)
    told = "One run." if number == 1 else f"Median of {number} runs."
    if number < kept.wanted:
        told += f" {kept.wanted} were wanted."
    if not _is_full(scene, kept):
        told += f" In the {kept.form} form: sizes are smaller than those that the goals speak of."
    load, cores = float(kept.notes.get("load as it began", 0)), int(kept.notes.get("cores", 1))
    if load > cores:
        told += (
            f" The machine was busy with other work ({load:.0f} programs wanted {cores} cores as it began): rates are"
            " lower than on a quiet one and their ratios uncertain; counts hold, and so do ratios of processor time."
        )
    return told


def of_all(scenes: Sequence[Scene], kept: Mapping[str, Kept]) -> str:
    """All that was measured, in the order of the programme; first on what."""
    measured = [(scene, kept[scene.name]) for scene in scenes if scene.name in kept]
    if not measured:
        return "Nothing was measured yet."
    parts = [
        f"### On what\n\n{_machines(one for _, one in measured)}",
        f"### What was measured\n\n{_runs(measured)}",
        *(of_scene(scene, one) for scene, one in measured),
    ]
    return "\n\n".join(parts)


def _machines(kept: Iterable[Kept]) -> str:
    """Machine and versions; each once, where all scenes have the same."""
    known: dict[str, list[Any]] = {}
    for one in kept:
        for name, value in one.notes.items():
            if name not in _OF_A_RUN and value not in known.setdefault(name, []):
                known[name].append(value)
    return tables.table(["", ""], [[name, "; ".join(map(str, values))] for name, values in known.items()])


def _runs(measured: Sequence[tuple[Scene, Kept]]) -> str:
    """The goals of all scenes in one look, and when each was measured."""
    rows = []
    for scene, kept in measured:
        verdicts = judged(scene.goals, kept.runs)
        held = sum(bool(verdict.holds) for verdict in verdicts)
        rows.append(
            [
                *(f"{held} of {len(verdicts)}" if verdicts else "–", scene.name, scene.about),
                *(f"{len(kept.runs)} ({kept.form})", *(str(kept.notes.get(name, "–")) for name in _OF_A_RUN)),
            ]
        )
    return tables.table(["goals held", "scene", "of what", "runs", *_OF_A_RUN], rows)


def record(text: str) -> None:
    """Put the tables where the last ones were."""
    PAGE.write_text(with_tables(PAGE.read_text(), text))


def with_tables(page: str, text: str) -> str:
    """The page with these tables. Raises ValueError where it has no place for them."""
    head, _, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not end:
        raise ValueError(f"{PAGE.name} has no lines {BEGIN} and {END}: put them back, the tables go between")
    return f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}"
