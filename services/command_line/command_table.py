"""The command `trueup`: what there is to say on the command line.

A command starts at once: what is loaded here is no more than declaring them takes
(tests/unit/command_line/test_what_a_command_loads.py).
"""

from __future__ import annotations

from typing import Annotated

import typer

from services.command_line.declared import (
    boms,
    cells,
    certify,
    completion,
    counts,
    jobs,
    kept,
    keys,
    previews,
    runs,
    schedules,
    services,
    shops,
    upkeep,
)
from services.command_line.outcome import Exit

app = typer.Typer(
    name="trueup",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
keys_app = typer.Typer(help="Keys by which servers speak to the HTTP API.", no_args_is_help=True)


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
    """Keeps an app's own stock records and Shopify's in agreement.

    It asks a running Trueup over HTTP where TRUEUP_URL and TRUEUP_KEY are set, else the stores of the settings.
    """


app.command("reconcile")(runs.reconcile_command)
app.command("certify")(certify.certify_command)
app.add_typer(previews.app, name="previews")
app.add_typer(jobs.app, name="jobs")
app.add_typer(boms.app, name="boms")
app.add_typer(cells.locations_app, name="locations")
app.add_typer(cells.app, name="cells")
app.add_typer(counts.app, name="counts")
app.add_typer(schedules.app, name="schedules")
app.add_typer(upkeep.policy_app, name="policy")
app.add_typer(upkeep.drift_app, name="drift")
app.add_typer(shops.app, name="shop")
app.add_typer(upkeep.audit_app, name="audit")
app.add_typer(keys_app, name="keys")
keys_app.command("add")(keys.keys_add)
keys_app.command("list")(keys.keys_list)
keys_app.command("revoke")(keys.keys_revoke)
app.add_typer(kept.app, name="dead-letters")
app.command("serve")(services.serve_command)
app.command("prepare")(services.prepare_command)
app.command("after-restore")(services.after_restore_command)
app.command("completion")(completion.completion_command)

completion.make_ready()
