"""What nobody has shown of Shopify is settled, whichever way it is, and the evidence can be replayed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from shared.certifying.facts import FACTS
from shared.certifying.guard import LIMIT
from shared.certifying.report import Verdict
from simulator.replay.__main__ import replay_file
from simulator.settings import OpenPoints, Settings, read_open_points
from tests.integration.certify.certified import AS_BEFORE, Store
from tests.integration.switches.test_switches import COMBINATIONS, SWITCHES, settled

SHORT = (0, 12, 35, 63)
"""Each switch is met both ways; the first is nearly as it is believed, the last is not at all."""

NewStore = Callable[[], Store]
NOT_SETTLED = {"totals_lag_seconds"}
"""Trueup does not read it."""

LEVELS = [(AS_BEFORE[0], True), (AS_BEFORE[1], True), (100, True)]


@pytest.mark.parametrize(
    "number",
    [pytest.param(number, marks=() if number in SHORT else pytest.mark.full) for number in range(len(COMBINATIONS))],
)
async def test_every_combination_is_named_and_replays(new_store: NewStore, tmp_path: Path, number: int) -> None:
    """Exactly that combination, under 500 points, the values as before, and every answer equal when it is replayed."""
    store = new_store()
    chosen = dict(zip(SWITCHES, COMBINATIONS[number], strict=True))
    store.running.simulator.open_points.update(chosen)
    await store.open()
    report = await store.certify(tmp_path)
    assert {name: report.open_points.get(name) for name in SWITCHES} == chosen
    assert settled(tmp_path / "open-points.json")[0] == number
    assert [line.fact.id for line in report.not_tried] == []
    assert report.stopped is None
    assert store.points <= report.points <= LIMIT
    assert store.values() == LEVELS
    document = json.loads((tmp_path / "recordings" / "certify.json").read_text(encoding="utf-8"))
    settings = Settings()
    settings.open_points.update(read_open_points(tmp_path / "open-points.json"))
    replayed = await replay_file(document, settings)
    assert replayed.other == []
    assert len(replayed.equal) == len(document["cases"])


async def test_as_it_is_believed_nothing_is_otherwise(new_store: NewStore, tmp_path: Path) -> None:
    """Where Shopify does what is believed, each fact with a probe is seen so, but for the webhooks that cannot come."""
    store = await new_store().open()
    report = await store.certify(tmp_path)
    assert [(line.fact.id, line.seen, line.note) for line in report.otherwise] == []
    assert [(line.fact.id, line.note) for line in report.not_tried] == []
    skipped = {line.fact.id for line in report.lines if line.verdict is Verdict.SKIPPED}
    assert skipped
    assert all(fact.startswith("hook.") for fact in skipped)
    assert asdict(OpenPoints()) | dict(report.open_points) == asdict(OpenPoints())
    assert set(report.open_points) == set(asdict(OpenPoints())) - NOT_SETTLED


@pytest.mark.parametrize("version", ["2026-04", "2026-07"])
async def test_an_earlier_version_is_as_it_is_believed(new_store: NewStore, tmp_path: Path, version: str) -> None:
    """What is so only from 2026-10 on is skipped, and says so."""
    store = new_store()
    store.version = version
    await store.open()
    report = await store.certify(tmp_path)
    assert [(line.fact.id, line.seen) for line in (*report.otherwise, *report.not_tried)] == []
    skipped = {line.fact.id: line.note for line in report.lines if line.verdict is Verdict.SKIPPED}
    assert "2026-10" in skipped["unstocked.set-succeeds"]
    assert store.values() == LEVELS


async def test_points_of_quantities_and_an_activation_that_keeps_are_settled(
    new_store: NewStore, tmp_path: Path
) -> None:
    """The open points beside the six switches, too."""
    store = new_store()
    store.running.simulator.open_points.update({"points_per_quantity": 2, "activation_keeps": True})
    await store.open()
    report = await store.certify(tmp_path)
    assert (report.open_points["points_per_quantity"], report.open_points["activation_keeps"]) == (2, True)
    assert store.points <= LIMIT
    assert store.values() == LEVELS


@pytest.mark.parametrize("fact_id", ["set.no-change", "key.other-body", "time.resolution"])
async def test_a_wrong_belief_is_reported(new_store: NewStore, tmp_path: Path, fact_id: str) -> None:
    """With what was seen, and with what Trueup does then."""
    wrong = [replace(fact, believed="pigs fly") if fact.id == fact_id else fact for fact in FACTS]
    store = await new_store().open()
    report = await store.certify(tmp_path, facts=wrong)
    (line,) = report.otherwise
    (right,) = (fact for fact in FACTS if fact.id == fact_id)
    assert (line.fact.id, line.seen) == (fact_id, right.believed)
    assert line.fact.otherwise
