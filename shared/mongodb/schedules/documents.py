"""What is stored of schedules and their runs."""

from __future__ import annotations

from shared.domain.comparison import Direction
from shared.domain.run_limits import Differences, RunPlan, WaitsFor
from shared.domain.schedule import Action, Missed, RunOutcome, RunState, Skipped, TimingKind
from shared.mongodb.catalogue.documents import SELECTION
from shared.mongodb.described import Described, Fields, inside, of_shop, words
from shared.mongodb.jobs.documents import LEFT_OUT, OPTIONS
from shared.mongodb.schedules.run import DeliveryState

LIMITS: Fields = {
    "differences": ("string", words(Differences)),
    "max_move": ("number", "units of one place"),
    "max_share": ("number", "of the places compared, 0 to 1"),
}
"""What a run may do without a person."""

SCHEDULES = Described(
    "schedules",
    "A schedule. Written by `schedules/schedules`.",
    {
        **of_shop("shop, schedule_id"),
        "schedule_id": ("string", "a ULID"),
        "name": ("string", ""),
        "enabled": ("boolean", ""),
        "action": ("string", words(Action)),
        "direction": ("string or null", f"{words(Direction)}; null: of a preview"),
        "selection": ("object", ""),
        **inside("selection", SELECTION),
        "options": ("object", ""),
        **inside("options", OPTIONS),
        "timing": ("object", ""),
        "timing.kind": ("string", words(TimingKind)),
        "timing.expression": ("string", ""),
        "time_zone": ("string or null", "IANA; null: the shop's"),
        "missed": ("string", words(Missed)),
        "limits": ("object or absent", "of a reconcile; absent: an earlier build's, for which the defaults hold"),
        **inside("limits", LIMITS),
        "target": ("object or null", "who is told of its outcomes"),
        "target.url": ("string", ""),
        "target.secret": ("bytes", "encrypted"),
        "target.previous_secret": ("bytes or absent", "encrypted; the one before"),
        "target.previous_until": ("date or absent", "until then outcomes are signed by both"),
        "rev": ("number", "raised by every change of a person's"),
        "next_at": ("date or absent", "its next moment; absent: it is switched off"),
        "lease": ("object or null or absent", "somebody sees to its moment"),
        "lease.owner": ("string", "the process"),
        "lease.until": ("date", ""),
        "created_at": ("date", ""),
        "created_by": ("string", ""),
        "updated_at": ("date", ""),
        "updated_by": ("string", ""),
    },
)

_PLAN = tuple(RunPlan(places=0, compared=0, largest_move=0, left=0).figures)

SCHEDULE_RUNS = Described(
    "schedule_runs",
    "A run of a schedule, begun or skipped. Written by `schedules/runs`.",
    {
        **of_shop("shop, run_id"),
        "run_id": ("string", "also the id of its job or preview"),
        "schedule_id": ("string", ""),
        "name": ("string", "the schedule's then"),
        "action": ("string", "the schedule's then"),
        "due_at": ("date", "its moment"),
        "state": ("string", words(RunState)),
        "reason": ("string or null", f"why it was skipped: {words(Skipped)}"),
        "outcome": ("string or null", words(RunOutcome)),
        "figures": ("object or null", ""),
        "figures.*": ("number", "a job's totals, or a preview's badges"),
        "at": ("date", "when it was noted"),
        "asked_at": ("date or null", "when its job or preview, or the run itself by a person, was last asked for"),
        "ended_at": ("date or null", ""),
        "direction": (
            "string or absent",
            f"of a reconcile that was asked for, the schedule's then: {words(Direction)}",
        ),
        "limits": ("object or absent", "the schedule's then"),
        **inside("limits", LIMITS),
        "options": ("object or absent", "the schedule's then"),
        **inside("options", OPTIONS),
        "plan": ("object or absent", "of a reconcile: what it would do; absent: not compared yet"),
        **inside("plan", dict.fromkeys(_PLAN, ("number", ""))),
        "waits_for": ("string or absent", f"why it waits for a person, or did: {words(WaitsFor)}"),
        "asked_by": ("string or absent", "who wanted it now; absent: its moment came"),
        "look_first": ("boolean or absent", "whether that person decides before it begins"),
        "approved_by": ("string or absent", "who let it begin"),
        "leave_out": ("object or absent", "what that person has left out; absent: nothing, or an earlier build"),
        **inside("leave_out", LEFT_OUT),
        "declined_by": ("string or absent", "who left it out"),
        "telling": ("object or absent", "the delivery of its outcome; absent: nobody is told"),
        "telling.state": ("string", words(DeliveryState)),
        "telling.at": ("date", "when it is due, or until when somebody is at it"),
        "telling.tries": ("number", ""),
        "telling.detail": ("string or null", "what the last try met"),
    },
)

DOCUMENTS = (SCHEDULES, SCHEDULE_RUNS)
