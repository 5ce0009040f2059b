"""Servers' keys: made, listed, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from services.command_line.declared.options import JsonOption, ShopOption, YesOption
from services.command_line.declared.running import carry_out, look_up

if TYPE_CHECKING:
    from services.command_line.connections.client import Client
    from services.command_line.outcome import Exit

AllShopsOption = Annotated[bool, typer.Option("--all-shops", help="For every shop, present and to come.")]


def keys_add(
    *,
    may: Annotated[str, typer.Option("--may", help="What it may do, by commas: read, count, reconcile, push, manage.")],
    name: Annotated[str, typer.Option("--name", help="For people: which server has it.")] = "a server",
    shop: ShopOption = None,
    all_shops: AllShopsOption = False,
    expires: Annotated[str, typer.Option("--expires", help="When it ends: in days or hours, such as 90d or 12h.")] = (
        "90d"
    ),
    as_json: JsonOption = False,
) -> None:
    """Make a key by which a server speaks to the HTTP API. It is shown once."""
    from services.command_line.commands.shops.keys import add_key, wanted_key
    from services.command_line.terminal.tables import console

    wanted = wanted_key(may, name, expires)

    async def work(client: Client) -> Exit:
        known = None if all_shops else (await client.shop(shop)).domain
        return await add_key(client, known, wanted, as_json=as_json, out=console())

    if all_shops and shop is not None:
        from services.command_line.outcome import WrongUseError

        raise WrongUseError("--shop or --all-shops, not both")
    carry_out(work)


def keys_list(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """List keys with what they may do and when they were used last; never a key itself. Without --shop: all."""
    from services.command_line.commands.shops.keys import list_keys

    look_up(lambda records: list_keys(records, shop, as_json=as_json))


def keys_revoke(
    *,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Its id: the part between trueup_live_ and the secret.")],
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Revoke a key: what it asks is refused within a second, everywhere. It never works again."""
    from services.command_line.commands.shops.keys import revoke_key
    from services.command_line.terminal.confirmation import confirm
    from services.command_line.terminal.tables import console

    confirm(f"What server has the key {key_id} is refused from now on. Go on?", yes=yes)
    carry_out(lambda client: revoke_key(client, key_id, as_json=as_json, out=console()))
