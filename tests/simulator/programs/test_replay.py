"""`python -m simulator.replay`: a report of equal and other answers, and an exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.replay import __main__ as program

_QUERY = "query Look($id: ID!) { productVariant(id: $id) { id inventoryItem { id tracked } } }"
_VARIANT, _ITEM = "gid://shopify/ProductVariant/1001", "gid://shopify/InventoryItem/1001"


def _recording(*, tracked: bool) -> dict[str, Any]:
    level = {
        "id": "gid://shopify/InventoryLevel/1001?inventory_item_id=1001",
        "isActive": True,
        "location": {"id": "gid://shopify/Location/1001", "name": "Location 1", "isActive": True},
        "quantities": [{"name": "available", "quantity": 5}, {"name": "committed", "quantity": 0}],
    }
    item = {"id": _ITEM, "tracked": True, "inventoryLevels": {"nodes": [level]}}
    cost = {"requestedQueryCost": 2, "actualQueryCost": 2}
    seen = {"productVariant": {"id": _VARIANT, "inventoryItem": {"id": _ITEM, "tracked": tracked}}}
    at = "2026-11-25T12:00:00+00:00"
    case = {
        "path": "/look/0",
        "at": at,
        "query": _QUERY,
        "variables": {"id": _VARIANT},
        "response": {"data": seen, "extensions": {"cost": cost}},
    }
    scene = {"id": _VARIANT, "inventoryItem": item}
    return {"source": "a test", "api_version": "2026-10", "captured_at": at, "scene": scene, "cases": [case]}


def _run(monkeypatch: pytest.MonkeyPatch, folder: Path, *more: str) -> int:
    monkeypatch.setattr(sys, "argv", ["replay", "--recordings", str(folder), *more])
    return program.main()


@pytest.mark.parametrize("equal", [True, False])
def test_answers_are_held_against_the_recorded_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, equal: bool
) -> None:
    """Ids may differ, what is said may not; where it does, the report says where."""
    (tmp_path / "one.json").write_text(json.dumps(_recording(tracked=equal)))
    assert _run(monkeypatch, tmp_path) == (0 if equal else 1)
    said = capsys.readouterr().out
    assert f"{int(equal)} of 1 answers are equal" in said
    assert (".data.productVariant.inventoryItem.tracked: True, recorded False" in said) is not equal


@pytest.mark.parametrize(
    ("written", "points", "words"),
    [("{}", "{}", "only recordings of `trueup certify`"), ("[", "{}", ""), (None, '{"none": true}', "does not exist")],
)
def test_what_cannot_be_replayed_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    *,
    written: str | None,
    points: str,
    words: str,
) -> None:
    """A file without a scene, one that is no JSON, an open point that is none."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps(_recording(tracked=True)) if written is None else written)
    file = tmp_path / "points.json"
    file.write_text(points)
    assert _run(monkeypatch, folder, "--open-points", str(file)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
