"""docs/reference/metrics.md, from the registry of metrics."""

from __future__ import annotations

from deploy.reference.markdown import table
from shared import metrics


def metrics_page() -> str:
    """The page."""
    found = [value for value in vars(metrics).values() if hasattr(value, "describe") and hasattr(value, "_labelnames")]
    rows = []
    for metric in found:
        for family in metric.describe():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)  # noqa: SLF001  # there is no public way
            rows.append((f"`{name}`", family.type, labels, family.documentation))
    return "\n".join(
        [
            "# Metrics\n",
            (
                "`GET /metrics` on the operations port, in Prometheus' format. Gauges of one process "
                "(`partitions_held`, `lane_cells`) are to be added up; those from the documents are the same in every "
                "process that tells them, so take the greatest.\n"
            ),
            table(("metric", "kind", "labels", "meaning"), sorted(rows)),
        ]
    )
