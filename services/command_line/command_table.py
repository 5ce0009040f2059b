"""The command `trueup`: what there is to say on the command line.

A command starts at once: what is loaded here is no more than declaring them takes
(tests/unit/command_line/test_what_a_command_loads.py).
"""

from __future__ import annotations

from typing import Annotated

import typer

from services.command_line.declared import boms, kept, keys, runs, services, shops, sweeps
from services.command_line.outcome import Exit

app = typer.Typer(
    name="trueup",
    help="Keeps an app's own stock records and Shopify's in agreement.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
shop_app = typer.Typer(help="Shops.", no_args_is_help=True)
boms_app = typer.Typer(help="Bills of materials, and the items they count for.", no_args_is_help=True)
keys_app = typer.Typer(help="Keys by which servers speak to the HTTP API.", no_args_is_help=True)
letters_app = typer.Typer(help="Messages that nobody could handle.", no_args_is_help=True)


def _print_version(wanted: bool) -> None:  # typer calls it with the option's value
    if wanted:
        from shared.version import VERSION

        typer.echo(VERSION)
        raise typer.Exit(Exit.OK)


@app.callback()
def trueup_command(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Keeps an app's own stock records and Shopify's in agreement."""


app.command("serve")(services.serve_command)
app.command("prepare")(services.prepare_command)
app.command("import")(shops.import_command)
app.command("preview")(runs.preview_command)
app.command("reconcile")(runs.reconcile_command)
app.command("jobs")(runs.jobs_command)
app.command("audit")(kept.audit_command)
app.command("sweep")(sweeps.sweep_command)
app.command("after-restore")(services.after_restore_command)

app.add_typer(shop_app, name="shop")
shop_app.command("add")(shops.shop_add)
shop_app.command("rotate-keys")(shops.shop_rotate_keys)
shop_app.command("redact")(shops.shop_redact)

app.add_typer(boms_app, name="boms")
boms_app.command("list")(boms.boms_list)
boms_app.command("show")(boms.boms_show)
boms_app.command("map")(boms.boms_map)
boms_app.command("remove")(boms.boms_remove)

app.add_typer(keys_app, name="keys")
keys_app.command("add")(keys.keys_add)
keys_app.command("list")(keys.keys_list)
keys_app.command("revoke")(keys.keys_revoke)

app.add_typer(letters_app, name="dead-letters")
letters_app.command("list")(kept.letters_list)
letters_app.command("replay")(kept.letters_replay)
