"""The text of a benchmark: what was measured, on what, and what was left out, with its reason."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from benchmarks.measuring.goals import Goal
from benchmarks.measuring.kept import Kept
from benchmarks.measuring.report import of_all, of_scene
from benchmarks.scenes.scene import Form, Scene

NOTES = {"date": "today", "commit": "one", "cores": 2, "load as it began": "0.1", "MongoDB": "6.0"}


async def _none(_: Any, __: Iterable[int], ___: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    runs: list[dict[str, Any]] = []
    for figures in runs:
        yield figures


def _tables(figures: Mapping[str, Any]) -> Mapping[str, str]:
    return {"": f"seconds: {figures['run']['seconds']}"}


GOALS = [Goal("seconds", lambda run: run["run"]["seconds"], at_most=2)]
SIZES = {Form.TINY: 1, Form.QUICK: 10, Form.LONG: 100}
SCENE = Scene("tried", "a scene of little", SIZES, _none, _tables, GOALS)


def kept(*seconds: float, form: Form = Form.LONG, **more: Any) -> Kept:
    """Runs that took so long."""
    notes = {**NOTES, **more.pop("notes", {})}
    runs = [{"run": {"seconds": one}} for one in seconds]
    return Kept("tried", form, repr(SIZES[form]), "one", max(1, len(runs)), notes, runs, **more)


def test_medians_stand_beside_goals() -> None:
    """And whether they hold, before the tables."""
    text = of_scene(SCENE, kept(1, 2, 9))
    assert text.startswith("### tried\n\nA scene of little. Median of 3 runs.")
    assert text.index("| yes ") < text.index("seconds: 2")


def test_a_scene_without_a_run_tells_why() -> None:
    """Its tables are not made of nothing."""
    assert of_scene(SCENE, kept(failed="it stood still")).endswith("Left out: it stood still.")
    assert "A run was left out: it hung." in of_scene(SCENE, kept(1, failed="it hung"))


def test_a_busy_machine_and_a_smaller_form_are_told() -> None:
    """Who reads the figures must not take them for others."""
    text = of_scene(SCENE, kept(1, form=Form.QUICK, notes={"load as it began": "9.0"}))
    assert "The machine was busy with other work" in text
    assert "quick form" in text
    assert "(yes)" in text


def test_the_same_machine_is_told_once_and_each_scene_in_a_line() -> None:
    """Versions above, dates and commits beside the scenes."""
    text = of_all([SCENE], {"tried": kept(1)})
    assert text.count("6.0") == 1
    assert "| 1 of 1 " in text
    assert "### What was measured" in text
    assert of_all([SCENE], {}) == "Nothing was measured yet."
