"""What is believed of Shopify, tried on a real development store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.command_line.declared.options import JsonOption, ShopOption, YesOption
from services.command_line.declared.running import carry_out

if TYPE_CHECKING:
    from services.command_line.connections.client import Client
    from services.command_line.outcome import Exit


def certify_command(
    *,
    shop: ShopOption = None,
    variant: Annotated[
        str,
        typer.Option("--variant", help="A variant that nobody sells, by its id or global id: its stock is changed."),
    ],
    locations: Annotated[
        str,
        typer.Option("--locations", help="Two locations, joined by a comma; at the second one it is also unstocked."),
    ],
    public_url: Annotated[
        str | None,
        typer.Option(
            "--public-url", help="An https address that leads to --listen here; none: webhooks are not tried."
        ),
    ] = None,
    listen: Annotated[str, typer.Option("--listen", help="Where webhooks are taken: host:port.")] = "127.0.0.1:8099",
    out: Annotated[
        Path, typer.Option("--out", help="The folder for the note of values, recordings and open points.")
    ] = Path("trueup-certify"),
    expendable: Annotated[
        bool,
        typer.Option(
            "--expendable", help="Although the variant has orders, or the shop BOMs that track: it may suffer."
        ),
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Try on a development store what Trueup believes of Shopify, restore its values, and say what is otherwise.

    Ends with 0: all is as believed; 4: something is otherwise; 1: it could not be tried, or not all of it.
    """
    from services.command_line.commands.operations.certify import Given, NotTried, not_reached, run_certify
    from services.command_line.terminal.tables import console
    from shared.errors import StoreRefuses, StoreUnavailable

    given = Given.of(variant, locations, public_url=public_url, listen=listen, out=out, expendable=expendable)

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        return await run_certify(client, known, given, yes=yes, as_json=as_json, out=console())

    try:
        carry_out(work, shopify=True)
    except StoreRefuses:
        raise
    except (NotTried, StoreUnavailable) as error:
        not_reached(error)
