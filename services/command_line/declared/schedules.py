"""Previews and runs at set times."""

from __future__ import annotations

from typing import Annotated

import typer

from services.command_line.declared.options import (
    AllOption,
    BomOption,
    JsonOption,
    LocationOption,
    RowsOption,
    RunArgument,
    ScheduleArgument,
    ShopOption,
    YesOption,
)
from services.command_line.declared.running import ask
from shared.domain.comparison import Direction
from shared.domain.run_limits import Differences

app = typer.Typer(help="Schedules: previews and runs at set times.", no_args_is_help=True)


@app.command("list")
def schedules_list(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """List the schedules, and the runs that wait for a person."""
    from services.command_line.commands.upkeep.schedules import list_schedules

    ask(lambda api: list_schedules(api, as_json=as_json), shop)


@app.command("show")
def schedules_show(*, schedule: ScheduleArgument, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show one schedule as it stands."""
    from services.command_line.commands.upkeep.schedules import show_schedule

    ask(lambda api: show_schedule(api, schedule.upper(), as_json=as_json), shop)


@app.command("add")
def schedules_add(
    *,
    name: Annotated[str, typer.Option(help="What it is called.")],
    shop: ShopOption = None,
    direction: Annotated[
        Direction | None, typer.Option(help="Which side receives; none: it only takes previews.")
    ] = None,
    bom: BomOption = None,
    location: LocationOption = None,
    everything: AllOption = False,
    at: Annotated[str | None, typer.Option("--at", help="HH:MM, every day or on --days.")] = None,
    days: Annotated[str | None, typer.Option("--days", help="With --at: on these days only, such as mon,tue.")] = None,
    hourly: Annotated[int | None, typer.Option("--hourly", min=0, max=59, help="Every hour at this minute.")] = None,
    cron: Annotated[str | None, typer.Option("--cron", help="When a cron expression says so.")] = None,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="An IANA name, such as Europe/Berlin; none: the shop's own.")
    ] = None,
    differences: Annotated[
        Differences | None, typer.Option("--differences", help="Which differences it settles by itself.")
    ] = None,
    max_move: Annotated[int | None, typer.Option("--max-move", min=1, help="The most units of one cell.")] = None,
    max_share: Annotated[
        float | None, typer.Option("--max-share", min=0, max=1, help="The largest share of the cells, 0 to 1.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a schedule. Beyond its limits a run of it waits for a person."""
    from services.command_line.commands.runs.selections import selection_of
    from services.command_line.commands.upkeep.schedules import add_schedule, timing_of

    timing = timing_of(at=at, days=days, hourly=hourly, cron=cron)
    selection = selection_of(bom or [], location or [], everything=everything)
    chosen = {"differences": differences, "max_move": max_move, "max_share": max_share}
    limits = {limit: value for limit, value in chosen.items() if value is not None}
    ask(
        lambda api: add_schedule(
            api,
            name=name,
            direction=direction,
            selection=selection,
            timing=timing,
            time_zone=time_zone,
            limits=limits,
            as_json=as_json,
        ),
        shop,
        asks=True,
    )


@app.command("pause")
def schedules_pause(*, schedule: ScheduleArgument, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Let a schedule rest."""
    from services.command_line.commands.upkeep.schedules import switch

    ask(lambda api: switch(api, schedule.upper(), on=False, as_json=as_json), shop, asks=True)


@app.command("resume")
def schedules_resume(*, schedule: ScheduleArgument, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Let a paused schedule go on."""
    from services.command_line.commands.upkeep.schedules import switch

    ask(lambda api: switch(api, schedule.upper(), on=True, as_json=as_json), shop, asks=True)


@app.command("remove")
def schedules_remove(
    *, schedule: ScheduleArgument, shop: ShopOption = None, yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Remove a schedule."""
    from services.command_line.commands.upkeep.schedules import remove_schedule

    ask(lambda api: remove_schedule(api, schedule.upper(), yes=yes, as_json=as_json), shop)


@app.command("run")
def schedules_run(
    *,
    schedule: ScheduleArgument,
    look_first: Annotated[
        bool, typer.Option("--look-first", help="Only compare: the run waits until somebody has seen what it would do.")
    ] = False,
    shop: ShopOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a schedule now, within its limits."""
    from services.command_line.commands.upkeep.schedules import run_schedule

    ask(lambda api: run_schedule(api, schedule.upper(), look_first=look_first, as_json=as_json), shop, asks=True)


@app.command("runs")
def schedules_runs(
    *, schedule: ScheduleArgument, shop: ShopOption = None, rows: RowsOption = 20, as_json: JsonOption = False
) -> None:
    """List the runs of a schedule, the newest first."""
    from services.command_line.commands.upkeep.schedules import list_runs

    ask(lambda api: list_runs(api, schedule.upper(), rows=rows, as_json=as_json), shop)


@app.command("approve")
def schedules_approve(
    *, schedule: ScheduleArgument, run: RunArgument, shop: ShopOption = None, as_json: JsonOption = False
) -> None:
    """Let a run begin that waits for a person."""
    from services.command_line.commands.upkeep.schedules import decide

    ask(lambda api: decide(api, schedule.upper(), run.upper(), approve=True, as_json=as_json), shop, asks=True)


@app.command("decline")
def schedules_decline(
    *, schedule: ScheduleArgument, run: RunArgument, shop: ShopOption = None, as_json: JsonOption = False
) -> None:
    """Leave a run out that waits for a person."""
    from services.command_line.commands.upkeep.schedules import decide

    ask(lambda api: decide(api, schedule.upper(), run.upper(), approve=False, as_json=as_json), shop, asks=True)
