"""Options that several commands have."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from shared.domain.comparison import CellClass

CLASSES = ", ".join(CellClass)
"""As an option's help names them."""

ShopOption = Annotated[
    str | None, typer.Option("--shop", help="Its myshopify.com domain; not needed for a single shop.")
]
BomArgument = Annotated[str, typer.Argument(metavar="BOM", help="The id of a BOM.")]
LocationArgument = Annotated[str, typer.Argument(metavar="LOCATION", help="A location, by its id or its name.")]
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The id of a job.")]
PreviewArgument = Annotated[str, typer.Argument(metavar="PREVIEW", help="The id of a preview.")]
ScheduleArgument = Annotated[str, typer.Argument(metavar="SCHEDULE", help="The id of a schedule.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The id of a run.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
BomOption = Annotated[list[str] | None, typer.Option("--bom", help="The id of a BOM; may be repeated.")]
AllOption = Annotated[bool, typer.Option("--all", help="Every BOM.")]
ButOption = Annotated[
    list[str] | None, typer.Option("--but", help="With --all: the id of a BOM to leave out; may be repeated.")
]
LocationOption = Annotated[
    list[str] | None, typer.Option("--location", help="The id of a location; may be repeated. None: all.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document, in the form of the HTTP API.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Follow the job to its end.")]
RowsOption = Annotated[int, typer.Option("--rows", min=0, help="How many rows to show; 0: all.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Into this file; none: to standard output.", dir_okay=False)
]
NoteOption = Annotated[str | None, typer.Option("--note", help="Why, in your words; it stays with it.")]
SinceOption = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only what was then or later, in UTC."),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only what was before then, in UTC."),
]
ExitCodeOption = Annotated[bool, typer.Option("--exit-code", help="End with 4 where the sides differ.")]


def moment(at: datetime | None) -> str | None:
    """A moment as the API takes it."""
    return None if at is None else f"{at.isoformat()}Z"
