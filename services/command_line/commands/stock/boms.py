"""`trueup boms`: list BOMs, show one with what is known of its cells, map one to another item, remove one."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from services.command_line.api.client import path_of
from services.command_line.api.problems import ApiRefused
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.lists import Listed, show_listed
from services.command_line.terminal.tables import Column, console, number, show_table, signed

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json

COLUMNS = (
    Column("BOM", "name", 2),
    Column("Name", "name", 3),
    Column("Item"),
    Column("Tracks"),
    Column("Tags", "name"),
)
CELLS = (
    Column("Location", "name", 2),
    Column("Shopify", "number"),
    Column("Local", "number"),
    Column("Difference", "number"),
    Column("Class"),
)


async def list_boms(api: Api, *, rows: int, as_json: bool, **wanted: object) -> Exit:
    """BOMs by name."""
    listed = await Listed.read(api, "/api/boms", rows, **wanted)
    sought = any(value is not None for value in wanted.values())
    nothing = (
        f"no such BOM of {api.shop} is found"
        if sought
        else f"{api.shop} has no BOMs yet: trueup boms import makes them"
    )
    return await show_listed(listed, COLUMNS, _line, nothing=nothing, as_json=as_json)


def _line(bom: Json) -> Sequence[str]:
    tracks = "yes" if bom["tracks_pre_assembled"] else "no"
    return (bom["bom_id"], bom["name"], bom["inventory_item_id"], tracks, ", ".join(bom["tags"]))


async def the_bom(api: Api, bom_id: str) -> Json:
    """A BOM with what is known of its cells. Raises WrongUseError."""
    try:
        return await api.get(path_of("boms", bom_id))
    except ApiRefused as refused:
        if refused.status != HTTPStatus.NOT_FOUND:
            raise
        raise WrongUseError(f"BOM: there is no BOM {bom_id} in {api.shop}; trueup boms list shows them") from None


async def show_bom(api: Api, bom_id: str, *, as_json: bool) -> Exit:
    """One BOM with what is known of its cells, without asking Shopify."""
    bom = await the_bom(api, bom_id)
    if as_json:
        print_json(bom)
        return Exit.OK
    out = console()
    out.print(f"BOM {bom_id}: {bom['name']}")
    tracks = "yes" if bom["tracks_pre_assembled"] else "no"
    said = [f"item {bom['inventory_item_id']}", f"counts pre-assembled units: {tracks}"]
    if bom["externally_managed"]:
        said.append("another tool computes its quantity")
    if bom["tags"]:
        said.append(f"tags: {', '.join(bom['tags'])}")
    out.print("; ".join(said))
    if cells := bom["cells"]:
        show_table(out, CELLS, [_cell(cell) for cell in cells])
    return Exit.OK


def _cell(cell: Json) -> Sequence[str]:
    return (
        cell["location_name"] or cell["location_id"],
        number(cell["shopify_value"]),
        number(cell["local_value"]),
        signed(cell["difference"]),
        str(cell["reason"] or cell["cell_class"]),
    )


async def map_bom(api: Api, bom_id: str, item_id: str, *, as_json: bool) -> Exit:
    """Have a BOM count for another item; what was known of the old one's value says nothing of the new one's."""
    before = await the_bom(api, bom_id)
    wanted = {"bom_id": bom_id, "inventory_item_id": item_id, "name": before["name"]}
    after = (await api.put("/api/boms", wanted))["items"][0]["bom"]
    out = console()
    if as_json:
        print_json(after)
    elif before["inventory_item_id"] == after["inventory_item_id"]:
        out.print(f"BOM {bom_id} is mapped to item {item_id} already")
    else:
        out.print(f"BOM {bom_id} is mapped to item {item_id}; before: {before['inventory_item_id']}")
    return Exit.OK


async def remove_bom(api: Api, bom_id: str, *, as_json: bool) -> Exit:
    """Remove a BOM and the stock records of its cells; its ledger stays. As JSON: the BOM as it was."""
    before = await the_bom(api, bom_id)
    await api.ask("DELETE", path_of("boms", bom_id))
    if as_json:
        print_json(before)
    else:
        console().print(f"BOM {bom_id} is removed; its ledger stays")
    return Exit.OK
