"""What a dashboard is made of, and its form as Grafana reads it: rows, each a question, and panels that answer it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]

Unit = Literal["short", "s", "percentunit", "ops", "bytes"]

DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH = 24
_HEIGHT = 8


@dataclass(frozen=True, slots=True)
class Query:
    """A query and what its series are called."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram. `name` stands for it in our texts, `number` in addresses: never given twice in a dashboard."""

    number: int
    name: str
    title: str
    queries: tuple[Query, ...]
    unit: Unit = "short"
    meaning: str = ""
    alerts: tuple[str, ...] = ()
    """The alerts that look at this figure; each has its runbook linked."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question and the panels that answer it."""

    question: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of rows."""

    name: str
    title: str
    description: str
    rows: tuple[Row, ...]

    @property
    def uid(self) -> str:
        """Its place in addresses."""
        return f"trueup-{self.name}"

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel."""
        return tuple(panel for row in self.rows for panel in row.panels)

    def to_json(self) -> Json:
        """The dashboard as Grafana imports it."""
        return {
            "uid": self.uid,
            "title": f"Trueup: {self.title}",
            "description": self.description,
            "tags": ["trueup"],
            "schemaVersion": 39,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "timezone": "browser",
            "templating": {"list": [_DATASOURCE_CHOICE, _RUNBOOKS]},
            "links": [_OTHER_DASHBOARDS],
            "panels": _laid_out(self.rows),
        }


_DATASOURCE_CHOICE: Json = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
# Where the runbooks lie: changed in one place per dashboard to the address where your people read them.
_RUNBOOKS: Json = {"name": "runbooks", "type": "constant", "query": "docs/runbooks", "hide": 2}
_OTHER_DASHBOARDS: Json = {
    "title": "Trueup",
    "type": "dashboards",
    "tags": ["trueup"],
    "asDropdown": True,
    "keepTime": True,
}


def runbook_of(alert: str) -> str:
    """The file name of an alert's runbook: JobsLate → jobs-late.md."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", alert).lower() + ".md"


def _laid_out(rows: tuple[Row, ...]) -> list[Json]:
    laid: list[Json] = []
    y = 0
    for number, row in enumerate(rows):
        place = {"x": 0, "y": y, "w": _WIDTH, "h": 1}
        laid.append({"id": 1000 + number, "type": "row", "title": row.question, "gridPos": place, "panels": []})
        width = _WIDTH // len(row.panels)
        for column, panel in enumerate(row.panels):
            laid.append(_panel(panel, {"x": column * width, "y": y + 1, "w": width, "h": _HEIGHT}))
        y += 1 + _HEIGHT
    return laid


def _panel(panel: Panel, place: Json) -> Json:
    return {
        "id": panel.number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.meaning,
        "datasource": DATASOURCE,
        "gridPos": place,
        "links": [
            {"title": f"Runbook: {alert}", "url": f"${{runbooks}}/{runbook_of(alert)}", "targetBlank": True}
            for alert in panel.alerts
        ],
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": {"fillOpacity": 8}}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": DATASOURCE,
                "expr": query.expression,
                "legendFormat": query.legend,
            }
            for number, query in enumerate(panel.queries)
        ],
    }
