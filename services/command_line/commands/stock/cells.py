"""`trueup cells`: what is known of one BOM at one location, and how it came to be so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.command_line.api.client import path_of
from services.command_line.commands.stock.places import location_id
from services.command_line.outcome import Exit
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.downloads import saved
from services.command_line.terminal.lists import Listed, short_time, show_listed
from services.command_line.terminal.tables import Column, console, number

if TYPE_CHECKING:
    from pathlib import Path

    from services.command_line.api.client import Api, Json

COLUMNS = (
    Column("At"),
    Column("What happened", "name", 4),
    Column("Count"),
    Column("Shopify"),
    Column("Who", "name", 1),
)


async def show_cell(api: Api, bom_id: str, place: str, *, as_json: bool) -> Exit:
    """A cell as the records have it."""
    cell = await api.get(path_of("cells", bom_id, await location_id(api, place)))
    if as_json:
        print_json(cell)
        return Exit.OK
    out = console()
    out.print(f"BOM {bom_id}: {cell['bom_name']}, at {place}")
    out.print(f"local {number(cell['local_value'])}, Shopify {number(cell['shopify_value'])} as last known")
    if cell["unknown_outcome"]:
        out.print("a push may or may not have reached Shopify; count the shelf")
    return Exit.OK


async def show_history(api: Api, bom_id: str, place: str, *, rows: int, as_json: bool, **wanted: object) -> Exit:
    """What has happened to a cell, the newest first."""
    path = path_of("cells", bom_id, await location_id(api, place), "history")
    listed = await Listed.read(api, path, rows, **wanted)
    return await show_listed(listed, COLUMNS, _line, nothing="nothing has happened here yet", as_json=as_json)


def _line(event: Json) -> Sequence[str]:
    count = _step(event["count_before"], event["count_after"])
    shopify = _step(event["shopify_before"], event["shopify_after"])
    return (short_time(event["at"]), event["told"], count, shopify, event["who"])


def _step(before: int | None, after: int | None) -> str:
    return number(after) if before == after else f"{number(before)} -> {number(after)}"


async def export_history(api: Api, bom_id: str, place: str, file: Path | None) -> Exit:
    """What has happened to a cell, as CSV."""
    path = path_of("cells", bom_id, await location_id(api, place), "history", "export.csv")
    with saved(file) as write:
        await api.download(path, write)
    return Exit.OK
