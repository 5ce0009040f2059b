"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

ShopOption = Annotated[
    str | None, typer.Option("--shop", help="Its myshopify.com domain; not needed for a single shop.")
]
BomArgument = Annotated[str, typer.Argument(help="The id of a BOM.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
BomOption = Annotated[list[str] | None, typer.Option("--bom", help="The id of a BOM; may be repeated.")]
ButOption = Annotated[
    list[str] | None, typer.Option("--but", help="With --all: the id of a BOM to leave out; may be repeated.")
]
LocationOption = Annotated[
    list[str] | None, typer.Option("--location", help="The id of a location; may be repeated. None: all.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Follow the job to its end.")]
RowsOption = Annotated[int, typer.Option("--rows", min=0, help="How many rows to show; 0: all.")]
