"""Previews, and the jobs that bring both sides into agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from services.command_line.declared.options import (
    BomOption,
    ButOption,
    JsonOption,
    LocationOption,
    RowsOption,
    ShopOption,
    WatchOption,
    YesOption,
)
from services.command_line.declared.running import carry_out, look_up
from services.command_line.outcome import Exit, WrongUseError
from shared.domain.comparison import CellClass, Direction

if TYPE_CHECKING:
    from services.command_line.connections.client import Client
    from services.command_line.connections.stores import Records


def preview_command(
    *,
    shop: ShopOption = None,
    bom: BomOption = None,
    location: LocationOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Every BOM.")] = False,
    but: ButOption = None,
    cell_class: Annotated[
        list[CellClass] | None, typer.Option("--class", help="Show only cells of this class; may be repeated.")
    ] = None,
    rows: RowsOption = 200,
    as_json: JsonOption = False,
) -> None:
    """Show where Shopify and the local records differ. Nothing is changed."""
    from services.command_line.commands.runs.preview import run_preview
    from services.command_line.selection_options import selection_of
    from services.command_line.terminal.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        selection = await selection_of(client, known, bom or [], location or [], everything=everything, but=but or [])
        return await run_preview(
            client, known, selection, classes=cell_class or [], limit=rows, as_json=as_json, out=console()
        )

    carry_out(work, broker=True)


def reconcile_command(
    *,
    direction: Annotated[Direction, typer.Option(help="Which side receives.")],
    shop: ShopOption = None,
    bom: BomOption = None,
    location: LocationOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Every BOM.")] = False,
    but: ButOption = None,
    preview: Annotated[str | None, typer.Option(help="The id of the preview that was approved.")] = None,
    activate: Annotated[
        bool, typer.Option("--activate", help="Towards Shopify: stock what is not stocked at its location, then push.")
    ] = False,
    watch: WatchOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring both sides into agreement. Exit status 1 when cells failed."""
    from services.command_line.commands.runs.reconcile import job_request, run_job
    from services.command_line.selection_options import selection_of, selection_of_preview
    from services.command_line.terminal.confirmation import confirm
    from services.command_line.terminal.tables import console
    from shared.contract.messages import JobOptions

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        if preview is not None:
            if bom or everything or but:
                raise WrongUseError("--preview: the preview says which BOMs; leave --bom, --all and --but away")
            selection = await selection_of_preview(client, known, preview, location or [])
        else:
            selection = await selection_of(
                client, known, bom or [], location or [], everything=everything, but=but or []
            )
        cells = await client.boms.size(known, selection.to_domain())
        side = "Shopify" if direction is Direction.TO_SHOPIFY else "the local records"
        confirm(f"{cells} cells of {known}: {side} may be changed. Go on?", yes=yes)
        options = JobOptions(activate=True) if activate else None
        request = job_request(known, direction, selection, preview_id=preview, options=options)
        return await run_job(client, request, watch=watch, as_json=as_json, out=console())

    carry_out(work, broker=True)


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
    from services.command_line.commands.runs.jobs import list_jobs

    async def work(records: Records) -> Exit:
        known = (await records.shop(shop)).domain
        return await list_jobs(records, known, limit=rows, as_json=as_json)

    look_up(work)


def _show_job(job_id: str, shop: str | None, *, as_json: bool) -> NoReturn:
    from services.command_line.commands.runs.job import show_job

    async def work(records: Records) -> Exit:
        return await show_job(records, (await records.shop(shop)).domain, job_id, as_json=as_json)

    look_up(work)


def _act_on_job(what: str, job_id: str, shop: str | None, *, watch: bool, as_json: bool) -> NoReturn:
    from services.command_line.commands.runs.job_actions import cancel_job, retry_job
    from services.command_line.terminal.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        if what == "cancel":
            return await cancel_job(client, known, job_id, as_json=as_json, out=console())
        return await retry_job(client, known, job_id, watch=watch, as_json=as_json, out=console())

    carry_out(work, broker=True)
