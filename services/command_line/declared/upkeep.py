"""What a shop is kept by: its policy, missed webhooks, and who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from services.command_line.declared.options import JsonOption, RowsOption, ShopOption, SinceOption, UntilOption, moment
from services.command_line.declared.running import ask, carry_out, look_up
from services.command_line.outcome import Exit
from shared.domain.drift import DriftMode

if TYPE_CHECKING:
    from services.command_line.connections.client import Client

policy_app = typer.Typer(help="What may be done without a person, and its limits.", no_args_is_help=True)
drift_app = typer.Typer(help="Missed webhooks, and a person's say in their repair.", no_args_is_help=True)
audit_app = typer.Typer(help="Who did what.", no_args_is_help=True)


@policy_app.command("show")
def policy_show(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show the shop's policy."""
    from services.command_line.commands.upkeep.policy import show_policy

    ask(lambda api: show_policy(api, as_json=as_json), shop)


@policy_app.command("set")
def policy_set(
    *,
    shop: ShopOption = None,
    mode: Annotated[DriftMode | None, typer.Option(help="What is done about missed webhooks.")] = None,
    max_share: Annotated[
        float | None, typer.Option("--max-share", min=0, max=1, help="The largest share of the cells at once, 0 to 1.")
    ] = None,
    max_move: Annotated[
        int | None, typer.Option("--max-move", min=1, help="The most units by which one cell may move.")
    ] = None,
    jobs_per_hour: Annotated[
        int | None, typer.Option("--jobs-per-hour", min=1, help="Repair jobs within an hour; more wait.")
    ] = None,
    quiet_hours: Annotated[
        str | None,
        typer.Option("--quiet-hours", help="When nothing is repaired, such as 22:00-06:00; none: at no time."),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="Of the quiet hours: an IANA name; none: UTC.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Change the shop's policy; what is not given stays."""
    from services.command_line.commands.upkeep.policy import set_policy

    ask(
        lambda api: set_policy(
            api,
            mode=mode,
            max_share=max_share,
            max_move=max_move,
            jobs_per_hour=jobs_per_hour,
            quiet_hours=quiet_hours,
            time_zone=time_zone,
            as_json=as_json,
        ),
        shop,
    )


@drift_app.command("list")
def drift_list(
    *,
    shop: ShopOption = None,
    state: Annotated[str | None, typer.Option(help="watched, missed or resolved; none: the last two.")] = None,
    job: Annotated[str | None, typer.Option("--job", help="Only those that this job repairs: its evidence.")] = None,
    rows: RowsOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List missed webhooks with their evidence, the newest first."""
    from services.command_line.commands.upkeep.drift import list_drift

    wanted = {"state": state, "job_id": None if job is None else job.upper()}
    ask(lambda api: list_drift(api, rows=rows, as_json=as_json, **wanted), shop)


@drift_app.command("plan")
def drift_plan(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show what a repair would do, before anybody approves it."""
    from services.command_line.commands.upkeep.drift import show_plan

    ask(lambda api: show_plan(api, as_json=as_json), shop)


@drift_app.command("approve")
def drift_approve(
    *,
    shop: ShopOption = None,
    location: Annotated[
        list[str] | None, typer.Option("--location", help="Only at this location; may be repeated.")
    ] = None,
    drift: Annotated[list[str] | None, typer.Option("--id", help="Only this missed webhook; may be repeated.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let go on what the circuit breaker, or a cell for a person, has stopped."""
    from services.command_line.commands.upkeep.drift import approve

    ids = [one.upper() for one in drift or ()]
    ask(lambda api: approve(api, locations=location or (), ids=ids, as_json=as_json), shop)


@drift_app.command("look")
def drift_look(
    *,
    shop: ShopOption = None,
    full: Annotated[bool, typer.Option("--full", help="Read every cell, not only what has changed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Have the sweeper look for missed webhooks now."""
    from services.command_line.commands.upkeep.drift import look

    ask(lambda api: look(api, full=full, as_json=as_json), shop)


@drift_app.command("hours")
def drift_hours(
    *, shop: ShopOption = None, since: SinceOption = None, until: UntilOption = None, as_json: JsonOption = False
) -> None:
    """Show missed webhooks hour by hour, of the last week or of a span."""
    from services.command_line.commands.upkeep.drift import show_hours

    ask(lambda api: show_hours(api, as_json=as_json, since=moment(since), until=moment(until)), shop)


@drift_app.command("sweep")
def drift_sweep(
    *,
    shop: ShopOption = None,
    repair: Annotated[bool, typer.Option("--repair", help="Pull Shopify's value where only Shopify moved.")] = False,
    rows: RowsOption = 200,
    as_json: JsonOption = False,
) -> None:
    """Read every level here and now, and compare it with the last value known. Works on the stores alone."""
    from services.command_line.commands.operations.sweep import run_sweep
    from services.command_line.terminal.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        return await run_sweep(client, known, repair=repair, limit=rows, as_json=as_json, out=console())

    carry_out(work, broker=True, shopify=True)


@audit_app.command("list")
def audit_list(
    *,
    shop: ShopOption = None,
    no_shop: Annotated[
        bool,
        typer.Option("--no-shop", help="What is of no shop: refused sign-ins, keys, replayed strangers' messages."),
    ] = False,
    rows: RowsOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List who did what to a shop's records, the newest first."""
    from services.command_line.commands.upkeep.audit import list_audit, list_audit_of_no_shop

    if no_shop:
        look_up(lambda records: list_audit_of_no_shop(records, rows=rows or 1000, as_json=as_json))
    ask(lambda api: list_audit(api, rows=rows, as_json=as_json), shop)
