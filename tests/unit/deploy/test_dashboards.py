"""The dashboards' committed files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.grafana.dashboards import DASHBOARDS, FOLDER, file_of, text_of
from deploy.grafana.panels import DEPLOYMENTS, Dashboard
from deploy.grafana.well import WELL
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


def test_the_first_board_leads_to_the_others() -> None:
    """Each of its states has a threshold; every other board is reached from it, and there is no way to nowhere."""
    first, *others = DASHBOARDS
    assert first is WELL
    assert {panel.name for panel in first.panels if panel.kind == "stat" and not panel.thresholds} == set()
    assert {panel.leads_to for panel in first.panels} - {""} == {board.name for board in others}
    values = [[value for value, _ in panel.thresholds] for panel in first.panels]
    assert values == [sorted(rising) for rising in values]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)
def test_deployments_and_alerts_are_marked_and_a_shop_is_chosen_where_one_is_named(dashboard: Dashboard) -> None:
    """Whatever one looks at, one sees when a version began and an alert fired; a metric that names shops is held to
    those chosen."""
    made = dashboard.to_json()
    assert [mark["name"] for mark in made["annotations"]["list"]] == ["Deployments", "Alerts"]
    expressions = [query.expression for panel in dashboard.panels for query in panel.queries]
    names_shops = [expression for expression in expressions if "by (shop)" in expression]
    assert all('{shop=~"$shop"}' in expression for expression in names_shops)
    assert ("shop" in {one["name"] for one in made["templating"]["list"]}) == bool(names_shops)


def test_what_happens_seldom_is_a_table_of_the_time_shown() -> None:
    """A rate of three events in a night is a line at zero: they are rows, asked for once."""
    for panel in (panel for board in DASHBOARDS for panel in board.panels):
        over_all = ["$__range" in query.expression for query in panel.queries]
        assert all(over_all) if panel.kind == "table" else not any(over_all), panel.name


def test_every_metric_is_used() -> None:
    """Each metric of ours is in a panel, an alert, a runbook or the operator's guide."""
    panels = [query.expression for board in DASHBOARDS for panel in board.panels for query in panel.queries]
    panels.append(DEPLOYMENTS)
    folders = ("deploy/prometheus/rules", "docs/runbooks", "docs/operations")
    texts = [file.read_text(encoding="utf-8") for folder in folders for file in (PROJECT / folder).iterdir()]
    named = set(re.findall(r"\btrueup_\w+", "\n".join(panels + texts)))
    known = {re.sub(r"_(total|bucket|count|sum|info)$", "", name) for name in named}
    assert [metric.name for metric in REGISTRY.collect() if metric.name not in known] == []
