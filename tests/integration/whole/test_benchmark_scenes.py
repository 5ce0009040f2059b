"""Every scene of the benchmark runs, in its tiny form: what is measured in earnest by a person must not have rotted."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measuring import playing
from benchmarks.measuring.playing import play
from benchmarks.measuring.report import of_all
from benchmarks.scenes.programme import SCENES
from benchmarks.scenes.scene import Form, Scene
from benchmarks.stages import place

TINY = [scene for scene in SCENES if Form.TINY in scene.sizes]
SHORT = "small"


def _case(scene: Scene) -> object:
    # One of them tells of most mistakes; the others start the same processes again.
    return pytest.param(scene, id=scene.name, marks=() if scene.name == SHORT else pytest.mark.full)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch, vhost_url: str, mongodb_uri: str, management_url: str) -> None:
    """The test run's own, in place of the ones that a benchmark starts for itself."""
    monkeypatch.setenv("TRUEUP_AMQP_URL", vhost_url)
    monkeypatch.setenv("TRUEUP_MONGODB_URI", mongodb_uri)
    monkeypatch.setenv("TRUEUP_RABBITMQ_MANAGEMENT_URL", management_url)


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize("scene", [_case(scene) for scene in TINY])
async def test_a_scene_runs(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes to its end, and its tables and goals are made of its figures."""
    for module in (place, playing):
        monkeypatch.setattr(module, "STAGE", tmp_path / "stage")
    kept = await play(scene, Form.TINY, folder=tmp_path)
    assert kept.failed is None
    assert len(kept.runs) == 1
    text = of_all(SCENES, {scene.name: kept})
    assert f"### {scene.name}" in text
    assert "commit" in kept.notes
    assert text.count("not measured") <= len(scene.goals)
