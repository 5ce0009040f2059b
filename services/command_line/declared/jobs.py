"""Jobs: what has run and what runs."""

from __future__ import annotations

from typing import Annotated

import typer

from services.command_line.declared.options import (
    JobArgument,
    JsonOption,
    OutputOption,
    RowsOption,
    ShopOption,
    SinceOption,
    UntilOption,
    WatchOption,
    YesOption,
    moment,
)
from services.command_line.declared.running import ask
from shared.domain.comparison import Direction
from shared.domain.job import JobSource, JobState

STATES = ", ".join(JobState)

app = typer.Typer(help="Jobs: what has run and what runs.", no_args_is_help=True)


@app.command("list")
def jobs_list(
    *,
    shop: ShopOption = None,
    state: Annotated[JobState | None, typer.Option(metavar="STATE", help=f"Only jobs in this state: {STATES}.")] = None,
    direction: Annotated[Direction | None, typer.Option(help="Only jobs in this direction.")] = None,
    source: Annotated[JobSource | None, typer.Option(help="Only jobs that were asked for so.")] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only jobs that have not ended.")] = False,
    bom: Annotated[str | None, typer.Option("--bom", help="Only jobs that had to do with this BOM.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    rows: RowsOption = 20,
    as_json: JsonOption = False,
) -> None:
    """List jobs, the newest first."""
    from services.command_line.commands.runs.jobs import list_jobs

    wanted = {
        "state": state,
        "direction": direction,
        "source": source,
        "open": True if only_open else None,
        "bom_id": bom,
        "since": moment(since),
        "until": moment(until),
    }
    ask(lambda api: list_jobs(api, rows=rows, as_json=as_json, **wanted), shop)


@app.command("show")
def jobs_show(*, job: JobArgument, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Show one job: its figures, and what failed with what to do about it."""
    from services.command_line.commands.runs.jobs import show_job

    ask(lambda api: show_job(api, job.upper(), as_json=as_json), shop)


@app.command("watch")
def jobs_watch(*, job: JobArgument, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Follow a job to its end. Ctrl-C stops looking; the job goes on. Exit status 1 when cells failed."""
    from services.command_line.commands.runs.watching import watch_job

    ask(lambda api: watch_job(api, job.upper(), as_json=as_json), shop, asks=True)


@app.command("cancel")
def jobs_cancel(*, job: JobArgument, shop: ShopOption = None, as_json: JsonOption = False) -> None:
    """Stop a job: what has not begun is cancelled, what is done stays."""
    from services.command_line.commands.runs.jobs import cancel_job

    ask(lambda api: cancel_job(api, job.upper(), as_json=as_json), shop, asks=True)


@app.command("retry")
def jobs_retry(
    *,
    job: JobArgument,
    shop: ShopOption = None,
    not_compared: Annotated[
        bool, typer.Option("--not-compared", help="Also the cells that were skipped for a reason.")
    ] = False,
    mended: Annotated[
        bool, typer.Option("--mended", help="Also the cells whose cause a person had to mend first, and has mended.")
    ] = False,
    watch: WatchOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run the failed cells of a job again, as a new job linked to it."""
    from services.command_line.commands.runs.jobs import retry_job

    ask(
        lambda api: retry_job(
            api, job.upper(), not_compared=not_compared, mended=mended, watching=watch, as_json=as_json
        ),
        shop,
        asks=True,
    )


@app.command("undo")
def jobs_undo(
    *,
    job: JobArgument,
    shop: ShopOption = None,
    watch: WatchOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take back what a job has changed: shows what that would do, then asks."""
    from services.command_line.commands.runs.jobs import undo_job

    ask(lambda api: undo_job(api, job.upper(), yes=yes, watching=watch, as_json=as_json), shop, asks=True)


@app.command("note")
def jobs_note(
    *,
    job: JobArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be remembered of it.")],
    shop: ShopOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a note that stays with a job."""
    from services.command_line.commands.runs.jobs import note_job

    ask(lambda api: note_job(api, job.upper(), text, as_json=as_json), shop)


@app.command("export")
def jobs_export(
    *,
    job: Annotated[str | None, typer.Argument(metavar="[JOB]", help="The id of a job; none: the history.")] = None,
    shop: ShopOption = None,
    output: OutputOption = None,
) -> None:
    """Print the cells of a job, or the history of jobs, as CSV."""
    from services.command_line.commands.runs.jobs import export_jobs

    ask(lambda api: export_jobs(api, None if job is None else job.upper(), output), shop)
