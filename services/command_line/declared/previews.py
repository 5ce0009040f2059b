"""Previews: where the two sides differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from services.command_line.declared.options import (
    CLASSES,
    AllOption,
    BomOption,
    ButOption,
    ExitCodeOption,
    JsonOption,
    LocationOption,
    OutputOption,
    PreviewArgument,
    RowsOption,
    ShopOption,
)
from services.command_line.declared.running import ask
from shared.domain.comparison import CellClass

if TYPE_CHECKING:
    from services.command_line.commands.runs.previews import Shown

app = typer.Typer(help="Previews: where Shopify and the local records differ.", no_args_is_help=True)

ClassOption = Annotated[
    list[CellClass] | None,
    typer.Option("--class", metavar="CLASS", help=f"Show only cells of this class: {CLASSES}; may be repeated."),
]
NotComparedOption = Annotated[
    bool, typer.Option("--not-compared", help="Also show what could not be compared, and why.")
]
InSyncOption = Annotated[bool, typer.Option("--in-sync", help="Also show what is the same on both sides.")]


def _shown(classes: list[CellClass] | None, *, not_compared: bool, in_sync: bool, rows: int) -> Shown:
    from services.command_line.commands.runs.previews import Shown

    return Shown(tuple(classes or ()), not_compared=not_compared, in_sync=in_sync, limit=rows)


@app.command("take")
def previews_take(
    *,
    shop: ShopOption = None,
    bom: BomOption = None,
    location: LocationOption = None,
    everything: AllOption = False,
    but: ButOption = None,
    cell_class: ClassOption = None,
    not_compared: NotComparedOption = False,
    in_sync: InSyncOption = False,
    rows: RowsOption = 200,
    exit_code: ExitCodeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show where Shopify and the local records differ now. Nothing is changed."""
    from services.command_line.commands.runs.previews import take_preview
    from services.command_line.commands.runs.selections import selection_of

    selection = selection_of(bom or [], location or [], everything=everything, but=but or [])
    shown = _shown(cell_class, not_compared=not_compared, in_sync=in_sync, rows=rows)
    ask(
        lambda api: take_preview(api, selection, shown, but=but or [], exit_code=exit_code, as_json=as_json),
        shop,
        asks=True,
    )


@app.command("list")
def previews_list(*, shop: ShopOption = None, rows: RowsOption = 20, as_json: JsonOption = False) -> None:
    """List previews, the newest first."""
    from services.command_line.commands.runs.previews import list_previews

    ask(lambda api: list_previews(api, rows=rows, as_json=as_json), shop)


@app.command("show")
def previews_show(
    *,
    preview: PreviewArgument,
    shop: ShopOption = None,
    cell_class: ClassOption = None,
    not_compared: NotComparedOption = False,
    in_sync: InSyncOption = False,
    rows: RowsOption = 200,
    exit_code: ExitCodeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show a preview as it was taken."""
    from services.command_line.commands.runs.previews import show_preview

    shown = _shown(cell_class, not_compared=not_compared, in_sync=in_sync, rows=rows)
    ask(lambda api: show_preview(api, preview.upper(), shown, exit_code=exit_code, as_json=as_json), shop)


@app.command("export")
def previews_export(*, preview: PreviewArgument, shop: ShopOption = None, output: OutputOption = None) -> None:
    """Print the rows of a preview as CSV."""
    from services.command_line.commands.runs.previews import export_preview

    ask(lambda api: export_preview(api, preview.upper(), output), shop)
