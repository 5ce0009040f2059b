"""What is stored of missed webhooks, and of what a shop's sweeps saw by hour."""

from __future__ import annotations

from shared.domain.comparison import CellClass
from shared.domain.drift import Hold
from shared.mongodb.described import Described, of_shop, words
from shared.mongodb.drift.missed import MissedOutcome, MissedState

DRIFT = Described(
    "drift",
    "The evidence of a missed webhook, from the first divergence seen to its end. Written by `drift/drift`.",
    {
        **of_shop("shop, drift_id"),
        "drift_id": ("string", "a ULID"),
        "bom_id": ("string", ""),
        "location_id": ("string", ""),
        "item_id": ("string", ""),
        "bom_name": ("string or null", ""),
        "location_name": ("string or null", ""),
        "state": ("string", words(MissedState)),
        "open": ("boolean or absent", "true until it is resolved: a cell has one open document"),
        "due_at": ("date or absent", "to be looked at; absent: never"),
        "seen_at": ("date", "our time of the first read"),
        "since": ("date", "Shopify's time of it"),
        "taken_at": ("date", "Shopify's time of the last read"),
        "base": ("number or null", ""),
        "base_time": ("date or null", "Shopify's time of the base"),
        "shopify": ("number", ""),
        "shopify_time": ("date", "Shopify's time of its value"),
        "local": ("number or null", ""),
        "move": ("number", "units by which Shopify left the base"),
        "cell_class": ("string", words(CellClass)),
        "events_no": ("number", "the cell's counter when it was seen"),
        "event_at": ("date or null", "of the last event meanwhile"),
        "detected_at": ("date or null", "when it was found missed"),
        "late": ("boolean", "the webhook came after all"),
        "late_at": ("date or null", ""),
        "late_told": ("boolean or absent", "whether that was counted"),
        "approved_by": ("string or null", "who lets it be repaired"),
        "approved_at": ("date or null", ""),
        "job_id": ("string or null", "the job that repairs it"),
        "asked_at": ("date or null", "when that, or a read, was asked for"),
        "tries": ("number", "jobs that left it as it was"),
        "held": ("string or null", f"why nothing repairs it now: {words(Hold)}"),
        "note": ("string or null", "why its last job left it as it was"),
        "outcome": ("string or null", words(MissedOutcome)),
        "ended_at": ("date or null", ""),
    },
)

DRIFT_HOURS = Described(
    "drift_hours",
    "An hour of a shop's sweeps. Written by `drift/history`.",
    {
        **of_shop("shop, and the hour as YYYY-MM-DDTHH"),
        "hour": ("date", "its beginning"),
        "swept": ("number or absent", "looks; absent: nobody looked"),
        "compared": ("number or absent", "cells"),
        "received": ("number", "webhooks of cells of ours"),
        "lag_mean": ("number or null", "seconds that they took to come; null: none came"),
        "lag_max": ("number or null", "seconds"),
    },
)

DOCUMENTS = (DRIFT, DRIFT_HOURS)
