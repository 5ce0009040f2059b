"""All dashboards, and their committed files."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.grafana.budget import BUDGET
from deploy.grafana.panels import Dashboard
from deploy.grafana.queues import QUEUES
from deploy.grafana.reconcile import RECONCILE
from deploy.grafana.webhooks import WEBHOOKS
from deploy.grafana.well import WELL

DASHBOARDS = (WELL, RECONCILE, WEBHOOKS, BUDGET, QUEUES)
FOLDER = Path(__file__).parent / "dashboards"


def file_of(dashboard: Dashboard) -> Path:
    """Where a dashboard is committed."""
    return FOLDER / f"{dashboard.name}.json"


def text_of(dashboard: Dashboard) -> str:
    """A dashboard's file."""
    return json.dumps(dashboard.to_json(), indent=2, ensure_ascii=False) + "\n"
