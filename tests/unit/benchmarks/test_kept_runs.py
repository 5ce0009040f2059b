"""What is measured is kept run by run, and a resumed benchmark makes only what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measuring import playing
from benchmarks.measuring.kept import Kept
from benchmarks.measuring.playing import play
from benchmarks.scenes.scene import Form, Scene

NEVER: Any = float("inf")


def scene_of(results: list[Any], *, minutes: float = 15.0) -> Scene:
    """A scene whose runs give these, in their order; an error is raised, None hangs."""

    async def run(_: int, numbers: Iterable[int], notes: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        notes.setdefault("date", "today")
        for number in numbers:
            result = results[number]
            if isinstance(result, BaseException):
                raise result
            if result is None:
                await asyncio.Event().wait()
            yield {"run": {"seconds": result}}

    return Scene("tried", "a scene", {Form.LONG: 1}, run, lambda _: {}, [], runs=len(results), minutes=minutes)


@pytest.fixture(autouse=True)
def commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program stays the same."""
    monkeypatch.setattr(playing, "commit", lambda: "one")


async def test_runs_before_a_failure_stay_and_resuming_makes_the_others(tmp_path: Path) -> None:
    """With the reason told: the third of four runs failed; resumed, the third and fourth are made."""
    failed = await play(scene_of([1, 2, SystemExit("a cell was wrong"), 4]), Form.LONG, folder=tmp_path)
    assert failed.runs == [{"run": {"seconds": 1}}, {"run": {"seconds": 2}}]
    assert failed.failed is not None
    assert "a cell was wrong" in failed.failed
    again = await play(scene_of([NEVER, NEVER, 3, 4]), Form.LONG, resume=True, folder=tmp_path)
    assert [run["run"]["seconds"] for run in again.runs] == [1, 2, 3, 4]
    assert (again.failed, again.notes) == (None, {"date": "today"})
    assert Kept.read("tried", Form.LONG, tmp_path) == again


async def test_another_program_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of two programs have no median; nor has what nobody asked to be resumed."""
    await play(scene_of([1, 2]), Form.LONG, folder=tmp_path)
    monkeypatch.setattr(playing, "commit", lambda: "another")
    kept = await play(scene_of([5, 6]), Form.LONG, resume=True, folder=tmp_path)
    assert [run["run"]["seconds"] for run in kept.runs] == [5, 6]
    kept = await play(scene_of([7, 8]), Form.LONG, folder=tmp_path)
    assert [run["run"]["seconds"] for run in kept.runs] == [7, 8]


async def test_a_run_that_hangs_is_ended_and_says_so(tmp_path: Path) -> None:
    """The message has the limit, and where to look."""
    kept = await play(scene_of([1, None], minutes=0.001), Form.LONG, folder=tmp_path)
    assert len(kept.runs) == 1
    assert kept.failed is not None
    assert "not over after" in kept.failed
    assert "logs" in kept.failed


async def test_as_many_runs_as_asked(tmp_path: Path) -> None:
    """REPEAT counts; a whole scene that is resumed makes none."""
    kept = await play(scene_of([1, 2, 3]), Form.LONG, asked=2, folder=tmp_path)
    assert len(kept.runs) == 2
    kept = await play(scene_of([NEVER, NEVER]), Form.LONG, asked=2, resume=True, folder=tmp_path)
    assert [run["run"]["seconds"] for run in kept.runs] == [1, 2]


def test_half_a_file_is_none(tmp_path: Path) -> None:
    """What cannot be read is measured again."""
    (tmp_path / "tried-long.json").write_text('{"scene": "tried"')
    assert Kept.read("tried", Form.LONG, tmp_path) is None
