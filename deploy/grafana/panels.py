"""What a dashboard is made of, and its form as Grafana reads it: rows, each a question, and panels that answer it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]

Unit = Literal["short", "s", "percentunit", "ops", "bytes"]

DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
Kind = Literal["timeseries", "stat", "table"]
Colour = Literal["green", "yellow", "red"]
_WIDTH = 24
_HEIGHT = 8
_STATE_HEIGHT = 4


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
    kind: Kind = "timeseries"
    """`stat`: how it stands now, as a state; `table`: what happened in the time shown, for what happens seldom."""
    thresholds: tuple[tuple[float, Colour], ...] = ()
    """Of a state: from which value on it has which colour, rising; below the first it is well."""
    below: Colour = "green"
    """The colour below the first threshold."""
    leads_to: str = ""
    """The dashboard, by its name, that shows more of it."""


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

    @property
    def names_shops(self) -> bool:
        """Whether a panel may be held to some shops. Few metrics name shops, and each the ten worst ones at most."""
        return any("$shop" in query.expression for panel in self.panels for query in panel.queries)

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
            "templating": {"list": [_DATASOURCE_CHOICE, _RUNBOOKS, *([_SHOPS] if self.names_shops else [])]},
            "annotations": {"list": [_DEPLOYMENTS, _ALERTS]},
            "links": [_OTHER_DASHBOARDS],
            "panels": _laid_out(self.rows),
        }


_DATASOURCE_CHOICE: Json = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
# Where the runbooks lie: changed in one place per dashboard to the address where your people read them.
_RUNBOOKS: Json = {"name": "runbooks", "type": "constant", "query": "docs/runbooks", "hide": 2}
_SHOPS: Json = {
    "name": "shop",
    "label": "Shop",
    "type": "query",
    "datasource": DATASOURCE,
    "query": 'label_values({__name__=~"trueup_shopify_budget_ratio|trueup_shop_webhook_loss_ratio"}, shop)',
    "refresh": 2,
    "sort": 1,
    "multi": True,
    "includeAll": True,
    "allValue": ".*",
    "current": {"text": "All", "value": "$__all"},
}
DEPLOYMENTS = "count by (version) (trueup_build_info) unless count by (version) (trueup_build_info offset 5m)"
"""A version that did not run five minutes before."""
_DEPLOYMENTS: Json = {
    "name": "Deployments",
    "datasource": DATASOURCE,
    "enable": True,
    "iconColor": "blue",
    "expr": DEPLOYMENTS,
    "titleFormat": "Trueup {{version}} begins to run",
    "step": "60s",
}
_ALERTS: Json = {
    "name": "Alerts",
    "datasource": DATASOURCE,
    "enable": True,
    "iconColor": "red",
    "expr": 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
    "titleFormat": "{{alertname}} ({{severity}})",
    "step": "60s",
}
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
        height = _STATE_HEIGHT if all(panel.kind == "stat" for panel in row.panels) else _HEIGHT
        for column, panel in enumerate(row.panels):
            laid.append(_panel(panel, {"x": column * width, "y": y + 1, "w": width, "h": height}))
        y += 1 + height
    return laid


def _panel(panel: Panel, place: Json) -> Json:
    return {
        "id": panel.number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.meaning,
        "datasource": DATASOURCE,
        "gridPos": place,
        "links": [
            *_more(panel),
            *(
                {"title": f"Runbook: {alert}", "url": f"${{runbooks}}/{runbook_of(alert)}", "targetBlank": True}
                for alert in panel.alerts
            ),
        ],
        **_shown_as(panel),
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": DATASOURCE,
                "expr": query.expression,
                "legendFormat": query.legend,
                **_asked_as(panel),
            }
            for number, query in enumerate(panel.queries)
        ],
    }


def _more(panel: Panel) -> list[Json]:
    """The way to the board that shows more of a figure."""
    if not panel.leads_to:
        return []
    address = f"/d/trueup-{panel.leads_to}?${{__url_time_range}}&${{datasource:queryparam}}"
    return [{"title": "More of it", "url": address, "targetBlank": False}]


def _shown_as(panel: Panel) -> Json:
    if panel.kind == "stat":
        steps = [{"color": panel.below, "value": None}, *({"color": c, "value": v} for v, c in panel.thresholds)]
        return {
            "fieldConfig": {
                "defaults": {
                    "unit": panel.unit,
                    "noValue": "not known",
                    "color": {"mode": "thresholds"},
                    "thresholds": {"mode": "absolute", "steps": steps},
                },
                "overrides": [],
            },
            "options": {
                "colorMode": "background",
                "graphMode": "none",
                "textMode": "auto",
                "reduceOptions": {"calcs": ["lastNotNull"], "values": False, "fields": ""},
            },
        }
    if panel.kind == "table":
        return {
            "fieldConfig": {
                "defaults": {"unit": panel.unit, "decimals": 0, "noValue": "none in the time shown"},
                "overrides": [],
            },
            "options": {"showHeader": True, "sortBy": [{"displayName": "Value", "desc": True}]},
            "transformations": [
                {"id": "merge", "options": {}},
                {"id": "organize", "options": {"excludeByName": {"Time": True}}},
            ],
        }
    return {
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": {"fillOpacity": 8}}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    }


def _asked_as(panel: Panel) -> Json:
    """A state and a table are asked for once, at the end of the time shown."""
    if panel.kind == "timeseries":
        return {}
    return {"instant": True, "range": False, "format": "table" if panel.kind == "table" else "time_series"}
