"""What somebody has counted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.command_line.declared.options import (
    BomArgument,
    JsonOption,
    LocationArgument,
    NoteOption,
    OutputOption,
    ShopOption,
    YesOption,
)
from services.command_line.declared.running import ask

app = typer.Typer(help="Counts: what somebody has counted.", no_args_is_help=True)


@app.command("set")
def counts_set(
    *,
    bom: BomArgument,
    location: LocationArgument,
    count: Annotated[int, typer.Argument(metavar="COUNT", help="How many there are.")],
    seen: Annotated[
        int | None,
        typer.Option("--seen", help="The count that was known when it was taken: another one now is left as it is."),
    ] = None,
    note: NoteOption = None,
    shop: ShopOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write down how many of a BOM there are at a location."""
    from services.command_line.commands.stock.counts import set_count

    ask(lambda api: set_count(api, bom, location, count, seen=seen, note=note, as_json=as_json), shop)


@app.command("import")
def counts_import(
    *,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A CSV with sku or bom_id, count, and location; - reads standard input."),
    ],
    location: Annotated[
        str | None, typer.Option("--location", help="Where lines belong that name no location; its id or name.")
    ] = None,
    note: NoteOption = None,
    shop: ShopOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write down a file of counts: shows what it would change, then asks. Exit status 1 when lines were refused."""
    from services.command_line.commands.stock.counts import import_counts, text_of

    text = text_of(file)
    ask(lambda api: import_counts(api, text, place=location, note=note, yes=yes, as_json=as_json), shop)


@app.command("sheet")
def counts_sheet(*, location: LocationArgument, shop: ShopOption = None, output: OutputOption = None) -> None:
    """Print a sheet to count with at a location, as CSV."""
    from services.command_line.commands.stock.counts import export_sheet

    ask(lambda api: export_sheet(api, location, output), shop)
