"""`trueup schedules`: previews and runs at set times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ulid import ULID

from services.command_line.api.client import path_of
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.confirmation import confirm
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.lists import Listed, short_time, show_listed
from services.command_line.terminal.tables import Column, console, number, show_table

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json

COLUMNS = (
    Column("Schedule"),
    Column("Name", "name"),
    Column("Does"),
    Column("When", "name"),
    Column("Next"),
)
RUNS = (
    Column("Run"),
    Column("Due"),
    Column("State"),
    Column("Changes", "number"),
    Column("How, or why"),
)

_GIVEN = ("name", "enabled", "action", "direction", "selection", "options", "limits", "timing", "time_zone", "missed")
"""What a schedule is told by when it is put: the rest of it is the service's."""


async def list_schedules(api: Api, *, as_json: bool) -> Exit:
    """All schedules, and the runs that wait for a person."""
    found = await api.get("/api/schedules")
    if as_json:
        print_json(found)
        return Exit.OK
    out = console()
    if found["items"]:
        show_table(out, COLUMNS, [_line(schedule) for schedule in found["items"]])
    else:
        out.print(f"{api.shop} has no schedules: trueup schedules add makes one")
    for run in found["waiting"]:
        out.print(
            f"run {run['run_id']} of {run['schedule_name']} waits for a person ({run['waits_for']}): "
            f"trueup schedules approve {run['schedule_id']} {run['run_id']}"
        )
    return Exit.OK


def _line(schedule: Json) -> Sequence[str]:
    following = short_time(schedule["next_at"]) if schedule["enabled"] else "paused"
    return (schedule["schedule_id"], schedule["name"], _does(schedule), when(schedule["timing"]), following)


def _does(schedule: Json) -> str:
    return str(schedule["direction"] or schedule["action"])


def when(timing: Json) -> str:
    """A timing in words."""
    match timing["kind"]:
        case "daily":
            return f"daily at {timing['at']}"
        case "weekly":
            return f"{', '.join(timing['days'])} at {timing['at']}"
        case "hourly":
            return f"hourly at minute {timing['minute']}"
        case _:
            return str(timing["expression"])


async def show_schedule(api: Api, schedule_id: str, *, as_json: bool) -> Exit:
    """One schedule as it stands."""
    return _told(await api.get(path_of("schedules", schedule_id)), as_json=as_json)


def _told(schedule: Json, *, as_json: bool) -> Exit:
    if as_json:
        print_json(schedule)
        return Exit.OK
    out = console()
    out.print(f"schedule {schedule['schedule_id']}: {schedule['name']}")
    zone = schedule["time_zone"] or "the shop's own time zone"
    out.print(f"{_does(schedule)}, {when(schedule['timing'])}, {zone}")
    if schedule["action"] == "reconcile":
        limits = schedule["limits"]
        out.print(
            f"by itself it settles {limits['differences']} differences, moves no cell by more than "
            f"{limits['max_move']} units, and changes at most {limits['max_share']:.0%} of the cells at once"
        )
    coming = ", ".join(short_time(at) for at in schedule["coming"])
    out.print(f"next: {coming}" if schedule["enabled"] else "it is paused: trueup schedules resume lets it go on")
    return Exit.OK


def timing_of(*, at: str | None, days: str | None, hourly: int | None, cron: str | None) -> Json:
    """When it runs. Raises WrongUseError."""
    if sum(value is not None for value in (at, hourly, cron)) != 1 or (days is not None and at is None):
        raise WrongUseError(
            "--at: say when: --at HH:MM (with --days mon,tue on those days only), --hourly MINUTE, or --cron"
        )
    if hourly is not None:
        return {"kind": "hourly", "minute": hourly}
    if cron is not None:
        return {"kind": "cron", "expression": cron}
    if days is not None:
        return {"kind": "weekly", "days": [day.strip().lower() for day in days.split(",")], "at": at}
    return {"kind": "daily", "at": at}


async def add_schedule(
    api: Api,
    *,
    name: str,
    direction: str | None,
    selection: Json,
    timing: Json,
    time_zone: str | None,
    limits: Json,
    as_json: bool,
) -> Exit:
    """Make one. Without a direction it takes previews."""
    if direction is None and limits:
        raise WrongUseError("--direction: limits are those of a reconcile; say which side receives, or leave them away")
    wanted = {
        "name": name,
        "action": "preview" if direction is None else "reconcile",
        "direction": direction,
        "selection": selection,
        "timing": timing,
        "time_zone": time_zone,
        **({"limits": limits} if limits else {}),
    }
    return _told(await api.put(path_of("schedules", str(ULID())), wanted), as_json=as_json)


async def switch(api: Api, schedule_id: str, *, on: bool, as_json: bool) -> Exit:
    """Let a schedule rest, or go on."""
    path = path_of("schedules", schedule_id)
    present = await api.get(path)
    wanted = {name: present[name] for name in _GIVEN} | {"enabled": on}
    if present["target"] is not None:
        wanted["target"] = {"url": present["target"]["url"]}  # the secret given before stays
    return _told(await api.put(path, wanted), as_json=as_json)


async def remove_schedule(api: Api, schedule_id: str, *, yes: bool, as_json: bool) -> Exit:
    """Remove one. As JSON: the schedule as it was."""
    path = path_of("schedules", schedule_id)
    before = await api.get(path)
    confirm(f"Remove the schedule {before['name']}?", yes=yes)
    await api.ask("DELETE", path)
    if as_json:
        print_json(before)
    else:
        console().print(f"schedule {schedule_id} is removed")
    return Exit.OK


async def run_schedule(api: Api, schedule_id: str, *, look_first: bool, as_json: bool) -> Exit:
    """Have it run now, within its limits."""
    wanted = {"run_id": str(ULID()), "look_first": look_first}
    return _run_told(await api.post(path_of("schedules", schedule_id, "runs"), wanted), as_json=as_json)


def _run_told(run: Json, *, as_json: bool) -> Exit:
    if as_json:
        print_json(run)
    else:
        console().print(f"run {run['run_id']} of {run['schedule_name']}: {run['state']}")
    return Exit.OK


async def list_runs(api: Api, schedule_id: str, *, rows: int, as_json: bool) -> Exit:
    """The runs of one schedule, the newest first."""
    listed = await Listed.read(api, path_of("schedules", schedule_id, "runs"), rows)
    return await show_listed(listed, RUNS, _run_line, nothing="it has not run yet", as_json=as_json)


def _run_line(run: Json) -> Sequence[str]:
    plan = run["plan"] or {}
    why = run["outcome"] or run["reason"] or run["waits_for"] or ""
    return (run["run_id"], short_time(run["due_at"]), run["state"], number(plan.get("places")), why)


async def decide(api: Api, schedule_id: str, run_id: str, *, approve: bool, as_json: bool) -> Exit:
    """Let a run begin that waits for a person, or leave it out."""
    verb = "approve" if approve else "decline"
    return _run_told(await api.post(path_of("schedules", schedule_id, "runs", run_id, verb)), as_json=as_json)
