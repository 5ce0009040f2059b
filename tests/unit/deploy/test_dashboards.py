"""The dashboards' committed files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.grafana.dashboards import DASHBOARDS, FOLDER, file_of, text_of
from deploy.grafana.panels import Dashboard
from shared.metrics import REGISTRY

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)
def test_a_committed_dashboard_is_current(dashboard: Dashboard) -> None:
    """The file is what the code makes: `make dashboards` writes it."""
    assert file_of(dashboard).read_text(encoding="utf-8") == text_of(dashboard)


def test_no_file_is_left_over() -> None:
    """Every file is of a dashboard that exists."""
    assert {file.name for file in FOLDER.iterdir()} == {file_of(dashboard).name for dashboard in DASHBOARDS}


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)
def test_a_row_is_a_question(dashboard: Dashboard) -> None:
    """Rows ask, panels answer; a panel's number and name are given once."""
    assert all(row.question.endswith("?") for row in dashboard.rows)
    assert len({panel.number for panel in dashboard.panels}) == len(dashboard.panels)
    assert len({panel.name for panel in dashboard.panels}) == len(dashboard.panels)


def test_every_metric_is_used() -> None:
    """Each metric of ours is in a panel, an alert, a runbook or the operator's guide."""
    panels = [query.expression for board in DASHBOARDS for panel in board.panels for query in panel.queries]
    folders = ("deploy/prometheus/rules", "docs/runbooks", "docs/operations")
    texts = [file.read_text(encoding="utf-8") for folder in folders for file in (PROJECT / folder).iterdir()]
    named = set(re.findall(r"\btrueup_\w+", "\n".join(panels + texts)))
    known = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in named}
    assert [metric.name for metric in REGISTRY.collect() if metric.name not in known] == []
