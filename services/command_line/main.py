"""The command `trueup`: what there is to say on the command line, and how every failure ends.

A command starts at once: this module loads no more than declaring them takes, and each command loads its own modules
when it is run (tests/unit/test_what_a_command_loads.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from services.command_line import garbage
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.printable import printable
from shared.domain.comparison import CellClass, Direction
from shared.errors import BrokerUnavailable, ShopifyError, StoreUnavailable, TrueupError, WrongSetting
from shared.hiding import HidingFormatter, without_secrets

if TYPE_CHECKING:
    from services.command_line.client import Client
    from services.command_line.records import Records

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
letters_app = typer.Typer(help="Messages that nobody could handle.", no_args_is_help=True)
app.add_typer(shop_app, name="shop")
app.add_typer(boms_app, name="boms")
app.add_typer(letters_app, name="dead-letters")

ShopOption = Annotated[
    str | None, typer.Option("--shop", help="Its myshopify.com domain; not needed for a single shop.")
]
BomArgument = Annotated[str, typer.Argument(help="The id of a BOM.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
BomOption = Annotated[list[str] | None, typer.Option("--bom", help="The id of a BOM; may be repeated.")]
LocationOption = Annotated[
    list[str] | None, typer.Option("--location", help="The id of a location; may be repeated. None: all.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Follow the job to its end.")]
RowsOption = Annotated[int, typer.Option("--rows", min=0, help="How many rows to show; 0: all.")]

_UNEXPECTED = 70


class ServiceName(StrEnum):
    """What `serve` runs."""

    WEBHOOK_INGEST = "webhook-ingest"
    PREVIEW = "preview"
    RECONCILER = "reconciler"
    ALL = "all"


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


def _run(
    work: Callable[[Client], Awaitable[Exit]], *, broker: bool = False, shopify: bool = False, keys: bool = False
) -> NoReturn:
    """Carry it out, connected to MongoDB and to what else it needs."""
    import asyncio

    from services.command_line.client import connected
    from shared.logs import configure_logs

    async def with_client() -> Exit:
        async with connected(broker=broker, shopify=shopify, keys=keys) as client:
            return await work(client)

    configure_logs("command-line", "error")
    garbage.look_from_now_on()
    raise typer.Exit(asyncio.run(with_client()))


def _look(work: Callable[[Records], Awaitable[Exit]]) -> NoReturn:
    """Carry out what only reads the documents, and writes no logs of ours."""
    import asyncio
    import logging

    from services.command_line.records import looking

    async def with_records() -> Exit:
        async with looking() as records:
            return await work(records)

    # A library's warnings would stand between the lines of the answer.
    logging.getLogger().setLevel(logging.ERROR)
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(HidingFormatter())
    garbage.look_from_now_on()
    raise typer.Exit(asyncio.run(with_records()))


@app.command("serve")
def serve_command(
    *,
    service: Annotated[ServiceName, typer.Argument(help="Which service; all: everything in one process.")],
    role: Annotated[
        list[str] | None,
        typer.Option(help="Only this role; may be repeated. Reconciler: planner, worker, aggregator, sweeper."),
    ] = None,
) -> None:
    """Run a service until SIGTERM or Ctrl-C."""
    import asyncio

    from services.command_line.serve_command import serve

    raise typer.Exit(asyncio.run(serve(str(service), role or ())))


@app.command("prepare")
def prepare_command() -> None:
    """Make queues, collections and indexes, with users that may: before services with narrower rights are started."""
    import asyncio

    from services.command_line.prepare_command import prepare
    from shared.logs import configure_logs

    configure_logs("command-line", "error")
    garbage.look_from_now_on()
    raise typer.Exit(asyncio.run(prepare()))


@shop_app.command("add")
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
    from services.command_line.shop_add_command import add_shop, read_token
    from services.command_line.tables import console

    token = read_token(token_file)
    _run(
        lambda client: add_shop(client, domain, token, allow_negative=allow_negative, as_json=as_json, out=console()),
        shopify=True,
    )


@shop_app.command("rotate-keys")
def shop_rotate_keys(*, as_json: JsonOption = False) -> None:
    """Encrypt every shop's tokens by the first of TRUEUP_TOKEN_KEYS, so that the others may be removed."""
    from services.command_line.shop_command import rotate_keys
    from services.command_line.tables import console

    _run(lambda client: rotate_keys(client, as_json=as_json, out=console()), keys=True)


@shop_app.command("redact")
def shop_redact(
    *,
    domain: Annotated[str, typer.Argument(help="The shop's myshopify.com domain.")],
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete everything that is stored for a shop, as shop/redact does: where a backup has brought it back."""
    from services.command_line.asking import ask_first
    from services.command_line.shop_command import redact_shop
    from services.command_line.tables import console

    ask_first(f"Every record of {domain} is deleted, its ledger too. Go on?", yes=yes)
    _run(lambda client: redact_shop(client, domain, as_json=as_json, out=console()))


@app.command("import")
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
    from services.command_line.import_command import run_import, source_of
    from services.command_line.tables import console

    source = source_of(boms, all_variants=all_variants, tracks=tracks)

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        return await run_import(client, known, source, as_json=as_json, out=console())

    _run(work, shopify=True)


@app.command("preview")
def preview_command(
    *,
    shop: ShopOption = None,
    bom: BomOption = None,
    location: LocationOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Every BOM.")] = False,
    cell_class: Annotated[
        list[CellClass] | None, typer.Option("--class", help="Show only cells of this class; may be repeated.")
    ] = None,
    rows: RowsOption = 200,
    as_json: JsonOption = False,
) -> None:
    """Show where Shopify and the local records differ. Nothing is changed."""
    from services.command_line.preview_command import run_preview
    from services.command_line.selecting import selection_of
    from services.command_line.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        selection = await selection_of(client, known, bom or [], location or [], everything=everything)
        return await run_preview(
            client, known, selection, classes=cell_class or [], most=rows, as_json=as_json, out=console()
        )

    _run(work, broker=True)


@app.command("reconcile")
def reconcile_command(
    *,
    direction: Annotated[Direction, typer.Option(help="Which side receives.")],
    shop: ShopOption = None,
    bom: BomOption = None,
    location: LocationOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Every BOM.")] = False,
    preview: Annotated[str | None, typer.Option(help="The id of the preview that was approved.")] = None,
    activate: Annotated[
        bool, typer.Option("--activate", help="Towards Shopify: stock what is not stocked at its location, then push.")
    ] = False,
    watch: WatchOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring both sides into agreement. Exit status 1 when cells failed."""
    from services.command_line.asking import ask_first
    from services.command_line.reconcile_command import job_request, run_job
    from services.command_line.selecting import selection_of, selection_of_preview
    from services.command_line.tables import console
    from shared.contract.messages import JobOptions

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        if preview is not None:
            if bom or everything:
                raise WrongUseError("--preview: the preview says which BOMs; leave --bom and --all away")
            selection = await selection_of_preview(client, known, preview, location or [])
        else:
            selection = await selection_of(client, known, bom or [], location or [], everything=everything)
        cells = await client.boms.size(known, selection.to_domain())
        side = "Shopify" if direction is Direction.TO_SHOPIFY else "the local records"
        ask_first(f"{cells} cells of {known}: {side} may be changed. Go on?", yes=yes)
        options = JobOptions(activate=True) if activate else None
        request = job_request(known, direction, selection, preview_id=preview, options=options)
        return await run_job(client, request, watch=watch, as_json=as_json, out=console())

    _run(work, broker=True)


@app.command("jobs")
def jobs_command(
    *,
    what: Annotated[str | None, typer.Argument(metavar="[JOB_ID|cancel|retry]", help="None: the history.")] = None,
    job_id: Annotated[str | None, typer.Argument(metavar="[JOB_ID]", help="Which job to cancel or retry.")] = None,
    shop: ShopOption = None,
    rows: Annotated[int, typer.Option("--rows", min=1, max=1000, help="How many jobs to list.")] = 20,
    watch: WatchOption = False,
    as_json: JsonOption = False,
) -> None:
    """List the jobs, show one with what failed, cancel one, or retry its failed cells."""
    if what in {"cancel", "retry"}:
        if job_id is None:
            raise WrongUseError(f"jobs {what}: name the job")
        _act_on_job(what, job_id.upper(), shop, watch=watch, as_json=as_json)
    if job_id is not None:
        raise WrongUseError(f"jobs {what}: must be cancel or retry where a job is named after it")
    if what is not None:
        _show_job(what.upper(), shop, as_json=as_json)
    from services.command_line.jobs_command import list_jobs

    async def work(records: Records) -> Exit:
        known = (await records.shop(shop)).domain
        return await list_jobs(records, known, most=rows, as_json=as_json)

    _look(work)


def _show_job(job_id: str, shop: str | None, *, as_json: bool) -> NoReturn:
    from services.command_line.job_command import show_job

    async def work(records: Records) -> Exit:
        return await show_job(records, (await records.shop(shop)).domain, job_id, as_json=as_json)

    _look(work)


def _act_on_job(what: str, job_id: str, shop: str | None, *, watch: bool, as_json: bool) -> NoReturn:
    from services.command_line.job_acts_command import cancel_job, retry_job
    from services.command_line.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        if what == "cancel":
            return await cancel_job(client, known, job_id, as_json=as_json, out=console())
        return await retry_job(client, known, job_id, watch=watch, as_json=as_json, out=console())

    _run(work, broker=True)


@app.command("audit")
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
    from services.command_line.audit_command import list_audit

    async def work(records: Records) -> Exit:
        known = None if no_shop else (await records.shop(shop)).domain
        return await list_audit(records, known, most=rows, as_json=as_json)

    _look(work)


@app.command("sweep")
def sweep_command(
    *,
    shop: ShopOption = None,
    repair: Annotated[bool, typer.Option("--repair", help="Pull Shopify's value where only Shopify moved.")] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Read nothing: let go on what the circuit breaker has stopped.")
    ] = False,
    rows: RowsOption = 200,
    as_json: JsonOption = False,
) -> None:
    """Read every level and compare it with the last value known."""
    if approve and repair:
        raise WrongUseError("--approve: what is stopped is repaired by the sweeper; leave --repair away")
    if approve:
        _approve(shop, as_json=as_json)
    from services.command_line.sweep_command import run_sweep
    from services.command_line.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        return await run_sweep(client, known, repair=repair, most=rows, as_json=as_json, out=console())

    _run(work, broker=True, shopify=True)


def _approve(shop: str | None, *, as_json: bool) -> NoReturn:
    from services.command_line.approve_command import approve_repair
    from services.command_line.tables import console

    async def work(client: Client) -> Exit:
        return await approve_repair(client, (await client.shop(shop)).domain, as_json=as_json, out=console())

    _run(work)


@boms_app.command("list")
def boms_list(
    *,
    search: Annotated[str | None, typer.Argument(help="Part of a name, or an id.")] = None,
    shop: ShopOption = None,
    rows: Annotated[int, typer.Option("--rows", min=1, max=10_000, help="How many BOMs to list.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show BOMs by name."""
    from services.command_line.boms_command import list_boms

    async def work(records: Records) -> Exit:
        return await list_boms(records, (await records.shop(shop)).domain, search, most=rows, as_json=as_json)

    _look(work)


@boms_app.command("show")
def boms_show(*, bom: BomArgument, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show one BOM and what is known of its cells, without asking Shopify."""
    from services.command_line.boms_command import show_bom

    async def work(records: Records) -> Exit:
        return await show_bom(records, (await records.shop(shop)).domain, bom, as_json=as_json)

    _look(work)


@boms_app.command("map")
def boms_map(
    *,
    bom: BomArgument,
    item: Annotated[str, typer.Option("--item", help="The Shopify inventory item it is to count for.")],
    shop: ShopOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Have a BOM count for another item: where a product was made anew. Its counts stay; Shopify's value is unknown."""
    from services.command_line.asking import ask_first
    from services.command_line.boms_command import map_bom
    from services.command_line.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        ask_first(f"BOM {bom} of {known} counts for item {item} from now on. Go on?", yes=yes)
        return await map_bom(client, known, bom, item, as_json=as_json, out=console())

    _run(work)


@boms_app.command("remove")
def boms_remove(
    *, bom: BomArgument, shop: ShopOption = None, yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Remove a BOM and the stock records of its cells. Shopify is left as it is, and its ledger stays."""
    from services.command_line.asking import ask_first
    from services.command_line.boms_command import remove_bom
    from services.command_line.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        ask_first(f"BOM {bom} of {known} and the counts of its cells are removed. Go on?", yes=yes)
        return await remove_bom(client, known, bom, as_json=as_json, out=console())

    _run(work)


@letters_app.command("list")
def letters_list(*, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show what is kept."""
    from services.command_line.dead_letters_command import list_letters

    _look(lambda records: list_letters(records, shop, as_json=as_json))


@letters_app.command("replay")
def letters_replay(
    *,
    letter: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Which ones.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    shop: ShopOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send kept messages again, as they were."""
    from services.command_line.dead_letters_command import replay_letters
    from services.command_line.tables import console

    _run(
        lambda client: replay_letters(
            client, letter or [], shop, everything=everything, as_json=as_json, out=console()
        ),
        broker=True,
    )


@app.command("after-restore")
def after_restore_command(*, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Make records that were restored from a backup safe to go on with. Before any service is started."""
    from services.command_line.asking import ask_first
    from services.command_line.restored_command import after_restore
    from services.command_line.tables import console

    ask_first("Every open job ends, every earlier preview and undo is void, every difference is left to a person. Go on?", yes=yes)
    _run(lambda client: after_restore(client, as_json=as_json, out=console()))


def main() -> None:
    """Run the command; every failure is one line on standard error and an exit code."""
    garbage.put_off()
    try:
        run()
    finally:
        garbage.leave_to_the_system()


def run(arguments: Sequence[str] | None = None) -> None:
    """Run a command, by default that of `sys.argv`. Raises SystemExit with the exit code."""
    try:
        app(arguments, prog_name="trueup")
    except (WrongUseError, WrongSetting) as error:
        _end(str(error), Exit.USAGE)
    except (BrokerUnavailable, StoreUnavailable) as error:
        _end(str(error), Exit.UNREACHABLE)
    except ShopifyError as error:
        _end(f"Shopify could not be read: {error}", Exit.UNREACHABLE)
    except TrueupError as error:
        _end(f"{error}; run the command again", Exit.UNREACHABLE)
    except OSError as error:
        # A port that is taken, a full disk: what the system says names it.
        _end(str(error.strerror or error), Exit.USAGE)
    except Exception as error:  # noqa: BLE001  # whatever it is, no traceback for the user
        if os.environ.get("TRUEUP_LOG_LEVEL") == "debug":
            import traceback

            print(without_secrets("".join(traceback.format_exception(error)), keep_end=True), file=sys.stderr)  # noqa: T201  # asked for
        _end(f"unexpected: {type(error).__name__}: {error} (TRUEUP_LOG_LEVEL=debug shows where)", _UNEXPECTED)


def _end(message: str, code: int) -> NoReturn:
    told = printable(without_secrets(" ".join(message.split())))
    print("trueup:", told, file=sys.stderr)  # noqa: T201  # the command's output
    sys.exit(code)
