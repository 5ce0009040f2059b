"""Do webhooks come and go well, and is what they missed repaired?"""

from deploy.grafana.panels import Dashboard, Panel, Query, Row
from deploy.grafana.queries import WINDOW, happened, per_second, quantile

_GOOD = 'trueup_http_requests_seconds_bucket{service="webhook-ingest",status="200",le="5.0"}'
_OWED = 'trueup_http_requests_seconds_count{service="webhook-ingest",status=~"200|408|5.."}'

WEBHOOKS = Dashboard(
    "webhooks",
    "Webhooks and drift",
    "Webhooks taken, late and missed; drift found and repaired.",
    (
        Row(
            "Does Shopify get its answers?",
            (
                Panel(
                    1,
                    "webhooks-outcome",
                    "Webhooks, by outcome",
                    (per_second("trueup_webhooks_total", "outcome", "{{outcome}}"),),
                    "ops",
                    "Accepted ones may turn out as duplicates later.",
                    ("WebhooksRefused", "WebhooksUnsigned"),
                ),
                Panel(
                    2,
                    "ingest-budget",
                    "Share without a good answer within 5 s",
                    (Query(f"1 - sum(rate({_GOOD}[{WINDOW}])) / sum(rate({_OWED}[{WINDOW}]))", "no good answer"),),
                    "percentunit",
                    "The objective is 0.1 % over 30 days.",
                    ("IngestBurnFast", "IngestBurnSlow"),
                ),
                Panel(
                    3,
                    "ingest-seconds",
                    "Time to answer",
                    (quantile(0.99, "trueup_http_requests_seconds", "99 %", selector='{service="webhook-ingest"}'),),
                    "s",
                ),
            ),
        ),
        Row(
            "How late are webhooks?",
            (
                Panel(
                    4,
                    "webhook-lag",
                    "From event to receipt",
                    (
                        quantile(0.5, "trueup_webhook_lag_seconds", "half"),
                        quantile(0.9, "trueup_webhook_lag_seconds", "90 %"),
                    ),
                    "s",
                    alerts=("WebhooksLate",),
                ),
            ),
        ),
        Row(
            "What changes the base?",
            (
                Panel(
                    5,
                    "index-updates",
                    "Looks at a cell, by cause and outcome",
                    (per_second("trueup_index_updates_total", "cause, outcome", "{{cause}}: {{outcome}}"),),
                    "ops",
                ),
            ),
        ),
        Row(
            "Are webhooks missing?",
            (
                Panel(
                    6,
                    "webhook-loss",
                    "Estimated share that never comes",
                    (Query("max(trueup_webhook_loss_ratio)", "missed / (missed + received)"),),
                    "percentunit",
                    alerts=("WebhooksMissed",),
                ),
                Panel(
                    11,
                    "webhook-loss-by-shop",
                    "The same, of the ten shops that lose most",
                    (Query('max by (shop) (trueup_shop_webhook_loss_ratio{shop=~"$shop"})', "{{shop}}"),),
                    "percentunit",
                    "Shops of which enough is known.",
                    ("WebhooksMissed",),
                ),
                Panel(
                    12,
                    "silent-shops",
                    "Shops usually busy by now that tell nothing",
                    (Query("max(trueup_silent_shops)", "shops"),),
                    meaning="By what came in the same hours of the days before.",
                    alerts=("ShopsSilent",),
                ),
                Panel(
                    7,
                    "drift-detected",
                    "Missed webhooks found",
                    (happened("trueup_drift_detected_total", "class, outcome"),),
                    kind="table",
                    meaning="`late`: the event came after all.",
                ),
            ),
        ),
        Row(
            "Is drift repaired?",
            (
                Panel(
                    8,
                    "drift-unrepaired",
                    "Cells in drift that nothing has repaired",
                    (Query("max(trueup_drift_unrepaired_cells)", "cells"),),
                    alerts=("DriftUnrepaired",),
                ),
                Panel(
                    9,
                    "drift-repaired",
                    "Repairs",
                    (happened("trueup_drift_repaired_total", "class, outcome"),),
                    kind="table",
                ),
                Panel(
                    10,
                    "breakers",
                    "Shops whose automatic repair has stopped",
                    (Query("max(trueup_breaker_open)", "shops"),),
                    meaning="The merchant is told, and decides: a notice, a mail, an outgoing webhook.",
                ),
            ),
        ),
    ),
)
