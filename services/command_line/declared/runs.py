"""The run that brings both sides into agreement."""

from __future__ import annotations

from typing import Annotated

import typer

from services.command_line.declared.options import (
    CLASSES,
    AllOption,
    BomOption,
    ButOption,
    JsonOption,
    LocationOption,
    RowsOption,
    ShopOption,
    WatchOption,
    YesOption,
)
from services.command_line.declared.running import ask
from shared.domain.comparison import CellClass, Direction


def reconcile_command(
    *,
    direction: Annotated[Direction, typer.Option(help="Which side receives.")],
    shop: ShopOption = None,
    bom: BomOption = None,
    location: LocationOption = None,
    everything: AllOption = False,
    but: ButOption = None,
    leave_out: Annotated[
        list[CellClass] | None,
        typer.Option(
            "--leave-out", metavar="CLASS", help=f"A class of cells to leave out: {CLASSES}; may be repeated."
        ),
    ] = None,
    preview: Annotated[
        str | None, typer.Option(help="The id of a preview that was looked at: exactly that is run.")
    ] = None,
    activate: Annotated[
        bool, typer.Option("--activate", help="Towards Shopify: stock what is not stocked at its location, then push.")
    ] = False,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Show the plan, change nothing, and say how to run exactly it.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="With --plan-only: end with 4 where the plan changes something.")
    ] = False,
    rows: RowsOption = 200,
    watch: WatchOption = False,
    yes: YesOption = False,
    yes_beyond_limits: Annotated[
        bool, typer.Option("--yes-beyond-limits", help="Go on although the plan is beyond the shop's limits.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring both sides into agreement: shows what will change, then asks. Exit status 1 when cells failed."""
    from services.command_line.commands.runs.reconcile import Manner, Wanted, reconcile

    wanted = Wanted(
        direction=direction,
        boms=bom or (),
        locations=location or (),
        everything=everything,
        but=but or (),
        leave_out=leave_out or (),
        preview_id=None if preview is None else preview.upper(),
        activate=activate,
    )
    wanted.selection()  # what is wrong with the options is said before anything is asked for
    how = Manner(
        yes=yes,
        yes_beyond_limits=yes_beyond_limits,
        plan_only=plan_only,
        exit_code=exit_code,
        watch=watch,
        rows=rows,
        as_json=as_json,
    )
    ask(lambda api: reconcile(api, wanted, how), shop, asks=True)
