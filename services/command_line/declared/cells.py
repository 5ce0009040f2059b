"""One BOM at one location, and the shop's locations."""

from __future__ import annotations

from typing import Annotated

import typer

from services.command_line.declared.options import (
    BomArgument,
    JsonOption,
    LocationArgument,
    OutputOption,
    RowsOption,
    ShopOption,
    SinceOption,
    UntilOption,
    moment,
)
from services.command_line.declared.running import ask
from shared.domain.story import StoryGroup

app = typer.Typer(help="Cells: one BOM at one location.", no_args_is_help=True)
locations_app = typer.Typer(help="The shop's locations.", no_args_is_help=True)


@app.command("show")
def cells_show(
    *, bom: BomArgument, location: LocationArgument, shop: ShopOption = None, as_json: JsonOption = False
) -> None:
    """Show what is known of a BOM at a location."""
    from services.command_line.commands.stock.cells import show_cell

    ask(lambda api: show_cell(api, bom, location, as_json=as_json), shop)


@app.command("history")
def cells_history(
    *,
    bom: BomArgument,
    location: LocationArgument,
    group: Annotated[StoryGroup | None, typer.Option(help="Only what happened of this kind.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    shop: ShopOption = None,
    rows: RowsOption = 50,
    as_json: JsonOption = False,
) -> None:
    """Say why a number is what it is: everything that has happened to it, the newest first."""
    from services.command_line.commands.stock.cells import show_history

    wanted = {"group": group, "since": moment(since), "until": moment(until)}
    ask(lambda api: show_history(api, bom, location, rows=rows, as_json=as_json, **wanted), shop)


@app.command("export")
def cells_export(
    *, bom: BomArgument, location: LocationArgument, shop: ShopOption = None, output: OutputOption = None
) -> None:
    """Print everything that has happened to a number, as CSV."""
    from services.command_line.commands.stock.cells import export_history

    ask(lambda api: export_history(api, bom, location, output), shop)


@locations_app.command("list")
def locations_list(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """List the shop's locations as they were last read."""
    from services.command_line.commands.stock.places import list_locations

    ask(lambda api: list_locations(api, as_json=as_json), shop)
