"""Shops: made known, given another token, paused, deleted."""

from __future__ import annotations

from typing import Annotated

import typer

from services.command_line.declared.options import JsonOption, ShopOption, YesOption
from services.command_line.declared.running import ask, carry_out, must_reach_stores

app = typer.Typer(help="Shops.", no_args_is_help=True)


@app.command("list")
def shop_list(*, as_json: JsonOption = False) -> None:
    """List the shops; with a key, those of the key."""
    import asyncio

    from services.command_line.commands.shops.shop_state import list_shops
    from shared.store_address import setting

    if not setting("URL"):
        must_reach_stores()
    raise typer.Exit(asyncio.run(list_shops(as_json=as_json)))


@app.command("show")
def shop_show(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show a shop: whether it goes on, and what its runs follow."""
    from services.command_line.commands.shops.shop_state import show_shop

    ask(lambda api: show_shop(api, as_json=as_json), shop)


@app.command("set")
def shop_set(
    *,
    shop: ShopOption = None,
    allow_negative: Annotated[
        bool | None, typer.Option("--allow-negative/--no-allow-negative", help="Whether targets below zero are pushed.")
    ] = None,
    activate: Annotated[
        bool | None,
        typer.Option(
            "--activate/--no-activate", help="Whether what is not stocked at a location is stocked, then pushed."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Choose what holds for every run; what is not given stays."""
    from services.command_line.commands.shops.shop_state import set_shop

    ask(lambda api: set_shop(api, as_json=as_json, allow_negative=allow_negative, activate=activate), shop)


@app.command("pause")
def shop_pause(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Send nothing to Shopify for a shop until it is resumed; runs wait and go on by themselves."""
    from services.command_line.commands.shops.shop_state import pause_shop

    ask(lambda api: pause_shop(api, as_json=as_json), shop)


@app.command("resume")
def shop_resume(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Let a shop go on that was paused by `shop pause`."""
    from services.command_line.commands.shops.shop_state import resume_shop

    ask(lambda api: resume_shop(api, as_json=as_json), shop)


@app.command("add")
def shop_add(
    *,
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="The shop's myshopify.com domain.")],
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


@app.command("rotate-keys")
def shop_rotate_keys(*, as_json: JsonOption = False) -> None:
    """Encrypt every shop's tokens by the first of TRUEUP_TOKEN_KEYS, so that the others may be removed."""
    from services.command_line.commands.shops.shop import rotate_keys
    from services.command_line.terminal.tables import console

    carry_out(lambda client: rotate_keys(client, as_json=as_json, out=console()), keys=True)


@app.command("redact")
def shop_redact(
    *,
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="The shop's myshopify.com domain.")],
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete everything that is stored for a shop, as shop/redact does: where a backup has brought it back."""
    from services.command_line.commands.shops.shop import redact_shop
    from services.command_line.terminal.confirmation import confirm
    from services.command_line.terminal.tables import console

    confirm(f"Every record of {domain} is deleted, its ledger too. Go on?", yes=yes)
    carry_out(lambda client: redact_shop(client, domain, as_json=as_json, out=console()))
