"""How is Shopify's call budget spent?"""

from deploy.grafana.panels import Dashboard, Panel, Query, Row
from deploy.grafana.queries import happened, number, per_second, quantile

BUDGET = Dashboard(
    "budget",
    "Shopify budget",
    "Calls to Shopify: points left and spent, refusals, speed.",
    (
        Row(
            "How much budget is left?",
            (
                Panel(
                    1,
                    "budget-left",
                    "Share of the bucket left, lowest ten shops",
                    (Query('min by (shop) (trueup_shopify_budget_ratio{shop=~"$shop"})', "{{shop}}"),),
                    "percentunit",
                    alerts=("BudgetLow",),
                ),
            ),
        ),
        Row(
            "What are the points spent on?",
            (
                Panel(
                    2,
                    "points",
                    "Points per second, by operation",
                    (per_second("trueup_shopify_points_total", "operation", "{{operation}}"),),
                ),
            ),
        ),
        Row(
            "Does Shopify answer?",
            (
                Panel(
                    3,
                    "shopify-outcome",
                    "Calls, by outcome",
                    (per_second("trueup_shopify_requests_seconds_count", "outcome", "{{outcome}}"),),
                    "ops",
                    "`unclear`: no answer, so nobody knows whether it was done; the call is settled by asking again.",
                    ("ShopifyFailing",),
                ),
                Panel(
                    4,
                    "throttled",
                    "Calls refused for lack of budget",
                    (per_second("trueup_shopify_throttled_total", "operation", "{{operation}}"),),
                    "ops",
                    alerts=("ShopifyThrottling",),
                ),
                Panel(
                    5,
                    "shopify-seconds",
                    "Time to answer, 95 %",
                    (quantile(0.95, "trueup_shopify_requests_seconds", "{{operation}}", "operation"),),
                    "s",
                ),
                Panel(
                    9,
                    "shopify-notices",
                    "Replies of another API version, or with a deprecation",
                    (happened("trueup_shopify_notices_total", "kind"),),
                    kind="table",
                    alerts=("ShopifyNotices",),
                ),
            ),
        ),
        Row(
            "Are calls well filled, and applied?",
            (
                Panel(
                    6,
                    "push-rows",
                    "Rows per push",
                    (
                        quantile(0.5, "trueup_push_rows", "half"),
                        quantile(0.95, "trueup_push_rows", "95 %"),
                    ),
                ),
                Panel(
                    7,
                    "push-conflicts",
                    "Rows not applied",
                    (number("trueup_push_conflicts_total", "kind", "{{kind}}"),),
                    meaning="`stale`: the value had changed meanwhile; such a row is made anew and sent again.",
                ),
            ),
        ),
        Row(
            "Which shops take no calls?",
            (
                Panel(
                    8,
                    "shops-paused",
                    "Paused shops, by reason",
                    (Query("max by (reason) (trueup_shops_paused)", "{{reason}}"),),
                    alerts=("ShopsPaused",),
                ),
            ),
        ),
    ),
)
