"""Documents as stores have written them: of drift, schedules' runs, previews and their rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

SHOP = "tests.myshopify.com"
AT = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
ONE, TWO, THREE = "01K0000000000000000000000A", "01K0000000000000000000000B", "01K0000000000000000000000C"

WATCHED: dict[str, Any] = {
    "_id": f"{SHOP}|{ONE}",
    "shop": SHOP,
    "bom_id": "b",
    "location_id": "1",
    "open": True,
    "drift_id": ONE,
    "item_id": "11",
    "bom_name": "Bee",
    "location_name": None,
    "state": "watched",
    "seen_at": AT,
    "due_at": AT + timedelta(minutes=10),
    "since": AT - timedelta(seconds=1),
    "base": 7,
    "local": 9,
    "shopify": 5,
    "shopify_time": AT - timedelta(minutes=1),
    "taken_at": AT - timedelta(seconds=1),
    "move": 2,
    "cell_class": "both_moved",
    "events_no": 3,
    "event_at": None,
    "late": False,
    "late_at": None,
    "detected_at": None,
    "base_time": None,
    "approved_by": None,
    "approved_at": None,
    "job_id": None,
    "asked_at": None,
    "tries": 0,
    "held": None,
    "outcome": None,
    "note": None,
    "ended_at": None,
}

RESOLVED: dict[str, Any] = {
    **{name: value for name, value in WATCHED.items() if name not in {"open", "due_at"}},
    "state": "resolved",
    "base_time": AT - timedelta(hours=2),
    "detected_at": AT + timedelta(minutes=10),
    "late": True,
    "late_at": AT + timedelta(minutes=11),
    "late_told": True,
    "approved_by": "user:42",
    "approved_at": AT + timedelta(minutes=12),
    "job_id": TWO,
    "asked_at": AT + timedelta(minutes=13),
    "tries": 1,
    "held": None,
    "outcome": "repaired",
    "note": "SHOP_PAUSED",
    "ended_at": AT + timedelta(minutes=14),
}

HELD: dict[str, Any] = {**WATCHED, "state": "missed", "base": None, "local": None, "held": "quiet_hours"}

DRIFT = (WATCHED, RESOLVED, HELD)

NOTED: dict[str, Any] = {
    "_id": f"{SHOP}|{ONE}",
    "shop": SHOP,
    "run_id": ONE,
    "schedule_id": TWO,
    "name": "Nightly",
    "action": "preview",
    "due_at": AT,
    "state": "due",
    "reason": None,
    "outcome": None,
    "figures": None,
    "at": AT,
    "asked_at": None,
    "ended_at": None,
}

LEFT_OUT: dict[str, Any] = {
    **NOTED,
    "state": "skipped",
    "reason": "overlap",
    "ended_at": AT,
    "telling": {"state": "due", "at": AT, "tries": 0, "detail": None},
}

ENDED: dict[str, Any] = {
    **NOTED,
    "action": "reconcile",
    "state": "ended",
    "outcome": "completed_with_errors",
    "figures": {"total": 6, "pending": 0, "applying": 0, "updated": 2, "skipped": 1, "errors": 3, "cancelled": 0},
    "asked_at": AT + timedelta(seconds=1),
    "ended_at": AT + timedelta(seconds=9),
    "telling": {"state": "failed", "at": AT, "tries": 5, "detail": "answered with status 500"},
}

RUNS = (NOTED, LEFT_OUT, ENDED)

READY: dict[str, Any] = {
    "_id": f"{SHOP}|{ONE}",
    "shop": SHOP,
    "preview_id": ONE,
    "selection": {"bom_ids": ["b", "c"]},
    "state": "ready",
    "requested_by": "user:42",
    "requested_at": AT,
    "taken_from": AT + timedelta(seconds=1),
    "finished_at": AT + timedelta(seconds=9),
    "total": 4,
    "done": 4,
    "badges": {"with_discrepancies": 1, "in_sync": 0, "not_compared": 1},
    "classes": {"both_moved": 1, "in_sync": 1},
    "left_out": {"not_stocked": 1},
    "codes": {"ITEM_NOT_FOUND": 1},
    "failure": None,
    "trace": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "run": TWO,
    "kinds": {"differs": 1, "failed": 1, "in_sync": 1, "left_out": 1},
    "milestones": [{"kind": "differs", "size": 4, "no": 0}],
    "milestones_apart": 500,
    "moves": [
        {
            "cell_class": "both_moved",
            "cells": 2,
            "boms": 1,
            "highest": {
                "difference": -4,
                "bom_id": "b",
                "bom_name": "Bee \x85",
                "location_id": "1",
                "location_name": None,
                "shopify_value": 5,
                "local_value": 9,
            },
            "lowest": None,
            "not_pushed": {"NEGATIVE_TARGET": 1, "TARGET_TOO_LARGE": 2},
        }
    ],
}

REQUESTED: dict[str, Any] = {
    **{name: READY[name] for name in ("_id", "shop", "preview_id", "selection")},
    "state": "requested",
    "requested_by": "user:42",
    "requested_at": AT,
    "taken_from": None,
    "finished_at": None,
    "total": None,
    "done": 0,
    "badges": None,
    "classes": {},
    "left_out": {},
    "codes": {},
    "failure": None,
}

FAILED: dict[str, Any] = {
    **REQUESTED,
    "state": "failed",
    "finished_at": AT,
    "failure": {"code": "SHOP_PAUSED", "message": "It is paused.", "remedy": "Resume it."},
}

REFUSED: dict[str, Any] = {**FAILED, "failure": {"code": "TOO_MANY_PREVIEWS", "message": "Too many."}}

PREVIEWS = (READY, REQUESTED, FAILED, REFUSED)

COMPARED: dict[str, Any] = {
    "_id": f"{SHOP}|{ONE}|b|1",
    "shop": SHOP,
    "preview_id": ONE,
    "no": 0,
    "bom_id": "b",
    "location_id": "1",
    "bom_name": "Bee",
    "location_name": "Here",
    "item_id": "11",
    "words": "bee b",
    "counted": True,
    "row": {
        "shopify": 7,
        "shopify_time": AT,
        "taken_at": AT + timedelta(seconds=2),
        "base": 7,
        "local": 9,
        "manual_total": 2,
        "settle_no": 3,
        "events_no": 4,
        "tracks_rev": 1,
        "unknown_outcome": False,
        "never_agreed": False,
    },
    "reason": None,
    "code": None,
    "cell_class": "local_moved",
    "suggested": "toShopify",
    "difference": -2,
    "kind": "differs",
    "size": 2,
    "not_pushed": None,
    "made_at": AT,
}

NOT_COMPARED: dict[str, Any] = {
    **COMPARED,
    "no": 1,
    "location_name": None,
    "counted": None,
    "row": None,
    "reason": "not_stocked",
    "cell_class": None,
    "suggested": None,
    "difference": None,
    "kind": "left_out",
    "size": -1,
    "not_pushed": None,
}

NOT_READ: dict[str, Any] = {**NOT_COMPARED, "item_id": None, "reason": None, "code": "BOM_NOT_FOUND", "kind": "failed"}

ROWS = (COMPARED, NOT_COMPARED, NOT_READ)
