"""What the reconciler counts, shown as zero from its start (see `metrics.begin_at_zero`)."""

from __future__ import annotations

from shared import metrics
from shared.domain.cell import CellState
from shared.domain.comparison import CellClass, Direction
from shared.domain.job import UNFINISHED_JOB_STATES, JobSource, JobState
from shared.domain.notices import Matter
from shared.domain.schedule import Action
from shared.domain.words.codes import Code
from shared.metrics import begin_at_zero
from shared.mongodb.shops.departures import REDACT, UNINSTALLED
from shared.rabbitmq.topology import QUEUES

_DRIFTING = (CellClass.SHOPIFY_MOVED, CellClass.BOTH_MOVED, CellClass.LOCAL_MOVED, CellClass.NO_BASE)


def show_zero_counts() -> None:
    """Every series whose first event somebody must hear of."""
    ended = sorted(set(JobState) - UNFINISHED_JOB_STATES)
    begin_at_zero(metrics.CELLS, Direction, [CellState.ERROR], Code)
    begin_at_zero(metrics.CELLS, Direction, [CellState.UPDATED], [""])
    begin_at_zero(metrics.SCHEDULED_RUNS, [Action.RECONCILE], [*ended, "skipped", "lost"])
    begin_at_zero(metrics.SCHEDULED_RUNS, [Action.PREVIEW], ["ready", "failed", "skipped", "lost"])
    begin_at_zero(metrics.OUTGOING_WEBHOOKS, ["sent", "retried", "failed"])
    begin_at_zero(metrics.MAILS, ["sent", "failed"])
    begin_at_zero(metrics.NOTICES, Matter)
    begin_at_zero(metrics.PUSH_CONFLICTS, ["stale", "refused", "unknown"])
    begin_at_zero(metrics.JOBS, JobSource, Direction, ended)
    begin_at_zero(metrics.DRIFT_DETECTED, _DRIFTING, ["recorded", "late"])
    begin_at_zero(metrics.DRIFT_REPAIRED, _DRIFTING, ["repaired", "failed"])
    begin_at_zero(metrics.DEAD_LETTERS, [queue.name for queue in QUEUES])
    begin_at_zero(metrics.WATCHDOG_REPUBLISHED, ["cells"])
    begin_at_zero(metrics.WEBHOOKS, [UNINSTALLED, REDACT], ["suspicious"])
    begin_at_zero(metrics.REFUSED_BY_LIMIT, ["jobs"])
