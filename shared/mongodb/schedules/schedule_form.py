"""How a `Schedule` stands in a document."""

from __future__ import annotations

from shared.domain.comparison import Direction
from shared.domain.run_limits import DEFAULT_LIMITS, Differences, RunLimits
from shared.domain.schedule import Action, Missed, Timing, TimingKind
from shared.mongodb.schedules.schedule import Schedule, ScheduleWanted
from shared.mongodb.schema import Document


def schedule_of(document: Document) -> Schedule:
    """From its document."""
    direction, timing, target = document["direction"], document["timing"], document["target"]
    return Schedule(
        shop=document["shop"],
        schedule_id=document["schedule_id"],
        name=document["name"],
        enabled=document["enabled"],
        action=Action(document["action"]),
        direction=None if direction is None else Direction(direction),
        timing=Timing(TimingKind(timing["kind"]), timing["expression"]),
        time_zone=document["time_zone"],
        missed=Missed(document["missed"]),
        limits=limits_of(document.get("limits")),
        target_url=None if target is None else target["url"],
        rev=document["rev"],
        next_at=document.get("next_at"),
        created_at=document["created_at"],
        created_by=document["created_by"],
        updated_at=document["updated_at"],
        updated_by=document["updated_by"],
        _selection=document["selection"],
        _options=document["options"],
    )


def wanted_fields(wanted: ScheduleWanted) -> Document:
    """What a document says of what a person wants."""
    return {
        "name": wanted.name,
        "enabled": wanted.enabled,
        "action": str(wanted.action),
        "direction": None if wanted.direction is None else str(wanted.direction),
        "selection": wanted.selection.model_dump(exclude_none=True),
        "options": wanted.options.model_dump(exclude_none=True),
        "timing": {"kind": str(wanted.timing.kind), "expression": wanted.timing.expression},
        "time_zone": wanted.time_zone,
        "missed": str(wanted.missed),
        "limits": limits_document(wanted.limits),
    }


def limits_of(stored: Document | None) -> RunLimits:
    """Limits as they are stored; none, of an earlier build: the defaults, under which only what is safe is settled."""
    if stored is None:
        return DEFAULT_LIMITS
    return RunLimits(Differences(stored["differences"]), stored["max_move"], stored["max_share"])


def limits_document(limits: RunLimits) -> Document:
    """Limits as they are stored."""
    return {"differences": str(limits.differences), "max_move": limits.max_move, "max_share": limits.max_share}
