"""What the webhook service counts, shown as zero from its start (see `metrics.begin_at_zero`)."""

from __future__ import annotations

from services.webhook_ingest.indexer.event import EventOutcome
from services.webhook_ingest.topics import TOPICS, topic_label
from shared import metrics
from shared.metrics import begin_at_zero


def show_zero_counts_of_front() -> None:
    """What becomes of a request."""
    begin_at_zero(metrics.WEBHOOKS, [*TOPICS, topic_label("")], ["accepted", "refused", "bad_hmac"])
    begin_at_zero(metrics.WEBHOOKS, [topic_label("")], ["unknown_topic"])


def show_zero_counts_of_indexer() -> None:
    """What becomes of an event."""
    begin_at_zero(metrics.WEBHOOKS, TOPICS, [EventOutcome.DUPLICATE, EventOutcome.SUSPICIOUS])
