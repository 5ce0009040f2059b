"""The events that go out to a shop's own addresses: an example of each, made of the words that are sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.contract.outgoing import Notification, NotificationData, ScheduleOutcome
from shared.domain.notices import EVENTS, URGENCY, Facts, Matter, told
from shared.domain.schedule import Action

_ID = "01K00000000000000000000001"
_AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
_RUN: Facts = {
    "source": "admin",
    "direction": "toShopify",
    "state": "completed",
    "failure": None,
    "total": 42,
    "updated": 40,
    "skipped": 2,
    "errors": 0,
    "cancelled": 0,
}

FACTS: Mapping[Matter, Facts] = {
    Matter.RUN_ENDED: _RUN,
    Matter.RUN_TROUBLED: {**_RUN, "state": "completed_with_errors", "updated": 38, "errors": 2},
    Matter.RUN_WAITS: {"source": "admin", "reason": "throttled", "open": 120},
    Matter.PREVIEW_WAITS: {"with_discrepancies": 12, "by": "user:42"},
    Matter.PREVIEW_FAILED: {
        "with_discrepancies": 0,
        "by": "user:42",
        "failure": "Shopify did not answer.",
        "remedy": "Take a new preview in a few minutes.",
    },
    Matter.REPAIR_ENDED: {**_RUN, "source": "drift", "direction": "toLocal"},
    Matter.REPAIR_STOPPED: {"missed": 40, "cells": 100},
    Matter.REPAIR_RESUMED: {},
    Matter.DRIFT_FOUND: {"drift_id": _ID},
    Matter.SCHEDULE_WAITS: {
        "name": "Every night",
        "reason": "move",
        "places": 9,
        "compared": 100,
        "largest_move": 4000,
        "left": 1,
    },
    Matter.SCHEDULE_FAILED: {"name": "Every night", "reason": None, "outcome": "failed"},
    Matter.SCHEDULE_SKIPPED: {"name": "Every night", "reason": "overlap", "outcome": None},
    Matter.IMPORT_WAITS: {"makes": 120, "refused": 2},
    Matter.IMPORT_ENDED: {"refused": 0},
    Matter.IMPORT_TROUBLED: {"refused": 2},
    Matter.WEBHOOKS_SILENT: {"expected": 12},
    Matter.SHOP_PAUSED: {"reason": "frozen", "detail": None},
    Matter.SHOP_RESUMED: {},
    Matter.TARGET_DISABLED: {"url": "https://example.com/hooks"},
}
"""What is known of an occurrence of each, as `shared.mongodb.notices.happenings` tells it."""

_OF_THE_SHOP = frozenset(
    {
        Matter.REPAIR_STOPPED,
        Matter.REPAIR_RESUMED,
        Matter.DRIFT_FOUND,
        Matter.WEBHOOKS_SILENT,
        Matter.SHOP_PAUSED,
        Matter.SHOP_RESUMED,
    }
)


def event_example(matter: Matter) -> dict[str, Any]:
    """A body as it is sent."""
    subject = "" if matter in _OF_THE_SHOP else _ID
    words = told(matter, subject, FACTS[matter])
    data = NotificationData(
        shop="your-store.myshopify.com",
        notice_id="01K00000000000000000000002",
        subject=subject,
        urgency=str(URGENCY[matter]),
        count=1,
        title=words.title,
        meaning=words.meaning,
        remedy=words.remedy,
        facts=dict(FACTS[matter]),
    )
    return Notification(type=EVENTS[matter], timestamp=_AT, data=data).model_dump(mode="json")


def schedule_example() -> dict[str, Any]:
    """The body that a schedule's target is sent."""
    return ScheduleOutcome(
        shop="your-store.myshopify.com",
        schedule_id="01K00000000000000000000002",
        schedule_name="Every night",
        action=Action.RECONCILE,
        run_id=_ID,
        due_at=_AT,
        ended_at=_AT,
        outcome="completed",
        reason=None,
        figures={"total": 42, "updated": 40, "skipped": 2, "errors": 0, "cancelled": 0},
    ).model_dump(mode="json")
