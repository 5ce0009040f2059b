"""How a `ScheduleRun` stands in a document."""

from __future__ import annotations

from datetime import datetime

from shared.domain.comparison import Direction
from shared.domain.run_limits import WaitsFor
from shared.domain.schedule import Action, RunOutcome, RunState, Skipped
from shared.mongodb.schedules.run import DeliveryState, OutcomeDelivery, ScheduleRun
from shared.mongodb.schedules.schedule import Schedule
from shared.mongodb.schedules.schedule_form import limits_document, limits_of
from shared.mongodb.schema import Document, key_of


def run_of(document: Document) -> ScheduleRun:
    """From its document."""
    reason, outcome, delivery = document.get("reason"), document.get("outcome"), document.get("telling")
    direction, waits_for = document.get("direction"), document.get("waits_for")
    return ScheduleRun(
        shop=document["shop"],
        run_id=document["run_id"],
        schedule_id=document["schedule_id"],
        name=document["name"],
        action=Action(document["action"]),
        due_at=document["due_at"],
        state=RunState(document["state"]),
        reason=None if reason is None else Skipped(reason),
        outcome=None if outcome is None else RunOutcome(outcome),
        figures=document.get("figures"),
        asked_at=document.get("asked_at"),
        ended_at=document.get("ended_at"),
        delivery=None if delivery is None else _delivery(delivery),
        direction=None if direction is None else Direction(direction),
        limits=limits_of(document.get("limits")),
        plan=document.get("plan"),
        waits_for=None if waits_for is None else WaitsFor(waits_for),
        asked_by=document.get("asked_by"),
        look_first=document.get("look_first", False),
        approved_by=document.get("approved_by"),
        _options=document.get("options") or {},
        _leave_out=document.get("leave_out"),
    )


def run_document(schedule: Schedule, run_id: str, due_at: datetime, why: Skipped | None, now: datetime) -> Document:
    """The document of a run that is noted, or skipped for a reason."""
    document: Document = {
        "_id": key_of(schedule.shop, run_id),
        "shop": schedule.shop,
        "run_id": run_id,
        "schedule_id": schedule.schedule_id,
        "name": schedule.name,
        "action": str(schedule.action),
        "due_at": due_at,
        "state": str(RunState.DUE if why is None else RunState.SKIPPED),
        "reason": None if why is None else str(why),
        "outcome": None,
        "figures": None,
        "at": now,
        "asked_at": None,
        "ended_at": None if why is None else now,
    }
    if why is not None and schedule.target_url is not None:
        document["telling"] = first_delivery(now)
    return document


def wants_fields(schedule: Schedule) -> Document:
    """What the schedule wants of a run as it is asked for: a later change of the schedule is no change of the run."""
    if schedule.direction is None:
        return {}
    return {
        "direction": str(schedule.direction),
        "limits": limits_document(schedule.limits),
        "options": schedule.options.model_dump(exclude_none=True),
    }


def first_delivery(now: datetime) -> Document:
    """The part of a run whose outcome is to be delivered."""
    return {"state": str(DeliveryState.DUE), "at": now, "tries": 0, "detail": None}


def _delivery(stored: Document) -> OutcomeDelivery:
    return OutcomeDelivery(DeliveryState(stored["state"]), stored["tries"], stored["detail"])
