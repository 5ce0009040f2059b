"""What is kept for people to look at: dead letters, and who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from services.command_line.declared.options import JsonOption, ShopOption
from services.command_line.declared.running import carry_out, look_up
from services.command_line.outcome import Exit

if TYPE_CHECKING:
    from services.command_line.connections.stores import Records


def letters_list(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show what is kept."""
    from services.command_line.commands.operations.dead_letters import list_letters

    look_up(lambda records: list_letters(records, shop, as_json=as_json))


def letters_replay(
    *,
    letter: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Which ones.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    shop: ShopOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send kept messages again, as they were."""
    from services.command_line.commands.operations.dead_letters import replay_letters
    from services.command_line.terminal.tables import console

    carry_out(
        lambda client: replay_letters(
            client, letter or [], shop, everything=everything, as_json=as_json, out=console()
        ),
        broker=True,
    )


def audit_command(
    *,
    shop: ShopOption = None,
    no_shop: Annotated[
        bool,
        typer.Option("--no-shop", help="What is of no shop: refused sign-ins, keys, replayed strangers' messages."),
    ] = False,
    rows: Annotated[int, typer.Option("--rows", min=1, max=1000, help="How many acts to list.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List who did what to a shop's records, the newest first."""
    from services.command_line.commands.operations.audit import list_audit

    async def work(records: Records) -> Exit:
        known = None if no_shop else (await records.shop(shop)).domain
        return await list_audit(records, known, limit=rows, as_json=as_json)

    look_up(work)
