"""The alerts: each fires and is quiet in a test, has a runbook, and leads to the panel that shows its figure."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana.dashboards import DASHBOARDS
from deploy.grafana.panels import runbook_of
from shared.rabbitmq.topology import PARTITIONS

PROJECT = Path(__file__).parents[3]
PROMETHEUS = PROJECT / "deploy" / "prometheus"
RUNBOOKS = PROJECT / "docs" / "runbooks"


def _alerts() -> dict[str, dict[str, Any]]:
    files = [yaml.safe_load(file.read_text()) for file in sorted((PROMETHEUS / "rules").glob("*.yaml"))]
    rules = [rule for file in files for group in file["groups"] for rule in group["rules"]]
    return {rule["alert"]: rule for rule in rules if "alert" in rule}


ALERTS = _alerts()


def _promtool(*words: str) -> None:
    promtool = shutil.which("promtool")
    assert promtool is not None, "no promtool here: run deploy/local/install.sh dev"
    # It has little to keep and collects its garbage all the time: a third of its work, unless told to wait.
    seldom = os.environ | {"GOGC": "400", "GOMAXPROCS": "1"}
    answer = subprocess.run([promtool, *words], capture_output=True, text=True, check=False, env=seldom)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_promtool_finds_no_fault_in_the_configuration() -> None:
    """The configuration is a valid one."""
    _promtool("check", "config", str(PROMETHEUS / "prometheus.yaml"))


@pytest.mark.parametrize("file", sorted((PROMETHEUS / "tests").glob("*.yaml")), ids=lambda file: file.stem)
def test_promtool_finds_no_fault(file: Path) -> None:
    """Every case of deploy/prometheus/tests comes out as it says."""
    _promtool("test", "rules", str(file))


@pytest.fixture(scope="module")
def cases() -> dict[tuple[str, bool], int]:
    """How many cases of promtool's tests there are, by alert and whether it fires."""
    counts: dict[tuple[str, bool], int] = {}
    for file in (PROMETHEUS / "tests").glob("*.yaml"):
        for test in yaml.safe_load(file.read_text())["tests"]:
            for asked in test["promql_expr_test"]:
                found = re.fullmatch(r'ALERTS\{alertname="(\w+)",alertstate="firing"\}', asked["expr"])
                assert found is not None, asked
                key = found[1], bool(asked["exp_samples"])
                counts[key] = counts.get(key, 0) + 1
    return counts


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_is_tested_both_ways(alert: str, cases: dict[tuple[str, bool], int]) -> None:
    """Of every alert there is a case in which it fires and one in which it does not."""
    assert cases.get((alert, True), 0) >= 1
    assert cases.get((alert, False), 0) >= 1


def test_no_case_is_of_an_alert_that_is_gone(cases: dict[tuple[str, bool], int]) -> None:
    """Promtool finds an alert that does not exist quiet, and says nothing."""
    assert {alert for alert, _ in cases} == set(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_leads_to_its_runbook(alert: str) -> None:
    """It has a summary, a description, and a runbook that says what to look at and what to do."""
    notes = ALERTS[alert]["annotations"]
    assert notes["summary"]
    assert notes["description"]
    assert notes["runbook_url"] == "{{ $externalLabels.runbooks }}/" + runbook_of(alert)
    text = (RUNBOOKS / runbook_of(alert)).read_text()
    assert text.startswith(f"# {alert}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Look", "## Do"]


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_leads_to_its_panel(alert: str) -> None:
    """Its link opens a panel that in turn links its runbook."""
    found = re.search(r"/d/([\w-]+)\?viewPanel=(\d+)$", ALERTS[alert]["annotations"]["panel_url"])
    assert found is not None
    panels = {(board.uid, panel.number): panel for board in DASHBOARDS for panel in board.panels}
    assert alert in panels[found[1], int(found[2])].alerts


def test_panels_link_alerts_that_are_there() -> None:
    """No panel and no runbook is left of an alert that is gone."""
    assert {alert for board in DASHBOARDS for panel in board.panels for alert in panel.alerts} <= set(ALERTS)
    assert {file.name for file in RUNBOOKS.glob("*.md")} == {runbook_of(alert) for alert in ALERTS}


def test_partitions_are_those_of_the_topology() -> None:
    """The number of partitions stands in a rule, which can read no code."""
    assert ALERTS["PartitionsUnheld"]["expr"].strip().endswith(f"< {PARTITIONS}")
