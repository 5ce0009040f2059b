"""Are merchants served?"""

from deploy.grafana.panels import Dashboard, Panel, Query, Row
from deploy.grafana.queries import happened, number, per_second, quantile, share

RECONCILE = Dashboard(
    "reconcile",
    "Reconcile",
    "Are merchants served: jobs, cells, previews and the page.",
    (
        Row(
            "Are jobs done in time?",
            (
                Panel(
                    1,
                    "jobs-age",
                    "Age of the oldest unfinished job",
                    (Query("max by (state) (trueup_job_oldest_seconds)", "{{state}}"),),
                    "s",
                    "Requested jobs are planned within seconds. Those of paused shops wait for the merchant.",
                    ("JobsLate",),
                ),
                Panel(
                    2,
                    "jobs-open",
                    "Unfinished jobs",
                    (Query("max by (state) (trueup_jobs_open)", "{{state}}"),),
                    "short",
                    "Counted from the documents by the watchdog.",
                    ("WatchdogSilent",),
                ),
                Panel(
                    3,
                    "jobs-duration",
                    "From request to end",
                    (
                        quantile(0.5, "trueup_job_seconds", "half of {{direction}}", "direction"),
                        quantile(0.95, "trueup_job_seconds", "95 % of {{direction}}", "direction"),
                    ),
                    "s",
                ),
            ),
        ),
        Row(
            "What do running jobs wait for?",
            (
                Panel(
                    16,
                    "jobs-held",
                    "Running jobs that wait, by reason",
                    (Query("max by (reason) (trueup_jobs_held)", "{{reason}}"),),
                    meaning="They go on by themselves. Those of paused shops wait for the merchant, and are not here.",
                    alerts=("JobsLate",),
                ),
            ),
        ),
        Row(
            "How do jobs end?",
            (
                Panel(
                    4,
                    "jobs-ended",
                    "Jobs ended, by state",
                    (number("trueup_jobs_total", "state", "{{state}}"),),
                    alerts=("JobsFailed",),
                ),
                Panel(
                    5,
                    "jobs-source",
                    "Jobs ended, by who asked",
                    (number("trueup_jobs_total", "source, direction", "{{source}} {{direction}}"),),
                ),
            ),
        ),
        Row(
            "How do cells end?",
            (
                Panel(
                    6,
                    "cells-rate",
                    "Cells ended",
                    (per_second("trueup_cells_total", "direction, outcome", "{{direction}} {{outcome}}"),),
                    "ops",
                    alerts=("JobsStuck",),
                ),
                Panel(
                    7,
                    "cells-errors",
                    "Cells with an error, by code",
                    (number('trueup_cells_total{outcome="error"}', "code", "{{code}}"),),
                    meaning="docs/reference/codes.md explains each code.",
                    alerts=("CellsFailing", "OutcomesUnknown"),
                ),
                Panel(
                    8,
                    "cells-error-share",
                    "Share of cells with an error",
                    (share('trueup_cells_total{outcome="error"}', "trueup_cells_total", "direction", "{{direction}}"),),
                    "percentunit",
                    alerts=("CellsFailing",),
                ),
            ),
        ),
        Row(
            "How long does a cell take?",
            (
                Panel(
                    9,
                    "cell-seconds",
                    "From planned to ended",
                    (
                        quantile(0.5, "trueup_cell_seconds", "half of {{direction}}", "direction"),
                        quantile(0.95, "trueup_cell_seconds", "95 % of {{direction}}", "direction"),
                    ),
                    "s",
                ),
            ),
        ),
        Row(
            "Are previews ready soon?",
            (
                Panel(
                    10,
                    "previews",
                    "Previews ended",
                    (number("trueup_previews_total", "state", "{{state}}"),),
                    alerts=("PreviewsFailing",),
                ),
                Panel(
                    11,
                    "preview-seconds",
                    "From request to end",
                    (
                        quantile(0.5, "trueup_preview_seconds", "half"),
                        quantile(0.95, "trueup_preview_seconds", "95 %"),
                    ),
                    "s",
                ),
                Panel(
                    14,
                    "previews-open",
                    "Previews that have not ended",
                    (Query("max(trueup_previews_open)", "requested or being read"),),
                    meaning="From the documents: what waits stands there, not in the queue.",
                ),
            ),
        ),
        Row(
            "Do schedules run, and are their outcomes told?",
            (
                Panel(
                    17,
                    "scheduled-runs",
                    "Runs of schedules, by outcome",
                    (happened("trueup_scheduled_runs_total", "action, outcome"),),
                    kind="table",
                    meaning="`skipped`: missed, overlapping, or of a shop that is not active. `lost`: its job is gone.",
                ),
                Panel(
                    18,
                    "outgoing-webhooks",
                    "Outcomes told to an address of the shop's",
                    (happened("trueup_outgoing_webhooks_total", "outcome"),),
                    kind="table",
                    meaning="`retried`: the address did not take it and is tried again; `failed`: for the last time.",
                ),
                Panel(
                    23,
                    "mails",
                    "Mails to shops' people, and what they are told of",
                    (
                        number("trueup_mails_total", "outcome", "mails {{outcome}}"),
                        number("trueup_notices_total", "matter", "{{matter}}"),
                    ),
                    meaning="`failed`: the mail server did not take it; it is sent again.",
                    alerts=("MailsFailing",),
                ),
            ),
        ),
        Row(
            "Does the page answer?",
            (
                Panel(
                    12,
                    "api",
                    "Requests, by status",
                    (per_second('trueup_http_requests_seconds_count{service="preview"}', "status", "{{status}}"),),
                    "ops",
                    alerts=("ApiFailing",),
                ),
                Panel(
                    13,
                    "api-seconds",
                    "Time to answer, 95 %, by route",
                    (quantile(0.95, "trueup_http_requests_seconds", "{{route}}", "route", '{service="preview"}'),),
                    "s",
                ),
                Panel(
                    15,
                    "refused-by-limit",
                    "Refused since one shop has as much as it may, by limit",
                    (happened("trueup_refused_by_limit_total", "limit"),),
                    kind="table",
                    meaning="One shop's haste, by its own limits: the others notice nothing of it.",
                ),
            ),
        ),
    ),
)
