"""Scenes can be run alone, by name."""

from __future__ import annotations

import pytest

from benchmarks.bench import main
from benchmarks.scenes.programme import SCENES, chosen
from benchmarks.scenes.scene import Form


def test_scenes_are_chosen_by_name_in_their_own_order() -> None:
    """Apart by commas or spaces; none named: all."""
    assert [scene.name for scene in chosen("small, cells")] == ["cells", "small"]
    assert list(chosen("")) == list(SCENES)


def test_an_unknown_scene_is_told_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is measured."""
    with pytest.raises(SystemExit) as ended:
        main(["--only", "cells,speed"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "no scene is called speed" in told
    assert "webhooks" in told


def test_every_scene_has_a_name_of_its_own_and_a_long_form() -> None:
    """And says in a line what it is of."""
    assert len({scene.name for scene in SCENES}) == len(SCENES)
    for scene in SCENES:
        assert Form.LONG in scene.sizes
        assert "\n" not in scene.about


def test_the_programme_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """By `--list`, a line each."""
    assert main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(SCENES)
