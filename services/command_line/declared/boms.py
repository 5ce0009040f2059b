"""Bills of materials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.command_line.declared.options import CLASSES, BomArgument, JsonOption, RowsOption, ShopOption, YesOption
from services.command_line.declared.running import ask, carry_out
from services.command_line.outcome import Exit
from shared.domain.comparison import CellClass

if TYPE_CHECKING:
    from services.command_line.api.client import Api
    from services.command_line.connections.client import Client

app = typer.Typer(help="Bills of materials, and the items they count for.", no_args_is_help=True)


@app.command("list")
def boms_list(
    *,
    search: Annotated[str | None, typer.Argument(metavar="[SEARCH]", help="Part of a name, or an id.")] = None,
    shop: ShopOption = None,
    tag: Annotated[str | None, typer.Option(help="Only BOMs with this tag.")] = None,
    cell_class: Annotated[
        CellClass | None,
        typer.Option("--class", metavar="CLASS", help=f"Only with a cell of this class: {CLASSES}."),
    ] = None,
    differs: Annotated[bool, typer.Option("--differs", help="Only BOMs with a cell that differs.")] = False,
    rows: RowsOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List BOMs by name."""
    from services.command_line.commands.stock.boms import list_boms

    wanted = {"search": search, "tag": tag, "class": cell_class, "differs": True if differs else None}
    ask(lambda api: list_boms(api, rows=rows, as_json=as_json, **wanted), shop)


@app.command("show")
def boms_show(*, bom: BomArgument, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show one BOM and what is known of its cells, without asking Shopify."""
    from services.command_line.commands.stock.boms import show_bom

    ask(lambda api: show_bom(api, bom, as_json=as_json), shop)


@app.command("map")
def boms_map(
    *,
    bom: BomArgument,
    item: Annotated[str, typer.Option("--item", help="The Shopify inventory item it is to count for.")],
    shop: ShopOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Have a BOM count for another item: where a product was made anew. Its counts stay; Shopify's value is unknown."""
    from services.command_line.commands.stock.boms import map_bom
    from services.command_line.terminal.confirmation import confirm

    async def work(api: Api) -> Exit:
        confirm(f"BOM {bom} of {api.shop} counts for item {item} from now on. Go on?", yes=yes)
        return await map_bom(api, bom, item, as_json=as_json)

    ask(work, shop)


@app.command("remove")
def boms_remove(
    *, bom: BomArgument, shop: ShopOption = None, yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Remove a BOM and the stock records of its cells. Shopify is left as it is, and its ledger stays."""
    from services.command_line.commands.stock.boms import remove_bom
    from services.command_line.terminal.confirmation import confirm

    async def work(api: Api) -> Exit:
        confirm(f"BOM {bom} of {api.shop} and the counts of its cells are removed. Go on?", yes=yes)
        return await remove_bom(api, bom, as_json=as_json)

    ask(work, shop)


@app.command("import")
def boms_import(
    *,
    shop: ShopOption = None,
    boms: Annotated[
        Path | None,
        typer.Option(
            "--boms", help="A CSV with a line per BOM: name, variant or sku, tags, tracks_pre_assembled, bom_id."
        ),
    ] = None,
    all_variants: Annotated[bool, typer.Option("--all-variants", help="One BOM per variant; no file needed.")] = False,
    tracks: Annotated[
        bool | None,
        typer.Option("--tracks/--no-tracks", help="Whether BOMs track pre-assembled stock where the file is silent."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Over HTTP: do not ask once the file was checked.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Seed a shop: read its items and levels, make BOMs, and note what Shopify holds. Goes on where it was stopped."""
    from shared.store_address import setting

    if setting("URL"):
        from services.command_line.commands.stock.import_asked import ask_for_import, file_of

        file = file_of(boms, all_variants=all_variants)
        ask(lambda api: ask_for_import(api, file, tracks=tracks, yes=yes, as_json=as_json), shop)
    from services.command_line.commands.shops.import_boms import run_import, source_of
    from services.command_line.terminal.tables import console

    source = source_of(boms, all_variants=all_variants, tracks=tracks)

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        return await run_import(client, known, source, as_json=as_json, out=console())

    carry_out(work, shopify=True)
