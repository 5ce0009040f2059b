"""Bills of materials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from services.command_line.declared.options import BomArgument, JsonOption, ShopOption, YesOption
from services.command_line.declared.running import carry_out, look_up
from services.command_line.outcome import Exit

if TYPE_CHECKING:
    from services.command_line.connections.client import Client
    from services.command_line.connections.stores import Records


def boms_list(
    *,
    search: Annotated[str | None, typer.Argument(help="Part of a name, or an id.")] = None,
    shop: ShopOption = None,
    rows: Annotated[int, typer.Option("--rows", min=1, max=10_000, help="How many BOMs to list.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show BOMs by name."""
    from services.command_line.commands.shops.boms import list_boms

    async def work(records: Records) -> Exit:
        return await list_boms(records, (await records.shop(shop)).domain, search, limit=rows, as_json=as_json)

    look_up(work)


def boms_show(*, bom: BomArgument, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show one BOM and what is known of its cells, without asking Shopify."""
    from services.command_line.commands.shops.boms import show_bom

    async def work(records: Records) -> Exit:
        return await show_bom(records, (await records.shop(shop)).domain, bom, as_json=as_json)

    look_up(work)


def boms_map(
    *,
    bom: BomArgument,
    item: Annotated[str, typer.Option("--item", help="The Shopify inventory item it is to count for.")],
    shop: ShopOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Have a BOM count for another item: where a product was made anew. Its counts stay; Shopify's value is unknown."""
    from services.command_line.commands.shops.boms import map_bom
    from services.command_line.terminal.confirmation import confirm
    from services.command_line.terminal.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        confirm(f"BOM {bom} of {known} counts for item {item} from now on. Go on?", yes=yes)
        return await map_bom(client, known, bom, item, as_json=as_json, out=console())

    carry_out(work)


def boms_remove(
    *, bom: BomArgument, shop: ShopOption = None, yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Remove a BOM and the stock records of its cells. Shopify is left as it is, and its ledger stays."""
    from services.command_line.commands.shops.boms import remove_bom
    from services.command_line.terminal.confirmation import confirm
    from services.command_line.terminal.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        confirm(f"BOM {bom} of {known} and the counts of its cells are removed. Go on?", yes=yes)
        return await remove_bom(client, known, bom, as_json=as_json, out=console())

    carry_out(work)
