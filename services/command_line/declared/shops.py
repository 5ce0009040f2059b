"""Shops: made known, given another token, filled, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.command_line.declared.options import JsonOption, ShopOption, YesOption
from services.command_line.declared.running import carry_out
from services.command_line.outcome import Exit

if TYPE_CHECKING:
    from services.command_line.connections.client import Client


def shop_add(
    *,
    domain: Annotated[str, typer.Argument(help="The shop's myshopify.com domain.")],
    token_file: Annotated[str, typer.Option(help="A file that holds the access token; - reads standard input.")],
    allow_negative: Annotated[
        bool | None, typer.Option("--allow-negative/--no-allow-negative", help="Whether targets below zero are pushed.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a shop known, or give it a new token."""
    from services.command_line.commands.shops.shop_add import add_shop, read_token
    from services.command_line.terminal.tables import console

    token = read_token(token_file)
    carry_out(
        lambda client: add_shop(client, domain, token, allow_negative=allow_negative, as_json=as_json, out=console()),
        shopify=True,
    )


def shop_rotate_keys(*, as_json: JsonOption = False) -> None:
    """Encrypt every shop's tokens by the first of TRUEUP_TOKEN_KEYS, so that the others may be removed."""
    from services.command_line.commands.shops.shop import rotate_keys
    from services.command_line.terminal.tables import console

    carry_out(lambda client: rotate_keys(client, as_json=as_json, out=console()), keys=True)


def shop_redact(
    *,
    domain: Annotated[str, typer.Argument(help="The shop's myshopify.com domain.")],
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete everything that is stored for a shop, as shop/redact does: where a backup has brought it back."""
    from services.command_line.commands.shops.shop import redact_shop
    from services.command_line.terminal.confirmation import confirm
    from services.command_line.terminal.tables import console

    confirm(f"Every record of {domain} is deleted, its ledger too. Go on?", yes=yes)
    carry_out(lambda client: redact_shop(client, domain, as_json=as_json, out=console()))


def import_command(
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
    as_json: JsonOption = False,
) -> None:
    """Seed a shop: read its items and levels, make BOMs, and note what Shopify holds. Goes on where it was stopped."""
    from services.command_line.commands.shops.import_boms import run_import, source_of
    from services.command_line.terminal.tables import console

    source = source_of(boms, all_variants=all_variants, tracks=tracks)

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        return await run_import(client, known, source, as_json=as_json, out=console())

    carry_out(work, shopify=True)
