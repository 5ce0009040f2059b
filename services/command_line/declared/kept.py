"""What is kept for people to look at: dead letters."""

from __future__ import annotations

from typing import Annotated

import typer

from services.command_line.declared.options import JsonOption, ShopOption
from services.command_line.declared.running import carry_out, look_up

app = typer.Typer(help="Messages that nobody could handle.", no_args_is_help=True)


@app.command("list")
def letters_list(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show what is kept."""
    from services.command_line.commands.operations.dead_letters import list_letters

    look_up(lambda records: list_letters(records, shop, as_json=as_json))


@app.command("replay")
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
