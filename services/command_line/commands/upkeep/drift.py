"""`trueup drift`: missed webhooks, and a person's say in their repair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.command_line.commands.stock.places import location_id
from services.command_line.outcome import Exit
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.lists import Listed, short_time, show_listed
from services.command_line.terminal.tables import Column, console, number, show_table

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json

MISSED = (
    Column("Missed"),
    Column("Since"),
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Base", "number"),
    Column("Shopify", "number"),
    Column("State"),
)
OPEN = (
    Column("Location", "name", 2),
    Column("Class"),
    Column("Cells", "number"),
    Column("Approved", "number"),
    Column("Largest move", "number"),
)
HOURS = (
    Column("Hour"),
    Column("Sweeps", "number"),
    Column("Compared", "number"),
    Column("Missed", "number"),
    Column("Late", "number"),
    Column("Repaired", "number"),
)


async def list_drift(api: Api, *, rows: int, as_json: bool, **wanted: object) -> Exit:
    """Missed webhooks with their evidence, the newest first, and the shop's figures."""
    listed = await Listed.read(api, "/api/drift", rows, **wanted)
    code = await show_listed(listed, MISSED, _line, nothing=f"no webhook of {api.shop} is missed", as_json=as_json)
    if not as_json:
        head, out = listed.head, console()
        if (breaker := head["breaker"]) is not None:
            out.print(f"{breaker['reason']}; trueup drift plan shows what waits, trueup drift approve lets it go on")
        out.print(
            f"{head['unrepaired_cells']} cells stand unrepaired; in three days {head['missed']} webhooks were missed, "
            f"{head['late']} came late, {head['received']} came"
        )
    return code


def _line(found: Json) -> Sequence[str]:
    return (
        found["drift_id"],
        short_time(found["since"]),
        found["bom_name"] or found["bom_id"],
        found["location_name"] or found["location_id"],
        number(found["base"]),
        number(found["shopify_value"]),
        found["outcome"] or found["held"] or found["state"],
    )


async def show_plan(api: Api, *, as_json: bool) -> Exit:
    """What a repair would do, before anybody approves it."""
    plan = await api.get("/api/drift/repair")
    if as_json:
        print_json(plan)
        return Exit.OK
    out = console()
    lines = [
        (
            one["location_name"] or one["location_id"],
            one["cell_class"],
            number(one["cells"]),
            number(one["approved"]),
            number(one["largest_move"]),
        )
        for one in plan["items"]
    ]
    if lines:
        show_table(out, OPEN, lines)
    out.print(f"{plan['cells']} cells stand open, {plan['waiting']} of them wait for a person")
    return Exit.OK


async def approve(api: Api, *, locations: Sequence[str], ids: Sequence[str], as_json: bool) -> Exit:
    """Let go on what the circuit breaker, or a cell for a person, has stopped: all of it, or some."""
    body: Json = {}
    if locations:
        body["location_ids"] = [await location_id(api, place, argument="--location") for place in locations]
    if ids:
        body["drift_ids"] = list(ids)
    done = await api.post("/api/drift/approve", body)
    if as_json:
        print_json(done)
    else:
        out = console()
        out.print(
            f"{done['released']} cells released; "
            "where something moved here too, Shopify's move is added and yours stays"
        )
        if done["left"]:
            out.print(f"{done['left']} still wait for a person")
    return Exit.OK


async def look(api: Api, *, full: bool, as_json: bool) -> Exit:
    """Have the sweeper look for missed webhooks now."""
    asked = await api.post("/api/drift/sweeps", {"full": full})
    if as_json:
        print_json(asked)
    else:
        what = "every cell" if full else "what has changed"
        console().print(
            f"asked for at {asked['asked_at'][11:19]}: {what} is read; trueup drift list shows what is found"
        )
    return Exit.OK


async def show_hours(api: Api, *, as_json: bool, **span: object) -> Exit:
    """Missed webhooks hour by hour."""
    found = await api.get("/api/drift/history", **span)
    if as_json:
        print_json(found)
        return Exit.OK
    out = console()
    lines = [
        (
            short_time(hour["hour"]),
            *(number(hour[name]) for name in ("sweeps", "compared_cells", "missed", "late", "repaired")),
        )
        for hour in found["items"]
        if hour["sweeps"] or hour["missed"] or hour["received"]
    ]
    if lines:
        show_table(out, HOURS, lines)
    missed = sum(hour["missed"] for hour in found["items"])
    out.print(f"{len(found['items'])} hours, {len(lines)} with anything in them, {missed} missed")
    return Exit.OK
