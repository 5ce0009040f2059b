"""Running the services, and what comes before they are started."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from services.command_line import garbage
from services.command_line.declared.options import JsonOption, YesOption
from services.command_line.declared.running import carry_out, must_reach_stores


class ServiceName(StrEnum):
    """What `serve` runs."""

    WEBHOOK_INGEST = "webhook-ingest"
    PREVIEW = "preview"
    RECONCILER = "reconciler"
    ALL = "all"


def serve_command(
    *,
    service: Annotated[
        ServiceName, typer.Argument(metavar="SERVICE", help="Which service; all: everything in one process.")
    ],
    role: Annotated[
        list[str] | None,
        typer.Option(help="Only this role; may be repeated. Reconciler: planner, worker, aggregator, sweeper."),
    ] = None,
) -> None:
    """Run a service until SIGTERM or Ctrl-C."""
    from services.command_line import event_loop
    from services.command_line.commands.operations.serve import serve

    raise typer.Exit(event_loop.run(serve(str(service), role or ())))


def prepare_command() -> None:
    """Make queues, collections and indexes, with users that may: before services with narrower rights are started."""
    import asyncio

    from services.command_line.commands.operations.prepare import prepare
    from shared.observing.logs import configure_logs

    must_reach_stores()
    configure_logs("command-line", "error")
    garbage.look_from_now_on()
    raise typer.Exit(asyncio.run(prepare()))


def after_restore_command(*, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Make records that were restored from a backup safe to go on with. Before any service is started."""
    from services.command_line.commands.operations.after_restore import after_restore
    from services.command_line.terminal.confirmation import confirm
    from services.command_line.terminal.tables import console

    must_reach_stores()
    confirm(
        "Every open job ends, every earlier preview and undo is void, every difference is left to a person. Go on?",
        yes=yes,
    )
    carry_out(lambda client: after_restore(client, as_json=as_json, out=console()))
