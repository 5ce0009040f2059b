"""Writes the rules of deploy/prometheus as a PrometheusRule: `python -m deploy.kubernetes.rules`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_RULES = Path(__file__).parents[1] / "prometheus" / "rules"
FILE = Path(__file__).parent / "components" / "prometheus-operator" / "rules.yaml"
_HEAD = """\
# Made of deploy/prometheus/rules by `make kubernetes-rules`; do not edit. The links in the alerts need the external
# labels `runbooks` and `grafana` on the Prometheus that evaluates them (deploy/prometheus/prometheus.yaml).
"""


def text() -> str:
    """The file's text."""
    groups: list[Any] = []
    for file in sorted(_RULES.glob("*.yaml")):
        groups += yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "trueup"},
        "spec": {"groups": groups},
    }
    return _HEAD + yaml.safe_dump(resource, sort_keys=False, width=110, allow_unicode=True)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
