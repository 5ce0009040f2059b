"""Every metric of Trueup with its meaning. Dashboards and alerts use these and no others of ours."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Histogram, Info

from shared.observing.gauges import AskedGauge, RecordedGauge
from shared.version import VERSION

REGISTRY = CollectorRegistry(auto_describe=True)

_FAST = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LONG = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
_ROWS = (1, 2, 5, 10, 25, 50, 100, 150, 200, 250)


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(f"trueup_{name}", meaning, labels, registry=REGISTRY)


def _recorded(name: str, meaning: str, *labels: str) -> RecordedGauge:
    return RecordedGauge(REGISTRY, f"trueup_{name}", meaning, labels)


def _sum(name: str, meaning: str) -> AskedGauge:
    return AskedGauge(REGISTRY, f"trueup_{name}", meaning, together=operator.add)


def _histogram(name: str, meaning: str, *labels: str, buckets: tuple[float, ...] = _FAST) -> Histogram:
    return Histogram(f"trueup_{name}", meaning, labels, registry=REGISTRY, buckets=buckets)


def begin_at_zero(counter: Counter, *values: Iterable[str]) -> None:
    """Show every combination of these label values, a collection per label, from the start.

    A series that first appears with its first event has no increase there: an alert would miss a burst that begins it.
    """
    for combination in product(*values):
        counter.labels(*combination)


BUILD = Info("trueup_build", "The version that runs", registry=REGISTRY)
BUILD.info({"version": VERSION})
HTTP_REQUESTS = _histogram("http_requests_seconds", "HTTP requests answered", "service", "route", "status")
CONNECTIONS_CUT = _counter("connections_cut_total", "HTTP connections cut or refused by their bounds", "reason")
REFUSED_BY_LIMIT = _counter("refused_by_limit_total", "Refused since one shop has as much as it may", "limit")
WEBHOOKS = _counter("webhooks_total", "Webhooks received", "topic", "outcome")
WEBHOOK_LAG = _histogram("webhook_lag_seconds", "Received minus Triggered-At", "topic", buckets=_LONG)
BASE_UPDATES = _counter("index_updates_total", "Changes of the local index", "cause", "outcome")
PREVIEWS = _counter("previews_total", "Previews ended", "state")
PREVIEWS_OPEN = _recorded("previews_open", "Previews that have not ended, from the documents")
PREVIEW_SECONDS = _histogram("preview_seconds", "Preview requested to ended", buckets=_LONG)
JOBS = _counter("jobs_total", "Jobs ended", "source", "direction", "state")
JOB_SECONDS = _histogram("job_seconds", "Job requested to ended", "direction", buckets=_LONG)
JOBS_OPEN = _recorded("jobs_open", "Unfinished jobs, from the documents; those of paused shops apart", "state")
JOB_OLDEST = _recorded("job_oldest_seconds", "Age of the oldest unfinished job, from the documents", "state")
JOBS_HELD = _recorded(
    "jobs_held", "Running jobs that wait now, from the documents; those of paused shops apart", "reason"
)
CELLS = _counter("cells_total", "Cells ended", "direction", "outcome", "code")
CELL_SECONDS = _histogram("cell_seconds", "Cell planned to ended", "direction", buckets=_LONG)
PUSH_ROWS = _histogram("push_rows", "Rows per mutation", buckets=_ROWS)
PUSH_CONFLICTS = _counter("push_conflicts_total", "Rows of a push not applied", "kind")
SHOPIFY_REQUESTS = _histogram("shopify_requests_seconds", "Calls to Shopify", "operation", "outcome")
SHOPIFY_POINTS = _counter("shopify_points_total", "Query cost spent, in points", "operation")
SHOPIFY_THROTTLED = _counter("shopify_throttled_total", "Calls refused for lack of budget", "operation")
SHOPIFY_NOTICES = _counter(
    "shopify_notices_total", "Replies of another API version than was asked, or that tell of a deprecation", "kind"
)
SHOPIFY_BUDGET = AskedGauge(
    REGISTRY,
    "trueup_shopify_budget_ratio",
    "Share of the bucket left now, lowest ten shops",
    ("shop",),
    together=min,
    max_shown=10,
)
DRIFT_DETECTED = _counter("drift_detected_total", "Missed webhooks found", "class", "outcome")
DRIFT_REPAIRED = _counter("drift_repaired_total", "Missed webhooks repaired", "class", "outcome")
DRIFT_UNREPAIRED = _recorded("drift_unrepaired_cells", "Cells in drift that nothing has repaired")
BREAKER_OPEN = _recorded("breaker_open", "Shops whose automatic repair has stopped")
WEBHOOK_LOSS = _recorded("webhook_loss_ratio", "Estimate: missed / (missed + received)")
SHOP_WEBHOOK_LOSS = _recorded("shop_webhook_loss_ratio", "The same of one shop; the ten shops that lose most", "shop")
SILENT_SHOPS = _recorded("silent_shops", "Shops usually busy by now that tell nothing")
SCHEDULED_RUNS = _counter("scheduled_runs_total", "Runs of schedules ended or left out", "action", "outcome")
OUTGOING_WEBHOOKS = _counter("outgoing_webhooks_total", "Outcomes told to an address of the shop's", "outcome")
NOTICES = _counter("notices_total", "Matters that a shop was told of", "matter")
MAILS = _counter("mails_total", "Mails to a shop's people", "outcome")
MESSAGES = _counter("messages_total", "Messages handled", "queue", "outcome")
MESSAGE_SECONDS = _histogram("message_seconds", "Delivery to acknowledgement", "queue")
MESSAGE_OLDEST = AskedGauge(
    REGISTRY,
    "trueup_message_oldest_seconds",
    "Age of the oldest delivery that is not acknowledged yet",
    ("queue",),
    together=max,
)
DEAD_LETTERS = _counter("dead_letters_total", "Messages dead-lettered", "queue")
WATCHDOG_REPUBLISHED = _counter("watchdog_republished_total", "Cells published again", "queue")
PARTITIONS_HELD = _sum("partitions_held", "Cell partitions this process holds")
LANE_CELLS = _sum("lane_cells", "Cells in this process's lanes")
SHOPS_PAUSED = _recorded("shops_paused", "Shops that take no calls now", "reason")
ROUND_AGE = AskedGauge(
    REGISTRY, "trueup_round_age_seconds", "Since a round of this process has last ended well", ("round",), together=max
)
EVENT_LOOP_LAG = _histogram("event_loop_lag_seconds", "How late the event loop comes to what is due")
